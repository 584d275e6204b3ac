"""Preferences: the values that are set for good, and the dialog that shows them."""
