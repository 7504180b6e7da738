"""Trades and lessons, their recall as of a time, and the index rebuilt from the ledger."""
