"""The renderer, and the thread that renders the newest request of a one-slot mailbox."""
