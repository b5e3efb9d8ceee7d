"""Home: how today is, whether it is better than before, what should be done now."""
