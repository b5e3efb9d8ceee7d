"""The counter: the page that operators work with, and the JSON that it speaks."""
