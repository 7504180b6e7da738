"""Where a cycle's progress is kept: SQLite in the home folder by default, PostgreSQL by URL.

Only values of ``domain`` and of ``graphs.state`` may come back out of a checkpoint; any other type named in the stored
bytes is refused, so a tampered checkpoint cannot make Python import something. Order truth is never in here.
"""

from __future__ import annotations

import dataclasses
import enum
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from types import ModuleType

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from domain import case, conversation, decisions, evidence, market, orders, signals, verdicts
from domain.errors import ConfigurationError
from graphs import state

_ROOMS: tuple[ModuleType, ...] = (case, conversation, decisions, evidence, market, orders, signals, verdicts, state)


def strict_serialiser() -> JsonPlusSerializer:
    """A serialiser that rebuilds our own frozen values and nothing else."""
    return JsonPlusSerializer(allowed_msgpack_modules=[(kind.__module__, kind.__qualname__) for kind in _values()])


def _values() -> Iterator[type]:
    for room in _ROOMS:
        for kind in vars(room).values():
            ours = isinstance(kind, type) and kind.__module__ == room.__name__
            if ours and (dataclasses.is_dataclass(kind) or issubclass(kind, enum.Enum)):
                yield kind


@contextmanager
def open_checkpoints(home: Path, database_url: str) -> Iterator[BaseCheckpointSaver[str]]:
    """The saver that belongs to a database URL; its tables are made on first use."""
    if database_url.startswith("postgresql"):
        with _postgres(database_url) as saver:
            yield saver
        return
    path = home / "checkpoints.db"
    with ExitStack() as open_until_done:
        try:
            connection = sqlite3.connect(path, check_same_thread=False, timeout=30)
            open_until_done.enter_context(closing(connection))
            saver = SqliteSaver(connection, serde=strict_serialiser())
            saver.setup()
        except sqlite3.Error as error:
            raise ConfigurationError(
                f"the checkpoints {path} cannot be used: {error}",
                "Move the file away; orders and records are elsewhere.",
            ) from error
        yield saver


@contextmanager
def _postgres(url: str) -> Iterator[BaseCheckpointSaver[str]]:
    try:
        import psycopg
        from langgraph.checkpoint.postgres import PostgresSaver
        from psycopg.conninfo import make_conninfo
    except ImportError as error:
        raise ConfigurationError(
            "PostgreSQL checkpoints need the extra 'postgres'", "Install sage-oversight[postgres]."
        ) from error
    with ExitStack() as open_until_done:
        try:
            address = make_conninfo("", **_connection_options(url))
            saver = open_until_done.enter_context(PostgresSaver.from_conn_string(address))
            saver.serde = strict_serialiser()
            saver.setup()
        except (psycopg.Error, ArgumentError, ValueError):
            # Without its cause, which may quote the URL and the password in it.
            raise ConfigurationError(
                "the checkpoints in PostgreSQL cannot be used", "Check SAGE_DATABASE_URL."
            ) from None
        yield saver


def _connection_options(url: str) -> dict[str, str | int]:
    """A database URL in the words of libpq, whichever driver it names."""
    address = make_url(url)
    query = {name: value if isinstance(value, str) else ",".join(value) for name, value in address.query.items()}
    return {**address.translate_connect_args(username="user", database="dbname"), **query}
