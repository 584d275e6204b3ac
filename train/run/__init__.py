"""A run's folder and its life: loop, checkpoints, events, looks, export."""
