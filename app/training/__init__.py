"""The training window: it starts trainers as processes of their own and follows what they write. It computes nothing itself."""
