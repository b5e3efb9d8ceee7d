"""Sales, and the points that they earn."""
