"""Distillation of the fast upscaler: a small network learns the results of a large one on renders and reduced photographs."""
