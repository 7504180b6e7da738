"""An independent judge of what-if cases: arithmetic of its own, and cases on both sides of every limit."""
