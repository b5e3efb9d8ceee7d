"""What customers do for themselves: they join, sign in, choose vouchers, and say what they agree to."""
