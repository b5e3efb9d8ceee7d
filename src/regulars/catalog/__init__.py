"""What a business sells: SKUs and their categories."""
