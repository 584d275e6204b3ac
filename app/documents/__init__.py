"""Files of documents: archives, autosave and recovery, import and export of label maps and pictures."""
