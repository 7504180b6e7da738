"""What-if cases: one JSON object in, one case and its policy out; whatever is not exactly that is refused."""
