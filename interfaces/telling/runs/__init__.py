"""Runs over the past and of cycles again, in words."""
