"""The paper's comparisons with SPADE: layout by concatenation, and three forms of pix2pixHD (paper, tables 3 and 5)."""
