"""What the book can carry: sizes and exposures."""
