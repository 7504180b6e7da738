"""Reading the ``files:DIR`` source: what its owner states, the rows of its files, and bars made of them."""
