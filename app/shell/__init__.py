"""The main window, and the wiring between it and the application's packages."""
