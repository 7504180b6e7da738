"""Buttons that act: each was made for one person, one chat, one action and one state of the world, and works once.

    made (stored) -> pressed by the same person in time -> used, by compare-and-set -> never again

What the button would do stands in the row, never in what the chat service carries to and fro; the digest is of what
the person was shown, and whoever carries the action out compares it with the world as it is then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from domain.ports import Clock
from trading.store.database import Database
from trading.store.people.tables import nonces

KEPT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Bound:
    """What a button stands for."""

    nonce: str
    user_id: int
    chat_id: int
    action: str
    words: tuple[str, ...]
    digest: str
    expires_at: datetime


class NonceStore:
    """Nonces of one database; ``draw`` makes new ones, and nobody can guess what it draws."""

    def __init__(self, database: Database, clock: Clock, draw: Callable[[], str]) -> None:
        self._database = database
        self._clock = clock
        self._draw = draw

    def make(
        self, user_id: int, chat_id: int, action: str, words: tuple[str, ...], digest: str, lasting: timedelta
    ) -> Bound:
        """A new one."""
        now = self._clock.now()
        made = Bound(self._draw(), user_id, chat_id, action, words, digest, now + lasting)
        with self._database.transaction() as connection:
            connection.execute(nonces.delete().where(nonces.c.expires_at < now - KEPT))
            connection.execute(
                nonces.insert().values(
                    nonce=made.nonce, user_id=user_id, chat_id=chat_id, action=action, words=list(words),
                    digest=digest, expires_at=made.expires_at,
                )
            )  # fmt: skip
        return made

    def use(self, nonce: str, user_id: int, chat_id: int) -> Bound | str:
        """What it stands for, now used up; or why it does nothing."""
        now = self._clock.now()
        with self._database.transaction() as connection:
            row = connection.execute(select(nonces).where(nonces.c.nonce == nonce)).one_or_none()
            # One answer for all of these: who guesses does not learn that a nonce is somebody else's.
            if row is None or row.user_id != user_id or row.chat_id != chat_id:
                return "this button is not yours, or it is long gone"
            if row.used_at is not None:
                return "this button was used before; nothing was done again"
            if row.expires_at <= now:
                return "this button has expired; ask again for a new one"
            # The move is what counts, not the look above it: of two presses one is told that it was used.
            unused = (nonces.c.nonce == nonce) & nonces.c.used_at.is_(None)
            if not connection.execute(nonces.update().where(unused).values(used_at=now)).rowcount:
                return "this button was used before; nothing was done again"
        return Bound(nonce, user_id, chat_id, row.action, tuple(row.words), row.digest, row.expires_at)

    def spelled(self, beginning: str, user_id: int, chat_id: int, actions: Collection[str]) -> str:
        """The newest one of that person there, for one of these actions, that begins so; empty where there is none."""
        own = (nonces.c.user_id == user_id) & (nonces.c.chat_id == chat_id) & nonces.c.action.in_(actions)
        begins = nonces.c.nonce.startswith(beginning, autoescape=True)
        newest = select(nonces.c.nonce).where(own & begins).order_by(nonces.c.expires_at.desc()).limit(1)
        with self._database.reading() as connection:
            return connection.execute(newest).scalar_one_or_none() or ""

    def void(self, nonce: str, user_id: int) -> None:
        """Let it never work: its person has said no."""
        own = (nonces.c.nonce == nonce) & (nonces.c.user_id == user_id) & nonces.c.used_at.is_(None)
        with self._database.transaction() as connection:
            connection.execute(nonces.update().where(own).values(used_at=self._clock.now()))
