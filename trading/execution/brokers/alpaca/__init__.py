"""Alpaca through alpaca-py: orders, account, stream."""
