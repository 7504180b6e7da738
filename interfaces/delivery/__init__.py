"""Telling people: what has happened becomes messages, and messages are carried to them."""
