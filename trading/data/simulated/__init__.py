"""What the simulated market and its news are made of: companies, stories, the price path."""
