"""What the product costs, beside what the limit is: `make bench`, or `python -m bench`."""
