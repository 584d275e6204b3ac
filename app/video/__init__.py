"""Videos that interpolate between styles."""
