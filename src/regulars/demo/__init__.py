"""The demo shop: two invented businesses and their year, so that every screen has something to show."""
