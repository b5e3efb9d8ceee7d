"""Campaigns: written, looked at, tried, sent, and what came of them."""
