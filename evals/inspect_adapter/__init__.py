"""The suites for users of inspect_ai; installed by the extra ``inspect``, and imported by nothing else of ours."""
