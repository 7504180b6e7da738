"""What a run executed, read from the database it ran in."""

from __future__ import annotations

from sqlalchemy import select

from domain.orders import Side
from trading.backtest.figures import Execution
from trading.store.database import Database
from trading.store.tables import fills, orders


def executions(database: Database) -> tuple[Execution, ...]:
    """Every fill with the price at its decision, in order of time."""
    columns = (fills.c.side, fills.c.qty, fills.c.price, fills.c.commission, orders.c.arrival_price)
    query = select(*columns).join(orders, orders.c.client_order_id == fills.c.client_order_id)
    with database.reading() as connection:
        rows = connection.execute(query.order_by(fills.c.at, fills.c.fill_id)).all()
    return tuple(Execution(Side(side), *rest) for side, *rest in rows)
