"""Suites, cases, recordings, scorers and the runner that judge agents by world state."""
