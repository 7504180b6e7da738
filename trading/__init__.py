"""Everything deterministic, from bar to fill."""
