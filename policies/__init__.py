"""What is allowed: limits, gates, evaluation, permits, approval, kill switch, autonomy and promotion."""
