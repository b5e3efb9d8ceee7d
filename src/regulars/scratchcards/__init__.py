"""Scratch cards: prizes drawn by weight, revealed by the customer, redeemed by staff."""
