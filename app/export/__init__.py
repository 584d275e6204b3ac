"""Exports of many pictures: what is wanted, the manifest of what is done, and the window that has it rendered."""
