"""The palette's work: which labels are shown, what stands in for unknown ones, label sets switched, labels found on the canvas.

It knows label sets and the document, no weights files and no rendering.
"""
