"""The REST dialect: JSON under /api, compatible with its seed field by field."""
