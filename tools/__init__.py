"""Typed doors from agents into the deterministic half, and from the graph to orders."""
