"""What an account is worth and was: equity, high-water mark, brokers, adjustments, the paper venue."""
