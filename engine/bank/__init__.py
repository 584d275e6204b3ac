"""The memory bank of SIMS: pieces of photographs, found by label and shape, and put together to a canvas for a layout."""
