"""What a person can set for good: the values, and the dialog that shows them.

It knows no document and no canvas.
"""
