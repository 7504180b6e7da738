"""Questions with frozen evidence, the recorded answers of language models to them, and what those answers amount to."""
