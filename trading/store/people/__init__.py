"""The people who may ask and act from afar: their roles, how the first one is let in, and what waits for their word."""
