"""Frozen pretrained networks for losses and metrics."""
