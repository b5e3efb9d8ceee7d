"""Signing in to the back office: who somebody is."""
