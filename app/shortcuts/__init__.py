"""Keyboard shortcuts of commands, and the dialog that changes them."""
