"""The people who belong to a programme, and how to reach them."""
