"""Variations sheet: one layout in many styles."""
