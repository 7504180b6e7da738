"""What is scheduled: what a person or a vendor states beside a market, and how far they claim to know."""
