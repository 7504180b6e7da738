"""Experiments that were run, and what a run left in its own database."""
