"""What people did in the back office: who, when, what it was before and what after."""
