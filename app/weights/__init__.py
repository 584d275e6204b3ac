"""The weights manager: what weights are, questions, a trial beside those in use, and the list of those that were used."""
