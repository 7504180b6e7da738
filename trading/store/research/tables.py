"""The table of experiments."""

from __future__ import annotations

from sqlalchemy import Column, Date, Table, Text

from trading.store.columns import CanonicalJson, UtcTime
from trading.store.tables import metadata

# One finished run: the id is a function of the question, the digest of question and answer.
experiments = Table(
    "experiments",
    metadata,
    Column("experiment_id", Text, primary_key=True),
    Column("strategy", Text, nullable=False, index=True),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("policy_digest", Text, nullable=False),
    Column("made_at", UtcTime, nullable=False, index=True),
    Column("made_by", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("question", CanonicalJson, nullable=False),
    Column("answer", CanonicalJson, nullable=False),
)
