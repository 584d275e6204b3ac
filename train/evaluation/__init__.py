"""The paper's evaluation (``spade-eval``): renders a validation set, has a pretrained network segment it, and compares both."""
