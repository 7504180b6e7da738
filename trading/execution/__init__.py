"""From an intent to a settled trade: the desk, the order lifecycle, reconciliation and the brokers."""
