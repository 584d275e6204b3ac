"""The paper's evaluation (``spade-eval``): a validation set is rendered, segmented by a pretrained network, and compared."""
