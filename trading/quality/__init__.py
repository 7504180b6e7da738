"""What is wrong with data, in words."""
