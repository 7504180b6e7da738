"""What the catalogue of gates says about a what-if case; ``judge`` is the whole of it."""
