"""What gates compare with limits: figures of the book as it stands and at its worst."""
