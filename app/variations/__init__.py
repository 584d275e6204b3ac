"""The sheet of variations: one layout in many styles.

It knows no files.
"""
