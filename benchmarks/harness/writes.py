"""How many durable write transactions an action commits: each waits for the disk once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, event


@dataclass
class Writes:
    """Commits so far."""

    count: int = 0


@contextmanager
def counted_writes() -> Iterator[Writes]:
    """Count the write transactions of every database of this process while the block runs."""
    writes = Writes()

    def committed(connection: Connection) -> None:
        # Reads end in a commit too; our databases mark which connections write.
        writes.count += bool(connection.get_execution_options().get("sage_write", True))

    event.listen(Engine, "commit", committed)
    try:
        yield writes
    finally:
        event.remove(Engine, "commit", committed)
