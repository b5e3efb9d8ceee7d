"""The team of a business: who works there, and what they may do."""
