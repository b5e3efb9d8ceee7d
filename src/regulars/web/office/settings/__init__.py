"""Settings: the business, its look, its pages, its counter, what it prints, and leaving with all of it."""
