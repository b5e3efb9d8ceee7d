"""What makes and checks the product's files and is no part of it."""
