"""What the probes for leakage change: sources that tell the future, and evidence that is turned round."""
