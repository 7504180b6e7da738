"""Tables beside the calls: money set aside, models that rest, who stood in, and answers that may be used again."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from trading.store.columns import UtcTime
from trading.store.tables import metadata

# What each call of a limited day may come to, and once it is over what it came to. Money in billionths of a dollar:
# a sum over a day is asked before every call, and the database adds whole numbers itself.
model_spending = Table(
    "model_spending",
    metadata,
    Column("cycle_id", Text, primary_key=True),
    Column("request_digest", Text, primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("role", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("nano_usd", BigInteger, nullable=False),
)

# Models that failed last time they were asked; one that answers has no row.
model_rests = Table(
    "model_rests",
    metadata,
    Column("model", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("failed_at", UtcTime, nullable=False),
    Column("until", UtcTime),
)

# Questions that went from one model to the next.
model_handovers = Table(
    "model_handovers",
    metadata,
    Column("cycle_id", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("to", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("count", Integer, nullable=False),
)

# The newest usable answer to each question that may be asked again, by the cycle that got it.
model_answers = Table(
    "model_answers",
    metadata,
    Column("request_digest", Text, primary_key=True),
    Column("cycle_id", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)
