"""The drawing: document, strokes, rasters, undo, and which label is which."""
