"""Campaigns: one message to all members of a segment, each once."""
