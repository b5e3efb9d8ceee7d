"""Automatic messages and their words, what was sent, and addresses that take none."""
