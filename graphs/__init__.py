"""State and wiring of the oversight cycle, the chat and the explanation."""
