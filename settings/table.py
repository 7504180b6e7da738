"""What every table of ``sage.toml`` has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """A table of ``sage.toml``: a key that nobody reads is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
