"""Videos that lead from one style to the next."""
