"""Training runs: folder, loop, checkpoints, events, monitoring and export."""
