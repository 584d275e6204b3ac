"""The paper's evaluation (``spade-eval``): renders a validation set, has a pretrained network segment it, and compares both with the data.

It does not know how the weights that it measures were trained.
"""
