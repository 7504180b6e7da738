"""Gates on what the broker will hold us to."""
