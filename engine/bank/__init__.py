"""The memory bank of SIMS: segments of photographs, retrieved by label and shape and composed into a canvas for a layout."""
