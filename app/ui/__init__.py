"""Shared user interface code: theme, icons, command table, messages, docks, swatches, settings, workers and views."""
