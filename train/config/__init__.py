"""What a training run is told: frozen values, checked as a whole, to and from JSON; without torch."""
