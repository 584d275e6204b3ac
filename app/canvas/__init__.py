"""Canvas view, painting tools, their gestures and their panels."""
