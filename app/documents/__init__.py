"""Documents as files: the archive, autosave and recovery, import and export.

It knows no canvas and no renderer.
"""
