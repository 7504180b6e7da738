"""Trading frozen episodes day by day, with roles and without, and what the difference is worth."""
