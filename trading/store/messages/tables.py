"""The tables of messages. Times are by the wall clock: a person is told now, whatever time a simulation plays."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from trading.store.columns import CanonicalJson, UtcTime
from trading.store.tables import metadata

# Every message to every address, each once. ``place`` is its turn among those to the same address.
outbox = Table(
    "outbox",
    metadata,
    Column("key", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("place", BigInteger, nullable=False, unique=True),
    Column("carrier", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("html", Text, nullable=False),
    Column("plain", Text, nullable=False),
    Column("buttons", CanonicalJson, nullable=False),
    Column("picture", LargeBinary),
    Column("silent", Boolean, nullable=False),
    Column("replaces", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("doubtful", Boolean, nullable=False),
    Column("next_at", UtcTime, nullable=False),
    Column("lease_until", UtcTime),
    Column("ended_at", UtcTime),
    Column("name", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("matter", Text, nullable=False, index=True),
    Column("acknowledged_at", UtcTime),
    Column("acknowledged_by", Text, nullable=False),
)
Index("outbox_turns", outbox.c.carrier, outbox.c.state, outbox.c.address, outbox.c.place)
Index("outbox_of_address", outbox.c.address, outbox.c.state, outbox.c.at)
Index("outbox_of_kind", outbox.c.kind, outbox.c.at)

# One row an address: until when its rate is used up, and until when its carrier asked to be left alone.
outbox_paces = Table(
    "outbox_paces",
    metadata,
    Column("address", Text, primary_key=True),
    Column("used_until", UtcTime, nullable=False),
    Column("rests_until", UtcTime, nullable=False),
)

# How each person wants to be told.
wishes = Table(
    "wishes",
    metadata,
    Column("address", Text, primary_key=True),
    Column("body", CanonicalJson, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("changed_by", Text, nullable=False),
)

# Up to where each reader of the record has told people what it found.
tellings = Table(
    "tellings",
    metadata,
    Column("reader", Text, primary_key=True),
    Column("cursor", Integer, nullable=False),
    Column("body", CanonicalJson, nullable=False),
)
