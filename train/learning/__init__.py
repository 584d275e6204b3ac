"""One training step: trainer, losses, optimiser, averages, networks in training, ranks."""
