"""The tables of people. Times are by the wall clock; ids are the chat service's own numbers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from trading.store.columns import CanonicalJson, UtcTime
from trading.store.tables import metadata

# Who has which role. A row of an id that the settings name as an owner changes nothing.
people = Table(
    "people",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("role", Text, nullable=False),
    Column("given_by", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

# At most one row: the code by which the first owner proves to sit at the machine.
pairing = Table(
    "pairing",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("code", Text, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False),
)

# What a button was made for: one action of one person in one chat, bound to the digest of what they were shown.
nonces = Table(
    "nonces",
    metadata,
    Column("nonce", Text, primary_key=True),
    Column("user_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("action", Text, nullable=False),
    Column("words", CanonicalJson, nullable=False),
    Column("digest", Text, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
    Column("used_at", UtcTime),
)

# Updates as they arrived and were allowed in, each worked once; their numbers keep a repetition out.
inbox = Table(
    "inbox",
    metadata,
    Column("bot_id", BigInteger, primary_key=True, autoincrement=False),
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("body", CanonicalJson, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("at", UtcTime, nullable=False),
)

# Up to where each bot has asked for updates.
inbox_offsets = Table(
    "inbox_offsets",
    metadata,
    Column("bot_id", BigInteger, primary_key=True, autoincrement=False),
    Column("next_id", BigInteger, nullable=False),
    Column("at", UtcTime, nullable=False),
)
