"""Watching the system itself: its log, and the health of what it depends on."""
