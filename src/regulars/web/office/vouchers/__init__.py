"""Vouchers: what may be issued, what was issued, and what becomes of each code."""
