"""The switches of the control plane, kept in the database and read together with the kill latch.

Every change is a ledger entry in the same transaction. Who may make which change is for ``policies.ladder``; this store
only keeps it, and refuses nothing that tightens.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select

from domain.case import Control, Mode, Pause, TradingState
from domain.errors import OversightError
from domain.ids import derive
from domain.market import Symbol
from domain.ports import Ledger
from domain.records import RecordKind
from policies.kill_switch import KillSwitch
from trading.store.database import Database
from trading.store.tables import control, incidents, pauses

_STRICTNESS = (TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED)
_KILLED = Control(kill_switch=True, trading_state=TradingState.HALTED, mode=Mode.OFF, readable=False)


class ControlStore:
    """Kill row, trading state, mode, pauses, policy in force and reconciliation."""

    def __init__(self, database: Database, ledger: Ledger, latch: KillSwitch) -> None:
        self._database = database
        self._ledger = ledger
        self._latch = latch

    def read(self, *, broker_time: datetime | None = None) -> Control:
        """The control plane as it is now; what cannot be read is killed."""
        latched = self._latch.engaged()
        try:
            with self._database.reading() as connection:
                row = connection.execute(select(control)).one_or_none()
                scopes = connection.execute(select(pauses).order_by(pauses.c.scope, pauses.c.name)).all()
            return _control(row, scopes, latched=latched, broker_time=broker_time)
        except (OversightError, ValueError):
            return _KILLED

    def set_trading_state(self, state: TradingState, *, by: str, at: datetime, reason: str = "") -> None:
        """Move between ACTIVE, REDUCING and HALTED."""
        self._set({"trading_state": state}, by=by, at=at, reason=reason)

    def tighten(self, state: TradingState, *, by: str, at: datetime, reason: str) -> None:
        """Move to ``state`` unless the present one is as strict or stricter."""
        with self._database.transaction():
            if _STRICTNESS.index(state) > _STRICTNESS.index(self.read().trading_state):
                self.set_trading_state(state, by=by, at=at, reason=reason)

    def set_mode(self, mode: Mode, *, by: str, at: datetime, reason: str = "") -> None:
        """Move on the autonomy ladder."""
        self._set({"mode": mode}, by=by, at=at, reason=reason)

    def set_policy(self, digest: str, *, by: str, at: datetime, reason: str = "") -> None:
        """Name the policy that the owner has accepted; orders under another one are denied."""
        self._set({"policy_digest": digest}, by=by, at=at, reason=reason)

    def set_killed(self, killed: bool, *, by: str, at: datetime, reason: str = "") -> None:
        """The database half of the kill switch; the latch file is the other."""
        self._set({"killed": killed}, by=by, at=at, reason=reason)

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
            connection.execute(control.update().values(reconciled_at=at, mismatched=sorted(mismatched)))

    def mark_unreconciled(self) -> None:
        """Forget the last reconciliation: no new exposure until the next one."""
        with self._database.transaction() as connection:
            connection.execute(control.update().values(reconciled_at=None))

    def incident(self, key: str, what: str, *, at: datetime) -> bool:
        """Something that must not happen did: recorded once, and only reducing orders from here on."""
        with self._database.transaction() as connection:
            if connection.execute(select(incidents.c.key).where(incidents.c.key == key)).first() is not None:
                return False
            connection.execute(incidents.insert().values(key=key, at=at, what=what))
            self.tighten(TradingState.REDUCING, by="system", at=at, reason=what)
            self._ledger.append(RecordKind.CONTROL, derive("inc", key), {"incident": what, "key": key}, at=at)
        return True

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
                        mismatched=[],
                    )
                )


def _scope(scope: str, name: str) -> ColumnElement[bool]:
    return (pauses.c.scope == scope) & (pauses.c.name == name)


def _control(
    row: Row[Any] | None, scopes: Sequence[Row[Any]], *, latched: bool, broker_time: datetime | None
) -> Control:
    """A database that nobody has configured yet is in mode ``off``: nothing may be sent."""
    if row is None:
        return Control(latched, TradingState.ACTIVE, Mode.OFF, broker_time=broker_time)
    return Control(
        kill_switch=latched or row.killed,
        trading_state=TradingState(row.trading_state),
        mode=Mode(row.mode),
        pauses=tuple(Pause(**scope._mapping) for scope in scopes),
        policy_digest=row.policy_digest,
        reconciled_at=row.reconciled_at,
        mismatched=tuple(Symbol(name) for name in row.mismatched),
        broker_time=broker_time,
    )
