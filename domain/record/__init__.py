"""What is written down: canonical bytes, entries of the ledger, alerts, what models cost, statements as told."""
