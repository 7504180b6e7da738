"""``sage run``: the service that lives, what it does by itself, and how it is watched."""
