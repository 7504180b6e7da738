"""No telemetry: langgraph brings a tracing client that an environment variable could switch on, prompts and all."""

from __future__ import annotations

import langsmith


def switch_off() -> None:
    """Tracing stays off in this process whatever the environment says."""
    langsmith.configure(enabled=False)
