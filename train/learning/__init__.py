"""Training: trainer, training step, losses, optimisers, exponential moving averages, and synchronisation of ranks."""
