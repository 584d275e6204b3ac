"""The Qt application; the only package that imports PySide6.

It never imports torch: pictures come from a render thread that does.
"""
