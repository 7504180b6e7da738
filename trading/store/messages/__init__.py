"""Messages on their way to people: written down first, then delivered, each once."""
