"""Gates on size and concentration."""
