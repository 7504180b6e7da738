"""Gates on session, halts, quotes and liquidity."""
