"""Document model: label map, strokes, rasterisation, undo, and matching of labels."""
