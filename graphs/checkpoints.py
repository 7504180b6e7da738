"""Where a cycle's progress is kept: SQLite in the home folder by default, PostgreSQL by URL.

Only values of ``domain`` and of ``graphs.state`` may come back out of a checkpoint; any other type named in the stored
bytes is refused, so a tampered checkpoint cannot make Python import something. Order truth is never in here.

Records of ours are written as canonical text under a name: ``{"record": "domain.decisions.Decision", "text": "…"}``.
Every step of a cycle writes all channels anew, and the text of a record, which nobody changes, is made once.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.types import Send
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from domain import case, conversation, decisions, evidence, market, orders, signals, verdicts
from domain.errors import ConfigurationError, DataQualityError, IntegrityError
from domain.record.canonical import lasting_text, restore
from graphs import state

_ROOMS: tuple[ModuleType, ...] = (case, conversation, decisions, evidence, market, orders, signals, verdicts, state)


class RecordSerialiser(JsonPlusSerializer):
    """Values of ours as named texts; what surrounds them, and values inside others, as langgraph writes them."""

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """A value and its encoding."""
        return super().dumps_typed(_told(obj))

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """The value again; a text under a name that is none of ours is refused."""
        return _found(super().loads_typed(data))


def strict_serialiser() -> RecordSerialiser:
    """A serialiser that rebuilds our own frozen values and nothing else."""
    # Without a list langgraph imports whatever type the stored bytes name, and only warns.
    return RecordSerialiser(allowed_msgpack_modules=[(kind.__module__, kind.__qualname__) for kind in _values()])


def _told(value: Any) -> Any:
    name = _NAMES.get(type(value))
    if name is not None:
        return {_RECORD: name, _TEXT: lasting_text(value)}
    # A fan-out that was not run yet is stored as Sends, whose arguments hold records too.
    if isinstance(value, Send):
        return Send(value.node, _told(value.arg))
    if type(value) is dict:
        return {key: _told(item) for key, item in value.items()}
    return [_told(item) for item in value] if type(value) is list else value


def _found(value: Any) -> Any:
    if isinstance(value, Send):
        return Send(value.node, _found(value.arg))
    if type(value) is list:
        return [_found(item) for item in value]
    if type(value) is not dict:
        return value
    if value.keys() == _NAMED:
        return _record(value[_RECORD], value[_TEXT])
    return {key: _found(item) for key, item in value.items()}


def _record(name: object, text: object) -> Any:
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None or not isinstance(text, str):
        raise IntegrityError("a checkpoint holds a record of an unknown kind", "Start a new cycle.")
    try:
        return restore(kind, json.loads(text))
    except (ValueError, RecursionError, DataQualityError) as error:
        raise IntegrityError(
            f"a checkpoint holds a {kind.__name__} that cannot be read", "Start a new cycle."
        ) from error


def _values() -> Iterator[type]:
    for room in _ROOMS:
        for kind in vars(room).values():
            # Its own only: what a room imports from elsewhere is not let in with it.
            ours = isinstance(kind, type) and kind.__module__ == room.__name__
            if ours and (dataclasses.is_dataclass(kind) or issubclass(kind, enum.Enum)):
                yield kind


_RECORD, _TEXT = "record", "text"
_NAMED = frozenset({_RECORD, _TEXT})
_NAMES = {kind: f"{kind.__module__}.{kind.__qualname__}" for kind in _values() if dataclasses.is_dataclass(kind)}
_KINDS = {name: kind for kind, name in _NAMES.items()}


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
            # langgraph writes checkpoints from threads of its own.
            connection = sqlite3.connect(path, check_same_thread=False, timeout=30)
            open_until_done.enter_context(closing(connection))
            saver = SqliteSaver(connection, serde=strict_serialiser())
            saver.setup()
            # A process that dies loses nothing; where the power goes, a cycle begins again further up (decision 0003).
            connection.execute("PRAGMA synchronous=NORMAL")
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
            # Set afterwards: `from_conn_string` takes no serialiser.
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
