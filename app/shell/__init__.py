"""The main window, and what connects the rooms of the application to it."""
