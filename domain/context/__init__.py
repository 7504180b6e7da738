"""What a cycle looks at: articles, and the observation of one moment."""
