"""Products and their categories: what sales name and promotions look for."""
