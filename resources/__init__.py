"""Data that comes with the program: label sets, sample layouts, icons and the default weights.

There is no code here; who reads a file knows its format.
"""
