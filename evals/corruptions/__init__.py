"""Seeded corruptions of true explanations, made without a line of the checker that has to find them."""
