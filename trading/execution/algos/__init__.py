"""Orders that are worked in slices. Each slice is an order of its own, through the desk and every gate."""
