"""Cases by hand on both sides of every limit, and seeded ones under whole policies."""
