"""Colours of the canvas that are independent of labels and theme."""

UNLABELED_GREY = (84, 88, 94)
"""RGB of unlabeled pixels on the canvas and in pictures of layouts; distinct from their surroundings in either theme."""
