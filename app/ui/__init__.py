"""What every window shares: theme, icons, the table of commands, messages, docks, swatches, settings."""
