"""Who may do what: four roles, each holding all of the one before. Nobody is anybody unless a row or a setting says so.

The settings' owners are owners whatever the table says; everybody else is what the table says, or a stranger. The first
owner comes in by a code that only somebody at the machine has seen. Every change is in the ledger, in the transaction
that makes it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import select

from domain.errors import UsageError
from domain.ports import Clock, Ledger
from domain.record.entries import RecordKind
from trading.store.database import Database
from trading.store.people.tables import pairing, people

CODE_LASTS = timedelta(hours=1)
MOST_ATTEMPTS = 5


class Role(StrEnum):
    """From looking on to everything."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    OWNER = "owner"

    def covers(self, needed: Role) -> bool:
        """Whether this role holds what ``needed`` holds."""
        return _RANKS.index(self) >= _RANKS.index(needed)


_RANKS = (Role.VIEWER, Role.OPERATOR, Role.APPROVER, Role.OWNER)


class Code(NamedTuple):
    """The pairing code in force."""

    text: str
    expires_at: datetime


def roles_in(database: Database, owners: frozenset[int]) -> Mapping[int, Role]:
    """Everybody who is somebody: the rows, and over them the owners of the settings."""
    with database.reading() as connection:
        stored = {row.user_id: Role(row.role) for row in connection.execute(select(people))}
    return stored | dict.fromkeys(owners, Role.OWNER)


class PeopleStore:
    """Roles and the pairing code. ``times`` tells the ledger's time, ``clock`` the wall's; ``new_code`` draws one."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        owners: frozenset[int],
        *,
        clock: Clock,
        times: Clock,
        new_code: Callable[[], str],
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._owners = owners
        self._clock = clock
        self._times = times
        self._new_code = new_code

    def roles(self) -> Mapping[int, Role]:
        """Everybody who is somebody."""
        return roles_in(self._database, self._owners)

    def set_role(self, user_id: int, role: Role | None, *, by: int | str) -> None:
        """Give or take (None) a role; only an owner may, nobody takes the last owner's or one of the settings'.

        ``by`` is a person's number, or the name of whoever sits at the machine, who owns it.
        """
        with self._database.transaction() as connection:
            # Read under the write lock: two owners who take each other's role at once leave one of them.
            present = self.roles()
            if isinstance(by, int) and present.get(by) is not Role.OWNER:
                raise UsageError("only an owner changes roles", "Ask the owner.")
            if user_id in self._owners and role is not Role.OWNER:
                raise UsageError(f"{user_id} is an owner by TELEGRAM_OWNER_IDS", "Change it there.")
            others = [one for one, held in present.items() if held is Role.OWNER and one != user_id]
            if present.get(user_id) is Role.OWNER and role is not Role.OWNER and not others:
                raise UsageError(f"{user_id} is the only owner", "Make somebody else an owner first.")
            connection.execute(people.delete().where(people.c.user_id == user_id))
            if role is not None:
                row = {"user_id": user_id, "role": role, "given_by": str(by), "at": self._clock.now()}
                connection.execute(people.insert().values(row))
            self.record(user_id, "role", role="none" if role is None else role.value, by=str(by))

    def code(self) -> Code | None:
        """The code that makes the first owner, made anew where it has expired; None once there is an owner."""
        now = self._clock.now()
        with self._database.transaction() as connection:
            if Role.OWNER in self.roles().values():
                connection.execute(pairing.delete())
                return None
            row = connection.execute(select(pairing)).one_or_none()
            if row is not None and row.expires_at > now and row.attempts < MOST_ATTEMPTS:
                return Code(row.code, row.expires_at)
            fresh = Code(self._new_code(), now + CODE_LASTS)
            connection.execute(pairing.delete())
            connection.execute(pairing.insert().values(id=1, code=fresh.text, expires_at=fresh.expires_at, attempts=0))
        return fresh

    def pair(self, user_id: int, said: str) -> bool:
        """Make the one who says the code the first owner. A wrong guess counts, and five of them void the code."""
        now = self._clock.now()
        with self._database.transaction() as connection:
            row = connection.execute(select(pairing)).one_or_none()
            if row is None or row.expires_at <= now or row.attempts >= MOST_ATTEMPTS:
                return False
            # A code that is still good is worth nothing once there is an owner.
            if Role.OWNER in self.roles().values():
                return False
            # As bytes: compare_digest refuses text outside ASCII, and anybody may say anything.
            if not hmac.compare_digest(row.code.encode(), said.strip().upper().encode()):
                connection.execute(pairing.update().values(attempts=row.attempts + 1))
                return False
            connection.execute(pairing.delete())
            connection.execute(people.delete().where(people.c.user_id == user_id))
            connection.execute(
                people.insert().values(user_id=user_id, role=Role.OWNER, given_by="pairing code", at=now)
            )
            self.record(user_id, "role", role=Role.OWNER.value, by="pairing code")
        return True

    def record(self, user_id: int | None, what: str, **told: str) -> None:
        """Put on record what somebody did, was given, or was denied."""
        body = {"did": what, **told, "wall_time": self._clock.now()}
        self._ledger.append(RecordKind.ACCESS, f"telegram:{user_id}", body, at=self._times.now())
