"""Films that lead from one style to the next.

It knows layouts and styles; cv2 is imported when frames are written.
"""
