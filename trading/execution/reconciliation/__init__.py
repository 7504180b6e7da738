"""The books beside the broker's: what differs, what is adopted, who joined and left, what was paid in and out."""
