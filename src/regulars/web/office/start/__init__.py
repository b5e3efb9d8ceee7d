"""The first three steps: what is collected, how it looks, the poster and the first scan."""
