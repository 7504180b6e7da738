"""What the benchmarks share: arguments and reports, timing, peers in environments of their own, a sampling profiler."""
