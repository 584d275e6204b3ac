"""Document to picture: the bridge to the render thread, what it renders with, and the picture pane."""
