"""Events for the world outside, written in the transaction that they tell about."""
