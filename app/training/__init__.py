"""Training window: starts trainers as separate processes and follows the events they write."""
