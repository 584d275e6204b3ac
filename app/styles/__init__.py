"""Styles: what a picture looks like beside its layout; references, built-in ones, mixes, and the last ones with pictures."""
