"""Promotions: points for sales, points on events, and trying out what a sale would earn."""
