"""Many pictures as files: what is wanted, the manifest that says what is done, and the window that has it rendered.

It knows the render thread by way of LiveRenderer.work alone.
"""
