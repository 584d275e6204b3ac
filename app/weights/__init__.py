"""Weights manager: reports on weights, questions about them, trials, and the list of used weights."""
