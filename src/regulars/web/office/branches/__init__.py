"""The branches of a business: where it serves customers."""
