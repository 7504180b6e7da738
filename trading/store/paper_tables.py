"""The paper broker's books, which only ``trading/execution/brokers/paper_books.py`` touches."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, Table, Text

from trading.store.columns import CanonicalJson, ExactDecimal, UtcTime
from trading.store.tables import metadata

# What each paper account holds in money, and how far its market was replayed.
paper_accounts = Table(
    "paper_accounts",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("currency", Text, nullable=False),
    Column("cash", ExactDecimal, nullable=False),
    Column("advanced_to", UtcTime),
)

# What the paper account holds.
paper_positions = Table(
    "paper_positions",
    metadata,
    Column("symbol", Text, primary_key=True),
    Column("qty", ExactDecimal, nullable=False),
    Column("avg_price", ExactDecimal, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
)

# Orders as the paper broker knows them.
paper_orders = Table(
    "paper_orders",
    metadata,
    Column("client_order_id", Text, primary_key=True),
    Column("symbol", Text, nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("working", Boolean, nullable=False, index=True),
    Column("body", CanonicalJson, nullable=False),
)

# Executions of the paper broker.
paper_fills = Table(
    "paper_fills",
    metadata,
    Column("fill_id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("client_order_id", Text, ForeignKey("paper_orders.client_order_id"), nullable=False),
    Column("at", UtcTime, nullable=False, index=True),
    Column("body", CanonicalJson, nullable=False),
)
