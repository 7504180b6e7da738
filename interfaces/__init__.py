"""The faces: use cases and views, Telegram, dashboard, command line and scheduler."""
