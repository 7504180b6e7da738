"""Gates on how often, and after what."""
