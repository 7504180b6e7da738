"""Trades and what they taught: a Chroma index of past situations that the ledger can rebuild at any time."""
