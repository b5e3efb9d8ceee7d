"""Regulars: loyalty and marketing that a small business hosts itself."""

__version__ = "0.1.0"
