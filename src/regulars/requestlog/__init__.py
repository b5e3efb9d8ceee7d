"""The latest calls of the API, kept for whoever builds a till."""
