"""Patterns over many symbols at once, told as alerts."""
