"""How and with what pictures are rendered, as a person chooses it: weights, device, compute type, size; and what is said of pictures.

It knows nothing of painting.
"""
