"""The command line of ``spade-train``."""
