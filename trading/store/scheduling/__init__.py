"""Who runs what now, and which scheduled runs there were: leases and the ledger of runs."""
