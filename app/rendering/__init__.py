"""Rendering of the document: the bridge to the render thread, the choice of weights, device and size, and the picture pane."""
