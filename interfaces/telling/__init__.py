"""What a face shows: the book, the gates, a decision and its reasons, read from records."""
