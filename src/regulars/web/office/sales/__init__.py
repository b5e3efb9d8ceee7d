"""Sales: what was bought, what it earned, and putting it right."""
