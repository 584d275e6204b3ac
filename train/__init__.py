"""Data in, weights out. Training knows neither Qt nor the application."""
