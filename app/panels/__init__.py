"""The panels around the canvas: render, palette, style.

They know no window and no document; they show what they are given and say what was chosen.
"""
