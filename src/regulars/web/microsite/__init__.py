"""The micro-site: a business's face for its customers, and what they do there for themselves."""
