"""Vouchers: their definitions, how they are issued, reserved and redeemed."""
