"""Frozen networks that judge or measure."""
