"""Who is asking and what they may do: businesses, plans, branches, staff and API keys."""
