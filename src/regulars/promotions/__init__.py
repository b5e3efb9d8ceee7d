"""Promotions: what a sale or an event earns."""
