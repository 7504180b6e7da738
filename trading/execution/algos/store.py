"""Where algorithms are kept: the plan as it was started, and how it stands. Their children are orders like others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from domain.ids import DecisionId, next_leg
from domain.orders import Order
from domain.record.canonical import restore
from trading.execution.algos.base import AlgoPlan, AlgoState, Progress, child_leg
from trading.store.database import Database
from trading.store.orders import OrderStore
from trading.store.tables import algos


@dataclass(frozen=True, slots=True)
class Algo:
    """One row."""

    plan: AlgoPlan
    state: AlgoState
    progress: Progress


class AlgoStore:
    """One row for each sliced order, for ever."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, plan: AlgoPlan, progress: Progress, *, at: datetime) -> bool:
        """A new row; False where the leg of the decision is sliced already, whatever became of it."""
        with self._database.transaction() as connection:
            if self.get(plan.algo_id) is not None:
                return False
            values = {"symbol": plan.parent.symbol, "state": AlgoState.WORKING, "plan": plan, "progress": progress}
            times = {"created_at": at, "updated_at": at}
            connection.execute(algos.insert().values(algo_id=plan.algo_id, **values, **times))
            return True

    def save(self, algo: Algo, *, at: datetime) -> Algo:
        """How it stands now; what is over stays over."""
        row = algos.c.algo_id == algo.plan.algo_id
        # In the row's own condition: another process may have ended it since this one read it.
        open_states = algos.c.state.in_([state for state in AlgoState if not state.is_over])
        with self._database.transaction() as connection:
            values = {"state": algo.state, "progress": algo.progress, "updated_at": at}
            connection.execute(algos.update().where(row & open_states).values(values))
        return algo

    def get(self, algo_id: str) -> Algo | None:
        """One of them in any state."""
        query = select(algos.c.plan, algos.c.state, algos.c.progress).where(algos.c.algo_id == algo_id)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _algo(row.plan, row.state, row.progress)

    def open(self) -> tuple[Algo, ...]:
        """What is not over, oldest first."""
        query = select(algos.c.plan, algos.c.state, algos.c.progress)
        query = query.where(algos.c.state.in_([state for state in AlgoState if not state.is_over]))
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(algos.c.created_at, algos.c.algo_id)).all()
        return tuple(_algo(row.plan, row.state, row.progress) for row in rows)

    def newest(self, count: int) -> tuple[Algo, ...]:
        """The newest in any state, newest first."""
        query = select(algos.c.plan, algos.c.state, algos.c.progress).limit(count)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(algos.c.created_at.desc(), algos.c.algo_id)).all()
        return tuple(_algo(row.plan, row.state, row.progress) for row in rows)


def children_of(orders: OrderStore, decision: DecisionId) -> tuple[Order, ...]:
    """The children of a sliced decision in the order they were made, with what somebody put in their place."""
    found: list[Order] = []
    number, leg = 1, child_leg(1)
    while True:
        child = orders.find(decision, leg)
        if child is not None:
            found.append(child)
            # What somebody put in the place of a child carries its leg with .r1 behind it.
            leg = next_leg(leg)
        elif leg == child_leg(number):
            return tuple(found)
        else:
            number += 1
            leg = child_leg(number)


def _algo(plan: object, state: str, progress: object) -> Algo:
    return Algo(restore(AlgoPlan, plan), AlgoState(state), restore(Progress, progress))
