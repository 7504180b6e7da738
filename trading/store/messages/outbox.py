"""The outbox: what people are to be told, each once, in turn for each address, over crashes and several processes.

    waiting -> claimed -> sent -> (acknowledged)
       ^         |  +---> refused: trying again cannot help, or it has been tried for two days
       +---------+  +---> aside: it was tried five times, and the others go on without it
         tried again later: it was not taken, or nobody knows
    held -> folded (told as a line of another message) | waiting

A line that is away, or asks for a rest, holds up an address in its order: what waits there would fail as well. A
message that the service itself does not take is stepped over: it is tried on out of turn, and gives up its own place
and nobody else's.

No carrier has a request that can be repeated without a doubt, so one case is left in which nobody can know: the request
had left, and its answer got lost (a reset connection, or a kill -9 between sending and writing that down). Such a
message is sent again, because a breach that nobody hears of is worse than one that is told twice; the row says that it
is ``doubtful``, and the second copy says so to its reader. Everything else arrives exactly once: a message is claimed
by compare-and-set, one at a time for each address, and what was not taken for certain is no doubt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, Text, and_, bindparam, func, or_, select, union_all

from trading.store.columns import UtcTime
from trading.store.database import Database
from trading.store.messages.message import Button, Kind, Message, Receipt
from trading.store.messages.tables import outbox, outbox_paces

TERM = timedelta(seconds=60)
"""How long an attempt may take; carriers give up well before."""
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 300.0
PATIENCE = 5
"""So many attempts hold up those behind: about a quarter of a minute."""
GIVEN_UP_AFTER = timedelta(days=2)
AHEAD = 10**15
BANDS: Mapping[Kind, int] = {Kind.CRITICAL: -2 * AHEAD, Kind.REPLY: -AHEAD}
"""Where the turns of a kind begin: what is critical goes before every answer, however many wait or cannot be sent, and
both before the rest. Within each, the order is that of putting."""
URGENT = frozenset(BANDS)


class State(StrEnum):
    """How a message stands."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    ASIDE = "aside"
    SENT = "sent"
    REFUSED = "refused"
    HELD = "held"
    FOLDED = "folded"


IN_TURN = (State.WAITING, State.CLAIMED)
OPEN = (*IN_TURN, State.ASIDE)


class Rate(NamedTuple):
    """A token bucket: one message every ``every_s`` seconds, and ``burst`` of them at once after a rest."""

    every_s: float
    burst: int


class Letter(NamedTuple):
    """A message and what became of it so far."""

    message: Message
    state: State
    attempts: int
    doubtful: bool
    """An earlier attempt may have arrived."""
    next_at: datetime
    ended_at: datetime | None
    name: str
    words: str
    acknowledged_at: datetime | None
    acknowledged_by: str

    @property
    def matter(self) -> str:
        """What it is about, however often that is said."""
        return matter_of(self.message.key)


def matter_of(key: str) -> str:
    """The key without the number of its repetition."""
    return key.partition("~")[0]


def mark_of(key: str) -> str:
    """Short enough for a button, the same for each repetition: what an acknowledgement names."""
    return hashlib.sha256(matter_of(key).encode()).hexdigest()[:16]


class OutboxStore:
    """Messages of one database. Every moment is the caller's, by the wall clock; a claim counts for ``term``."""

    def __init__(self, database: Database, *, term: timedelta = TERM) -> None:
        self._database = database
        self._term = term

    def put(self, message: Message, *, held: bool = False) -> bool:
        """Write it down, in the running transaction where there is one; False where that was said to that address.

        ``held`` keeps it back for a digest.
        """
        known = select(outbox.c.key).where(outbox.c.key == message.key, outbox.c.address == message.address)
        with self._database.transaction() as connection:
            if connection.execute(known).one_or_none() is not None:
                return False
            first = BANDS.get(message.kind, 0)
            band = outbox.c.place.between(first, first + AHEAD - 1)
            # Under the write lock, or two who put at once would take the same place.
            last = connection.execute(select(func.max(outbox.c.place)).where(band)).scalar()
            place = first if last is None else last + 1
            state = State.HELD if held else State.WAITING
            connection.execute(outbox.insert().values(**_columns(message), place=place, state=state))
        return True

    def held(self, address: str) -> tuple[Letter, ...]:
        """What is kept back for an address, oldest first."""
        query = select(outbox).where(outbox.c.address == address, outbox.c.state == State.HELD)
        return self._letters(query.order_by(outbox.c.place))

    def fold(self, letters: Sequence[Letter], into: Message) -> None:
        """One message in place of several that were held."""
        with self._database.transaction() as connection:
            for letter in letters:
                folded = {"state": State.FOLDED, "ended_at": into.at, "words": into.key}
                connection.execute(outbox.update().where(_named(letter.message)).values(folded))
            self.put(into)

    def release(self, letter: Letter, now: datetime) -> None:
        """Let one go that was held."""
        with self._database.transaction() as connection:
            own = and_(_named(letter.message), outbox.c.state == State.HELD)
            connection.execute(outbox.update().where(own).values(state=State.WAITING, next_at=now))

    def said(self, address: str, *, since: datetime) -> int:
        """How many messages that could have waited an address was told since then."""
        counted = outbox.c.state.not_in((State.HELD, State.FOLDED)) & outbox.c.kind.not_in(URGENT)
        query = select(func.count()).where(outbox.c.address == address, outbox.c.at >= since, counted)
        with self._database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def claim(self, carrier: str, now: datetime, rate: Rate) -> Letter | None:
        """The next message that may go to somebody by this carrier, now ours; None where none may."""
        allowance = now + timedelta(seconds=rate.every_s * (rate.burst - 1))
        asked = {"carrier": carrier, "now": now, "allowance": allowance}
        with self._database.reading() as connection:
            if connection.execute(_DUE, asked).one_or_none() is None:
                return None  # a look costs no write
        with self._database.transaction() as connection:
            # Asked again under the write lock: another process may have claimed it since the look.
            row = connection.execute(_DUE, asked).one_or_none()
            if row is None:
                return None
            letter = _letter(row)
            # Whoever claimed it before has died over it: whether that was before or after the sending, nobody knows.
            doubtful = letter.doubtful or letter.state is State.CLAIMED
            claimed = {
                "state": State.CLAIMED, "lease_until": now + self._term, "attempts": letter.attempts + 1,
                "doubtful": doubtful,
            }  # fmt: skip
            connection.execute(outbox.update().where(outbox.c.place == row.place).values(claimed))
            self._use(letter.message.address, now, rate)
        return letter._replace(state=State.CLAIMED, attempts=letter.attempts + 1, doubtful=doubtful)

    def settle(self, letter: Letter, receipt: Receipt, now: datetime) -> bool:
        """What became of an attempt; False where somebody else has taken the message over meanwhile."""
        message = letter.message
        with self._database.transaction() as connection:
            # The attempt's number is the fence: one whose lease ran out must not settle the claim of its successor.
            ours = and_(_named(message), outbox.c.state == State.CLAIMED, outbox.c.attempts == letter.attempts)
            settled = bool(
                connection.execute(outbox.update().where(ours).values(_after(letter, receipt, now))).rowcount
            )
            # Also where the message is no longer ours: the rest is asked of the address, whoever sends.
            if receipt.retry_after_s and not receipt.sent:
                rest = {"rests_until": now + timedelta(seconds=receipt.retry_after_s)}
                connection.execute(outbox_paces.update().where(outbox_paces.c.address == message.address).values(rest))
        return settled

    def acknowledge(self, mark: str, by: str, at: datetime) -> int:
        """Somebody has seen it: every copy of the matter, also those on their way. How many that were."""
        values = {"acknowledged_at": at, "acknowledged_by": by}
        open_ones = and_(outbox.c.matter == mark, outbox.c.acknowledged_at.is_(None))
        with self._database.transaction() as connection:
            return connection.execute(outbox.update().where(open_ones).values(values)).rowcount

    def acknowledge_all(self, by: str, at: datetime) -> int:
        """Somebody has looked at everything."""
        open_ones = and_(outbox.c.kind == Kind.CRITICAL, outbox.c.acknowledged_at.is_(None))
        with self._database.transaction() as connection:
            values = {"acknowledged_at": at, "acknowledged_by": by}
            return connection.execute(outbox.update().where(open_ones).values(values)).rowcount

    def unanswered(self, *, since: datetime) -> tuple[Letter, ...]:
        """Critical messages that nobody has acknowledged, oldest first."""
        query = select(outbox).where(
            outbox.c.kind == Kind.CRITICAL, outbox.c.acknowledged_at.is_(None), outbox.c.at >= since
        )
        return self._letters(query.order_by(outbox.c.at, outbox.c.place))

    def get(self, key: str, address: str) -> Letter | None:
        """One message."""
        found = self._letters(select(outbox).where(outbox.c.key == key, outbox.c.address == address))
        return found[0] if found else None

    def newest(self, count: int, *, kinds: Collection[Kind] = tuple(Kind)) -> tuple[Letter, ...]:
        """The newest messages, newest first."""
        query = select(outbox).where(outbox.c.kind.in_(kinds)).order_by(outbox.c.at.desc(), outbox.c.place.desc())
        return self._letters(query.limit(count))

    def waiting(self, carrier: str | None = None) -> int:
        """How many are still on their way."""
        query = select(func.count()).where(outbox.c.state.in_(OPEN))
        if carrier is not None:
            query = query.where(outbox.c.carrier == carrier)
        with self._database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def prune(self, before: datetime) -> int:
        """Forget what ended before, and what nobody carries any more: its way or its person is long gone.

        The pace of an address that was left alone since then is a full bucket, which is also what no row means.
        """
        left = and_(outbox.c.ended_at.is_(None), outbox.c.at < before - GIVEN_UP_AFTER)
        full = and_(outbox_paces.c.used_until < before, outbox_paces.c.rests_until < before)
        with self._database.transaction() as connection:
            connection.execute(outbox_paces.delete().where(full))
            return connection.execute(outbox.delete().where(or_(outbox.c.ended_at < before, left))).rowcount

    def _letters(self, query: Select[Any]) -> tuple[Letter, ...]:
        with self._database.reading() as connection:
            return tuple(map(_letter, connection.execute(query)))

    def _use(self, address: str, now: datetime, rate: Rate) -> None:
        """One token less."""
        own = outbox_paces.c.address == address
        with self._database.transaction() as connection:
            used: datetime | None = connection.execute(select(outbox_paces.c.used_until).where(own)).scalar()
            until = max(now, used or now) + timedelta(seconds=rate.every_s)
            if used is None:
                connection.execute(outbox_paces.insert().values(address=address, used_until=until, rests_until=now))
            else:
                connection.execute(outbox_paces.update().where(own).values(used_until=until))


def _due() -> Select[Any]:
    """The first message of each address, of those whose turn has come, and what stepped aside and is to be tried again.

    The bucket is kept as the time it is full: a message may go up to ``allowance`` before.
    """
    carrier, now = bindparam("carrier", type_=Text()), bindparam("now", type_=UtcTime())
    of_carrier = outbox.c.carrier == carrier
    heads = select(func.min(outbox.c.place)).where(of_carrier, outbox.c.state.in_(IN_TURN)).group_by(outbox.c.address)
    # One at a time for an address: a crash leaves one message in doubt, and the order of putting stays.
    under_way = select(outbox.c.address).where(of_carrier, outbox.c.state == State.CLAIMED, outbox.c.lease_until > now)
    aside = select(outbox.c.place).where(
        of_carrier, outbox.c.state == State.ASIDE, outbox.c.next_at <= now, outbox.c.address.not_in(under_way)
    )
    left = and_(outbox.c.state == State.CLAIMED, outbox.c.lease_until <= now)
    ready = and_(outbox.c.state.in_((State.WAITING, State.ASIDE)), outbox.c.next_at <= now)
    used, rests = outbox_paces.c.used_until, outbox_paces.c.rests_until
    may_go = or_(used.is_(None), and_(used <= bindparam("allowance", type_=UtcTime()), rests <= now))
    joined = outbox.outerjoin(outbox_paces, outbox.c.address == outbox_paces.c.address)
    query = (
        select(outbox).select_from(joined).where(outbox.c.place.in_(union_all(heads, aside)), or_(left, ready), may_go)
    )
    return query.order_by(outbox.c.place).limit(1)


_DUE = _due()
"""Made once: it is asked twice for every message, and making it costs more than asking."""


def _after(letter: Letter, receipt: Receipt, now: datetime) -> dict[str, object]:
    """The columns after an attempt."""
    if receipt.sent:
        return {"state": State.SENT, "ended_at": now, "lease_until": None, "name": receipt.name, "words": ""}
    over = now - letter.message.at >= GIVEN_UP_AFTER
    if receipt.retry_after_s is None or over:
        return {"state": State.REFUSED, "ended_at": now, "lease_until": None, "words": receipt.words}
    wait = max(receipt.retry_after_s, backoff_s(letter.attempts))
    # A line that is away says nothing about the message, whose place is kept for when it is back.
    steps_aside = letter.attempts >= PATIENCE and (receipt.own or receipt.unknown)
    return {
        "state": State.ASIDE if steps_aside else State.WAITING, "lease_until": None,
        "next_at": now + timedelta(seconds=wait), "words": receipt.words,
        "doubtful": letter.doubtful or receipt.unknown,
    }  # fmt: skip


def backoff_s(attempts: int) -> float:
    """1, 2, 4 ... seconds after the first, second, third attempt, five minutes at most."""
    # Capped before it is raised, because 2.0 ** 1024 is an OverflowError.
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(attempts - 1, 20))


def _named(message: Message) -> ColumnElement[bool]:
    return and_(outbox.c.key == message.key, outbox.c.address == message.address)


def _columns(message: Message) -> dict[str, object]:
    names = ("key", "address", "kind", "at", "html", "plain", "picture", "silent", "replaces")
    return {
        **{name: getattr(message, name) for name in names},
        "buttons": [[list(button) for button in row] for row in message.buttons],
        "carrier": message.address.partition(":")[0],
        "matter": mark_of(message.key),
        "next_at": message.at,
        "attempts": 0, "doubtful": False, "name": "", "words": "", "acknowledged_by": "",
    }  # fmt: skip


def _letter(row: Row[Any]) -> Letter:
    buttons = tuple(tuple(Button(*button) for button in each) for each in row.buttons)
    message = Message(
        row.key, row.address, Kind(row.kind), row.html, row.plain, row.at, buttons, row.picture, row.silent,
        row.replaces,
    )  # fmt: skip
    return Letter(
        message, State(row.state), row.attempts, row.doubtful, row.next_at, row.ended_at, row.name, row.words,
        row.acknowledged_at, row.acknowledged_by,
    )  # fmt: skip
