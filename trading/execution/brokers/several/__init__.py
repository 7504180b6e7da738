"""Several brokers in one home, seen as one."""
