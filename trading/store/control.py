"""The switches of the control plane, kept in the database and read together with the kill latch.

Every change is a ledger entry in the same transaction. Who may make which change is for ``policies.ladder``; this store
only keeps it, and refuses nothing that tightens.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select

from domain.case import Control, Mode, Pause, Release, TradingState
from domain.errors import OversightError
from domain.ids import derive
from domain.market import Symbol, parse_symbol
from domain.orders import Side
from domain.ports import Calendar, Ledger
from domain.record.alerts import Alert, AlertCode, Severity
from domain.record.entries import RecordKind
from policies.kill_journal import GENESIS
from policies.kill_switch import KillSwitch
from policies.ladder import recovery_ramp
from policies.policy import Change, Policy
from policies.release import as_written, policy_as_written
from trading.monitor.alerts import AlertLog
from trading.store.database import Database
from trading.store.tables import blocks, control, incidents, pauses, policies
from trading.store.writing.prepared import Prepared, Query, given

BLOCKS_KEPT = timedelta(days=1)
"""Refusals of the same intent count together within this time."""
_MOVED = {TradingState.REDUCING: AlertCode.REDUCING, TradingState.HALTED: AlertCode.HALTED}
_STRICTNESS = (TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED)
KILLS = "kills"
"""Subject of what the ledger says about the journal of kills."""
_KILLED = Control(kill_switch=True, trading_state=TradingState.HALTED, mode=Mode.OFF, readable=False)


class JournalMark(NamedTuple):
    """The first so many lines of the journal, and the hash of the last of them."""

    lines: int = 0
    head: str = GENESIS


class KillHistory:
    """How far into the journal of kills the database has seen: a kill that it has never seen still counts.

        journal 1 opened, 2 kill, 3 released; the database knows 3 lines    nothing to tell
        journal 1 opened, 2 kill;             the database knows 1 line     a kill that it has never seen
        journal 1 opened;                     the database knows 3 lines    lines were taken away

    Compared by number and hash, because the clock of the database may be that of a simulated market.
    """

    def __init__(self, ledger: Ledger, latch: KillSwitch) -> None:
        self._ledger = ledger
        self._journal = latch.journal

    def seen(self) -> JournalMark:
        """What the ledger knows; nothing in a new home."""
        known = self._ledger.entries(subject=KILLS, kind=RecordKind.CONTROL)
        return JournalMark(known[-1].body["lines"], known[-1].body["head"]) if known else JournalMark()

    def remember(self, *, at: datetime) -> None:
        """Write down what the journal holds now, unless that is known; one that cannot be read is nothing to know."""
        try:
            journal = self._journal.read()
        except OSError:
            return
        now = JournalMark(len(journal.lines), journal.head)
        if now != self.seen():
            self._ledger.append(RecordKind.CONTROL, KILLS, now._asdict(), at=at)

    def damage(self) -> str:
        """What is wrong with the journal, in words; empty where everything that was known of it is still there."""
        try:
            journal, known = self._journal.read(), self.seen()
        except OSError as error:
            return f"the journal of kills cannot be read ({error.strerror})"
        if journal.holds(*known):
            return ""
        return f"the journal of kills is not the one of which {known.lines} lines were known: it was cut or changed"

    def unseen(self) -> str:
        """The newest kill that the database does not know, released or not, in words; empty where it knows them all."""
        missed = () if self.damage() else self._journal.read().kills_after(self.seen().lines)
        if not missed:
            return ""
        newest = missed[-1]
        return f"killed by {newest.by}: {newest.reason}" if newest.good else "a line of the journal of kills is damaged"


class ControlStore:
    """Kill row, trading state, mode, pauses, release in force, the owner's last resume and reconciliation."""

    def __init__(self, database: Database, ledger: Ledger, latch: KillSwitch, calendar: Calendar | None = None) -> None:
        self._database = database
        self._ledger = ledger
        self._latch = latch
        self._calendar = calendar
        self.kills = KillHistory(ledger, latch)
        self.alerts = AlertLog(ledger)

    def read(
        self, *, broker_time: datetime | None = None, broker_open: bool | None = None, at: datetime | None = None
    ) -> Control:
        """The control plane as it is now; what cannot be read is killed.

        The recovery ramp is that of ``at``, else of the broker's time; without either, or a calendar, it is unknown.
        """
        latched, flatten = self._latch.engaged(), self._latch.flatten()
        try:
            with self._database.reading() as connection:
                found, scopes = _SWITCHES.first(connection), _PAUSES.rows(connection)
            row = None if found is None else _Switches(*found)
            seen = _control(row, scopes, latched=latched, broker_time=broker_time)
            seen = replace(seen, broker_open=broker_open, flatten=flatten)
            if row is None or row.ramp_from is None:
                return seen
            moment = broker_time if at is None else at
            if moment is None or self._calendar is None:
                return replace(seen, ramp=None)
            # A clock that was set back must not take the ramp back to where it began.
            latest = max(moment, row.newest or moment)
            return replace(seen, ramp=recovery_ramp(row.ramp_from, latest, self._calendar))
        # I-32: a row that nobody can read may be one that says killed.
        except (OversightError, ValueError, TypeError):
            return _KILLED

    def set_trading_state(self, state: TradingState, *, by: str, at: datetime, reason: str = "") -> None:
        """Move between ACTIVE, REDUCING and HALTED."""
        self._set({"trading_state": state}, by=by, at=at, reason=reason)

    def tighten(self, state: TradingState, *, by: str, at: datetime, reason: str, drawdown: bool = False) -> None:
        """Move to ``state`` unless the present one is as strict or stricter.

        ``drawdown``: the hard limit is reached, which is told as critical once between two resumes, moved or not.
        """
        with self._database.transaction():
            # Read under the write lock: of two that tighten at once the stricter must be what stays.
            moves = _STRICTNESS.index(state) > _STRICTNESS.index(self.read().trading_state)
            if moves:
                self.set_trading_state(state, by=by, at=at, reason=reason)
            if drawdown:
                key = derive("alr", AlertCode.DRAWDOWN, str(self.resumed_at()))
                self.alerts.raised(Alert(Severity.CRITICAL, AlertCode.DRAWDOWN, f"{by}: {reason}", key, at))
            elif moves:
                self._alert(_MOVED[state], f"{by}: {reason}", at=at)

    def set_mode(self, mode: Mode, *, by: str, at: datetime, reason: str = "") -> None:
        """Move on the autonomy ladder."""
        self._set({"mode": mode}, by=by, at=at, reason=reason)

    def put_in_force(
        self,
        release: Release,
        policy: Policy,
        *,
        by: str,
        at: datetime,
        reason: str = "",
        changes: Sequence[Change] = (),
    ) -> None:
        """From here on only processes of this release open positions; the policy is kept whole, for comparison."""
        stored = {"profile": policy.profile, "limits": as_written(policy.limits)}
        digests = {
            "code_digest": release.code, "policy_digest": release.policy, "prompt_digest": release.prompts,
        }  # fmt: skip
        with self._database.transaction() as connection:
            replaced = self.read().release
            if connection.execute(select(policies.c.digest).where(policies.c.digest == policy.digest)).first() is None:
                connection.execute(policies.insert().values(digest=policy.digest, at=at, by=by, **stored))
            self._ensure_row()
            connection.execute(control.update().values(digests))
            told = {**digests, "replaces": replaced, "changes": [_told(change) for change in changes]}
            self._record(told, by=by, at=at, reason=reason)

    def policy_in_force(self) -> Policy | None:
        """The policy that was last put in force; None where there is none or this code cannot read it."""
        with self._database.reading() as connection:
            named = select(control.c.policy_digest).scalar_subquery()
            row = connection.execute(select(policies).where(policies.c.digest == named)).one_or_none()
        return None if row is None else policy_as_written(row.profile, row.limits, row.digest)

    def policy_of(self, digest: str) -> Policy | None:
        """A policy that was in force once; None where it never was, or this code cannot read it."""
        with self._database.reading() as connection:
            row = connection.execute(select(policies).where(policies.c.digest == digest)).one_or_none()
        return None if row is None else policy_as_written(row.profile, row.limits, row.digest)

    def resumed_at(self) -> datetime | None:
        """When the owner last resumed after a stop; what broke before that has been looked at."""
        with self._database.reading() as connection:
            found = _RESUMED_AT.first(connection)
        return None if found is None else found[0]

    def blocked(self, symbol: Symbol, side: Side, *, at: datetime) -> None:
        """The gates refused an intent at the desk."""
        with self._database.transaction() as connection:
            # The look is prepared; a delete is built anew each time and mostly finds nothing.
            if _OLD_BLOCK.first(connection, at - BLOCKS_KEPT) is not None:
                connection.execute(blocks.delete().where(blocks.c.at < at - BLOCKS_KEPT))
            _BLOCK.run(connection, (symbol, side, at))

    def let_through(self, symbol: Symbol, side: Side) -> None:
        """The gates let an intent through: the row of refusals of that symbol and side is over."""
        with self._database.transaction() as connection:
            connection.execute(blocks.delete().where(blocks.c.symbol == symbol, blocks.c.side == side))

    def blocks_in_row(self, *, now: datetime, fewest: int = 1) -> dict[tuple[Symbol, Side], int]:
        """Refusals in a row by symbol and side, from ``fewest`` on, within a day and since the owner's last resume."""
        with self._database.reading() as connection:
            looked = self.resumed_at()
            since = now - BLOCKS_KEPT if looked is None else max(looked, now - BLOCKS_KEPT)
            found = _BLOCKS_SINCE.rows(connection, since, fewest)
        return {(Symbol(symbol), Side(side)): count for symbol, side, count in found}

    def start_ramp(self, *, by: str, at: datetime) -> None:
        """The owner resumes after a stop: sizes start small. A clock that was set back does not end it sooner."""
        with self._database.transaction() as connection:
            self._ensure_row()
            newest = connection.execute(select(control.c.newest)).scalar_one_or_none()
            since = at if newest is None else max(at, newest)
            connection.execute(control.update().values(resumed_at=at, ramp_from=since, newest=since))
            self._record({"ramp_from": since}, by=by, at=at, reason="resumed after a stop")

    def set_killed(self, killed: bool, *, by: str, at: datetime, reason: str = "") -> None:
        """The database half of the kill switch; the latch file is the other. What its journal says is known then."""
        with self._database.transaction() as connection:
            before = connection.execute(select(control.c.killed)).scalar_one_or_none()
            # In one transaction with the row, or a kill that is on the books would count as one never seen.
            self.kills.remember(at=at)
            self._set({"killed": killed}, by=by, at=at, reason=reason)
            # Killing twice is killing once, and rings once.
            if killed and not before:
                self._alert(AlertCode.KILLED, f"{by}: {reason}", at=at)

    def pause(self, pause: Pause) -> None:
        """Stop new entries of a scope, replacing an earlier pause of the same scope."""
        values = {name: getattr(pause, name) for name in Pause.__slots__}
        with self._database.transaction() as connection:
            self._ensure_row()
            connection.execute(pauses.delete().where(_scope(pause.scope, pause.name)))
            connection.execute(pauses.insert().values(values))
            self._record({"pause": pause}, by=pause.by, at=pause.since, reason=pause.reason)

    def resume(self, scope: str, name: str, *, by: str, at: datetime) -> bool:
        """Lift a pause; False when there was none."""
        with self._database.transaction() as connection:
            lifted = bool(connection.execute(pauses.delete().where(_scope(scope, name))).rowcount)
            if lifted:
                self._record({"resume": [scope, name]}, by=by, at=at, reason="")
        return lifted

    def mark_reconciled(self, at: datetime, mismatched: Iterable[Symbol]) -> None:
        """The broker was compared with our books at ``at``; these symbols differ."""
        with self._database.transaction() as connection:
            self._ensure_row()
            newest = connection.execute(select(control.c.newest)).scalar_one_or_none()
            # The ramp is measured by the newest moment, so that one never goes back.
            seen = at if newest is None else max(at, newest)
            connection.execute(control.update().values(reconciled_at=at, mismatched=sorted(mismatched), newest=seen))

    def mark_unreconciled(self) -> None:
        """Forget the last reconciliation: no new exposure until the next one."""
        with self._database.transaction() as connection:
            connection.execute(control.update().values(reconciled_at=None))

    def incident(self, key: str, what: str, *, at: datetime) -> bool:
        """Something that must not happen did: recorded once, and only reducing orders from here on."""
        with self._database.transaction() as connection:
            # Known ones tighten nothing again: a fault that stays must not undo the owner's resume at every look.
            if connection.execute(select(incidents.c.key).where(incidents.c.key == key)).first() is not None:
                return False
            connection.execute(incidents.insert().values(key=key, at=at, what=what))
            self.tighten(TradingState.REDUCING, by="system", at=at, reason=what)
            self._ledger.append(RecordKind.CONTROL, derive("inc", key), {"incident": what, "key": key}, at=at)
            self._alert(AlertCode.INCIDENT, what, at=at)
        return True

    def _alert(self, code: AlertCode, words: str, *, at: datetime) -> None:
        """An alert about this change, in its transaction; the ledger's head makes the key of each event its own."""
        severity = Severity.WARNING if code is AlertCode.REDUCING else Severity.CRITICAL
        self.alerts.raised(Alert(severity, code, words, derive("alr", code, self._ledger.head()), at))

    def _set(self, values: dict[str, Any], *, by: str, at: datetime, reason: str) -> None:
        with self._database.transaction() as connection:
            self._ensure_row()
            connection.execute(control.update().values(values))
            self._record(values, by=by, at=at, reason=reason)

    def _record(self, change: dict[str, Any], *, by: str, at: datetime, reason: str) -> None:
        self._ledger.append(RecordKind.CONTROL, "control", {**change, "by": by, "reason": reason}, at=at)

    def _ensure_row(self) -> None:
        with self._database.transaction() as connection:
            if connection.execute(select(control.c.id)).first() is None:
                connection.execute(
                    control.insert().values(
                        id=1,
                        killed=False,
                        trading_state=TradingState.ACTIVE,
                        mode=Mode.OFF,
                        policy_digest="",
                        code_digest="",
                        prompt_digest="",
                        mismatched=[],
                    )
                )


class _Switches(NamedTuple):
    """The one row of the table, column by column."""

    id: int
    killed: bool
    trading_state: str
    mode: str
    policy_digest: str
    code_digest: str
    prompt_digest: str
    reconciled_at: datetime | None
    mismatched: object
    resumed_at: datetime | None
    ramp_from: datetime | None
    newest: datetime | None


def _told(change: Change) -> dict[str, Any]:
    return {"limit": change.name, "old": change.old, "new": change.new, "direction": change.direction}


def _scope(scope: str, name: str) -> ColumnElement[bool]:
    return (pauses.c.scope == scope) & (pauses.c.name == name)


def _control(
    row: _Switches | None, scopes: Sequence[tuple[Any, ...]], *, latched: bool, broker_time: datetime | None
) -> Control:
    """A database that nobody has configured yet is in mode ``off``: nothing may be sent."""
    if row is None:
        return Control(latched, TradingState.ACTIVE, Mode.OFF, broker_time=broker_time)
    return Control(
        kill_switch=latched or row.killed,
        trading_state=TradingState(row.trading_state),
        mode=Mode(row.mode),
        pauses=tuple(Pause(*scope) for scope in scopes),
        policy_digest=row.policy_digest,
        reconciled_at=row.reconciled_at,
        mismatched=_symbols(row.mismatched),
        broker_time=broker_time,
        release=_release(row),
    )


def _symbols(names: object) -> tuple[Symbol, ...]:
    """The names of symbols that differ; anything but a list of tickers cannot be read, which counts as killed."""
    if not isinstance(names, list):
        raise ValueError(f"{names!r} is no list of symbols")
    return tuple(parse_symbol(name) for name in names)


def _release(row: _Switches) -> Release | None:
    digests = (row.code_digest, row.policy_digest, row.prompt_digest)
    return Release(*digests) if all(digests) else None


_SWITCHES = Query(select(*(control.c[name] for name in _Switches._fields)))
_PAUSES = Query(select(*(pauses.c[name] for name in Pause.__slots__)).order_by(pauses.c.scope, pauses.c.name))
_RESUMED_AT = Query(select(control.c.resumed_at))
_OLD_BLOCK = Query(select(blocks.c.number).where(blocks.c.at < given("before")).limit(1), "before")
_BLOCK = Prepared(blocks.insert(), ("symbol", "side", "at"))
_BLOCKS_SINCE = Query(
    select(blocks.c.symbol, blocks.c.side, func.count())
    # Strictly after: what was refused at the very moment of the resume has been looked at.
    .where(blocks.c.at > given("since"))
    .group_by(blocks.c.symbol, blocks.c.side)
    .having(func.count() >= given("fewest")),
    "since",
    "fewest",
)
