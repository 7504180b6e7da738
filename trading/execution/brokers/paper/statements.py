"""What the paper broker asks of its tables and writes to them, compiled once for each set of tables.

An order that is filled at once asks and writes about fifty times: itself, its legs, the holding, the cash.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, Text, bindparam, func, select, type_coerce

from trading.store.accounts.paper_tables import PaperTables
from trading.store.writing.prepared import Prepared, Query, given

_HOLDING = ("qty", "avg_price", "opened_at")


class PaperStatements(NamedTuple):
    """Reads tell what they find as ``-> columns``, writes name what they take."""

    account: Query
    """account_id -> cash, advanced_to"""
    holdings: Query
    """-> symbol, qty, avg_price, opened_at; by symbol"""
    holding: Query
    """symbol -> qty, avg_price, opened_at"""
    order: Query
    """client_order_id -> text"""
    working: Query
    """-> text; in the order they came"""
    working_in: Query
    """symbol -> text; in the order they came"""
    fills: Query
    """since -> body; oldest first"""
    orders_made: Query
    fills_made: Query
    add_account: Prepared
    set_cash: Prepared
    set_advanced: Prepared
    add_holding: Prepared
    set_holding: Prepared
    add_order: Prepared
    set_order: Prepared
    add_fill: Prepared


@cache
def statements_of(tables: PaperTables) -> PaperStatements:
    """The statements about these tables."""
    accounts, positions, orders, fills = tables
    text: Select[Any] = select(type_coerce(orders.c.body, Text)).order_by(orders.c.position)
    account, holding = accounts.c.account_id == bindparam("key"), positions.c.symbol == bindparam("key")
    return PaperStatements(
        account=Query(
            select(accounts.c.cash, accounts.c.advanced_to).where(accounts.c.account_id == given("account")), "account"
        ),
        holdings=Query(
            select(positions.c.symbol, *(positions.c[name] for name in _HOLDING)).order_by(positions.c.symbol)
        ),
        holding=Query(
            select(*(positions.c[name] for name in _HOLDING)).where(positions.c.symbol == given("symbol")), "symbol"
        ),
        order=Query(text.where(orders.c.client_order_id == given("order")), "order"),
        working=Query(text.where(orders.c.working)),
        working_in=Query(text.where(orders.c.working, orders.c.symbol == given("symbol")), "symbol"),
        fills=Query(select(fills.c.body).where(fills.c.at > given("since")).order_by(fills.c.position), "since"),
        orders_made=Query(select(func.count()).select_from(orders)),
        fills_made=Query(select(func.count()).select_from(fills)),
        add_account=Prepared(accounts.insert(), ("account_id", "currency", "cash", "advanced_to")),
        set_cash=Prepared(accounts.update().where(account), ("cash", "key")),
        set_advanced=Prepared(accounts.update().where(account), ("advanced_to", "key")),
        add_holding=Prepared(positions.insert(), (*_HOLDING, "symbol")),
        set_holding=Prepared(positions.update().where(holding), (*_HOLDING, "key")),
        add_order=Prepared(orders.insert(), ("client_order_id", "symbol", "position", "working", "body")),
        set_order=Prepared(
            orders.update().where(orders.c.client_order_id == bindparam("key")), ("working", "body", "key")
        ),
        add_fill=Prepared(fills.insert(), ("fill_id", "position", "client_order_id", "at", "body")),
    )
