"""The paper broker's books, which only ``trading/execution/brokers/paper/books.py`` touches.

The paper broker without a label has the tables ``paper_orders`` and so on, which are made with the database; a venue
with the label ``b`` has ``paper_b_orders``, made at the first start that names it.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from sqlalchemy import Boolean, Column, ForeignKey, Integer, MetaData, Table, Text

from trading.store.columns import CanonicalJson, ExactDecimal, UtcTime
from trading.store.tables import metadata


class PaperTables(NamedTuple):
    """What one paper account holds in money and how far its market was replayed; its holdings, orders, executions."""

    accounts: Table
    positions: Table
    orders: Table
    fills: Table

    @classmethod
    def named(cls, prefix: str, place: MetaData) -> PaperTables:
        """The four tables under names that begin so."""
        return cls(
            accounts=Table(
                f"{prefix}_accounts",
                place,
                Column("account_id", Text, primary_key=True),
                Column("currency", Text, nullable=False),
                Column("cash", ExactDecimal, nullable=False),
                Column("advanced_to", UtcTime),
            ),
            positions=Table(
                f"{prefix}_positions",
                place,
                Column("symbol", Text, primary_key=True),
                Column("qty", ExactDecimal, nullable=False),
                Column("avg_price", ExactDecimal, nullable=False),
                Column("opened_at", UtcTime, nullable=False),
            ),
            orders=Table(
                f"{prefix}_orders",
                place,
                Column("client_order_id", Text, primary_key=True),
                Column("symbol", Text, nullable=False, index=True),
                Column("position", Integer, nullable=False),
                Column("working", Boolean, nullable=False, index=True),
                Column("body", CanonicalJson, nullable=False),
            ),
            fills=Table(
                f"{prefix}_fills",
                place,
                Column("fill_id", Text, primary_key=True),
                Column("position", Integer, nullable=False),
                Column("client_order_id", Text, ForeignKey(f"{prefix}_orders.client_order_id"), nullable=False),
                Column("at", UtcTime, nullable=False, index=True),
                Column("body", CanonicalJson, nullable=False),
            ),
        )


UNLABELLED = PaperTables.named("paper", metadata)
paper_accounts, paper_positions, paper_orders, paper_fills = UNLABELLED


@cache
def labelled(label: str) -> PaperTables:
    """Those of a venue with a label, in a metadata of their own: a database does not have them from the start."""
    return PaperTables.named(f"paper_{label}", MetaData())
