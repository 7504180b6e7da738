"""What a person sets: by variables, ``.env`` and ``sage.toml``."""
