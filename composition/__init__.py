"""The composition root: ``app.py`` calls it, and a room runs on its first use."""
