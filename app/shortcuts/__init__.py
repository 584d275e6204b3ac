"""The keys of commands: which are in force, and the dialog that gives them others."""
