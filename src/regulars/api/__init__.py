"""The public API dialects. They hold no rule of loyalty: they translate to actions and queries, and back."""
