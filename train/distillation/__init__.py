"""Making the fast upscaler: a small network learns what a large one gives for renders and for reduced photographs."""
