"""Sources: one adapter a vendor and role, with the simulated and the files twin, all behind the ports of domain."""
