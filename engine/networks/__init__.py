"""The networks of the paper, with their configurations, layouts and modulation."""
