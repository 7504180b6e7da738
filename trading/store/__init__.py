"""Where facts are kept: one database, an append-only ledger and one small store a noun."""
