"""The sheet of variations: one layout in many styles."""
