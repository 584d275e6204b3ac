"""The command line of ``spade-render``."""
