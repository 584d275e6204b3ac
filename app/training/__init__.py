"""The training window: starts trainers as processes of their own and follows what they write."""
