"""Colours of the canvas that no label and no theme gives."""

UNLABELED_GREY = (84, 88, 94)
"""Of what has no label, on the canvas and in pictures of layouts: distinct from what surrounds them in either theme."""
