"""The reports: how it went in some days, who comes back, what rewards cost, what points are owed."""
