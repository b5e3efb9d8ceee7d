"""Messages to members and staff: what they say, how they leave the house, and who does not want them."""
