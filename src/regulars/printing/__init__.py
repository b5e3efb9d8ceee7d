"""What a shop prints: posters, table tents and cards, as PDF."""
