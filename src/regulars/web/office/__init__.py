"""The back office: what owners, managers and staff see and do."""
