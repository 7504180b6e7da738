"""Updates, written down before the chat service is told that they arrived, so that a crash loses none and repeats none.

    taken (with the offset, in one transaction) -> begun -> done

What was begun when a process died is found by the next one, which does it again where that is harmless and otherwise
says so. Two processes that are handed the same update store one row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select

from domain.ports import Clock
from trading.store.database import Database
from trading.store.people.tables import inbox, inbox_offsets

TAKEN, BEGUN, DONE = "taken", "begun", "done"
KEPT = timedelta(days=2)
# Short of the week after which the service numbers anew, so that our number is dropped in time.
RENUMBERED_AFTER = timedelta(days=5)


class Item(NamedTuple):
    """One stored update. ``begun`` is True where somebody was at it before."""

    update_id: int
    body: Mapping[str, Any]
    at: datetime
    begun: bool


class InboxStore:
    """The inbox of one bot."""

    def __init__(self, database: Database, bot_id: int, clock: Clock) -> None:
        self._database = database
        self._bot_id = bot_id
        self._clock = clock

    @property
    def bot_id(self) -> int:
        """The bot's own number."""
        return self._bot_id

    def offset(self) -> int:
        """Where to ask on. 0 is for what the service itself counts as unread: before the first, and after days of rest.

        After a week without any the service numbers its updates from a random place, which may lie before ours.
        """
        query = select(inbox_offsets).where(inbox_offsets.c.bot_id == self._bot_id)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return 0 if row is None or row.at < self._clock.now() - RENUMBERED_AFTER else int(row.next_id)

    def take(self, updates: Sequence[tuple[int, Mapping[str, Any] | None]], *, move: bool = True) -> tuple[int, ...]:
        """Write down those with a body and move the offset past all; the answer is which of them are new.

        Not ``move`` is for updates that are brought one by one and in no order: a later one says nothing of those
        before, and the offset would confirm them unread once somebody polls again.
        """
        now, new = self._clock.now(), []
        with self._database.transaction() as connection:
            # Only what is done: what a dead process left is found however old it is.
            connection.execute(inbox.delete().where(inbox.c.state == DONE, inbox.c.at < now - KEPT))
            for update_id, body in updates:
                # What was not confirmed in time is brought again: one row, however often.
                known = select(inbox.c.state).where(inbox.c.bot_id == self._bot_id, inbox.c.update_id == update_id)
                if body is None or connection.execute(known).first() is not None:
                    continue
                row = {"bot_id": self._bot_id, "update_id": update_id, "body": body, "state": TAKEN, "at": now}
                connection.execute(inbox.insert().values(row))
                new.append(update_id)
            if move:
                self._move(max((number for number, _ in updates), default=-1) + 1)
        return tuple(new)

    def begin(self, update_id: int) -> Item | None:
        """Take one to work on; None where it is done already."""
        own = (inbox.c.bot_id == self._bot_id) & (inbox.c.update_id == update_id)
        with self._database.transaction() as connection:
            row = connection.execute(select(inbox).where(own, inbox.c.state != DONE)).one_or_none()
            if row is None:
                return None
            connection.execute(inbox.update().where(own).values(state=BEGUN))
        return Item(row.update_id, row.body, row.at, row.state == BEGUN)

    def end(self, update_id: int, also: Callable[[], object] = lambda: None) -> None:
        """It is done, whatever came of it; ``also`` becomes durable together with that."""
        own = (inbox.c.bot_id == self._bot_id) & (inbox.c.update_id == update_id)
        with self._database.transaction() as connection:
            connection.execute(inbox.update().where(own).values(state=DONE))
            also()

    def left(self) -> tuple[int, ...]:
        """What an earlier process took and did not end, oldest first."""
        query = select(inbox.c.update_id).where(inbox.c.bot_id == self._bot_id, inbox.c.state != DONE)
        with self._database.reading() as connection:
            return tuple(connection.execute(query.order_by(inbox.c.update_id)).scalars())

    def _move(self, next_id: int) -> None:
        own, values = inbox_offsets.c.bot_id == self._bot_id, {"next_id": next_id, "at": self._clock.now()}
        with self._database.transaction() as connection:
            if not connection.execute(inbox_offsets.update().where(own).values(values)).rowcount:
                connection.execute(inbox_offsets.insert().values(bot_id=self._bot_id, **values))
