"""Painting: pixels, tools and the view that shows them.

Nothing here knows of renderers, panels or files.
"""
