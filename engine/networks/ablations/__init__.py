"""The published comparisons with SPADE: the layout concatenated, and pix2pixHD in three forms (paper, tables 3 and 5)."""
