"""Documents as files: the archive, autosave and recovery, import and export of label maps and pictures."""
