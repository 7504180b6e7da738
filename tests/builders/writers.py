"""Writers of durable intents: one at a time, and 32 threads of a process that somebody is about to kill."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable
from pathlib import Path

from domain.ids import ClientOrderId
from domain.orders import OrderStatus
from domain.record.entries import RecordKind
from tests.builders.execution import an_order
from tests.builders.market import NOON
from trading.store.database import Database, open_database
from trading.store.ledger import SqlLedger
from trading.store.orders import OrderStore

WRITERS = 32


def an_intent_writer(database: Database, anchor: Path | None = None) -> Callable[[str], ClientOrderId]:
    """What must be durable before an order is sent: the INTENT row and its ledger entry, together."""
    orders, ledger = OrderStore(database), SqlLedger(database, anchor=anchor)

    def write(decision: str) -> ClientOrderId:
        order = an_order(decision, status=OrderStatus.INTENT)

        def both() -> ClientOrderId:
            orders.insert(order)
            ledger.append(RecordKind.ORDER, order.client_order_id, order, at=NOON, cause=order.decision_id)
            return order.client_order_id

        return database.write(both)

    return write


def write_until_killed(url: str, folder: Path) -> None:
    """A process of its own: 32 threads write intents without end, and each notes what was acknowledged to it."""
    database = open_database(url)
    write, numbers = an_intent_writer(database, folder / "ledger.anchor"), itertools.count()
    noted = os.open(folder / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def work() -> None:
        for number in numbers:
            # One system call for a line, so that a kill never leaves half of one.
            os.write(noted, f"{write(f'dec-{number}')}\n".encode())

    threads = [threading.Thread(target=work) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
