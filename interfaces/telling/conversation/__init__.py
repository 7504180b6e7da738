"""A conversation over the records: words read, the tools that only look, and a view as figures with names."""
