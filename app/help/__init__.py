"""Help: hints, guide, samples, what the program is made of, and what to do when it fails."""
