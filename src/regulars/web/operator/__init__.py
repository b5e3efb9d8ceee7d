"""The operator's admin: the businesses of an installation."""
