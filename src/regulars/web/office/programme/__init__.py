"""The programme: what members collect, and how points work."""
