"""Tables of the cases that were judged: small heads, and the parts that many of them share."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from trading.store.columns import CanonicalJson, UtcTime
from trading.store.tables import metadata

# One case before the gates: order, control, proposal, and the digests of its market and its book.
judged_cases = Table(
    "judged_cases",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("cycle_id", Text, nullable=False, index=True),
    Column("body", CanonicalJson, nullable=False),
)

# A market view or a book, each content once: the orders of one cycle are judged on nearly the same.
case_parts = Table(
    "case_parts",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("body", CanonicalJson, nullable=False),
)
