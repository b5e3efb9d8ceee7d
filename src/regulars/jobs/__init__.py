"""Work that happens by itself: leased background jobs, and a schedule."""
