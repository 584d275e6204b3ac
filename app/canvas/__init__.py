"""Painting: view, tools, gestures, and the panels that belong to tools."""
