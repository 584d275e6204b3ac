"""Preferences: the persistent values, and the dialog that edits them."""
