"""Members: the list, one member, segments, groups and tiers, names of own fields."""
