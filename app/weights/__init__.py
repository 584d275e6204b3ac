"""The weights manager: what weights are, in plain words; questions, a trial beside those in use, and the list of those that were used.

It reaches torch only through the functions of app/rendering/loading.py.
"""
