"""The networks of the paper, one part a file, named as there; with their configurations, layouts and modulation."""
