"""Gates on the form of the order."""
