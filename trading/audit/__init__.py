"""Whether the tables that people read say what the ledger says."""
