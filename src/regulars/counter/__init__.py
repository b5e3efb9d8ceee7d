"""What happens at the counter: devices, operators, scans, what is given and taken, and its undoing."""
