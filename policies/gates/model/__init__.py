"""Gates on what the language models did on the way."""
