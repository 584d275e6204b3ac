"""Layout in, photograph out. The engine knows neither Qt nor training."""
