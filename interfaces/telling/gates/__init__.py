"""What the gates said, in words: verdicts, refusals, what would have passed, what was cut and by whom."""
