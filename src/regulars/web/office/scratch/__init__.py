"""Scratch cards: campaigns with prizes and their chances, cards for one member or for many."""
