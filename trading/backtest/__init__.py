"""What a replay of the past came to: its question, its figures, and what holding the same shares would have brought."""
