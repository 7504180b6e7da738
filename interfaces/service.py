"""The use cases, and the only place where they are offered: every face calls these and renders the view it gets."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.case import Mode
from domain.decisions import Phase
from domain.errors import ManualActionError
from domain.market import Symbol
from interfaces import approving, checkup, controlling, conversing, cycling, explaining, looking, releasing, whynot
from interfaces.gate_views import (
    LimitsView,
    RiskView,
    WhyNotView,
)
from interfaces.runtime import Runtime
from interfaces.views import (
    AnswerView,
    AuditView,
    ControlView,
    CycleReport,
    DoctorView,
    ExplainView,
    MemoryView,
    ModeView,
    OrdersView,
    PendingView,
    PnlView,
    PolicyChangeView,
    PositionsView,
    ResumePlan,
    StatusView,
    TradesView,
)
from memory.rebuild import rebuild
from trading.store.approvals import ApprovalState


def _silent(_text: str) -> None:
    """Progress that nobody watches."""


class Service:
    """Sage for its faces."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    @property
    def notice(self) -> str:
        """What the owner has to know before anything else; empty where there is nothing."""
        return self._runtime.setup.notice

    @property
    def home(self) -> str:
        """The folder this start works in."""
        return str(self._runtime.setup.home)

    def cycle(self, symbols: tuple[Symbol, ...], as_of: datetime, progress: cycling.Progress = _silent) -> CycleReport:
        """Run one cycle, or finish the one that was cut off."""
        if self._runtime.kill_switch.engaged():
            self._runtime.deps.desk.cancel_working()
        self._runtime.advance(as_of)
        approving.recover(self._runtime)
        return cycling.run_cycle(self._runtime, symbols, as_of, progress)

    def status(self) -> StatusView:
        """How things stand."""
        return looking.status(self._runtime)

    def positions(self) -> PositionsView:
        """What is held."""
        return looking.positions(self._runtime)

    def orders(self) -> OrdersView:
        """Orders, newest first."""
        return looking.orders(self._runtime)

    def trades(self) -> TradesView:
        """Round trips, newest first."""
        return looking.trades(self._runtime)

    def pnl(self) -> PnlView:
        """Profit and loss."""
        return looking.pnl(self._runtime)

    def risk(self) -> RiskView:
        """The room every gate leaves."""
        return looking.risk(self._runtime)

    def limits(self, profile: str | None = None, against: str | None = None) -> LimitsView:
        """The policy of this start or the one named ``profile``, and how ``against`` would change it."""
        waits = not releasing.waiting(self._runtime).in_force
        return looking.limits(self._runtime, profile, against, waits=waits)

    def whynot(self, name: str) -> WhyNotView:
        """What stood in the way of an order, and the nearest one that would pass."""
        return whynot.why_not(self._runtime, name)

    def pending(self) -> PendingView:
        """What waits for a person."""
        return approving.pending(self._runtime)

    def explain(self, name: str, phase: Phase | None) -> ExplainView:
        """Why something was decided and what became of it."""
        return explaining.explain(self._runtime, name, phase)

    def approve(self, pending_id: str, by: str) -> AnswerView:
        """Let a waiting order go to the gates."""
        return approving.answer(self._runtime, pending_id, ApprovalState.APPROVED, by)

    def reject(self, pending_id: str, by: str) -> AnswerView:
        """Refuse a waiting order."""
        return approving.answer(self._runtime, pending_id, ApprovalState.REJECTED, by)

    def pause(self, scope: str, name: str, lasting: timedelta | None, reason: str = "") -> ControlView:
        """Stop new entries."""
        return controlling.pause(self._runtime, scope, name, lasting, reason)

    def resume_plan(self) -> ResumePlan:
        """What a resume would release, and what its checklist finds."""
        return controlling.plan(self._runtime)

    def resume(self, scope: str, name: str, plan: ResumePlan | None = None) -> ControlView:
        """Lift a pause, or everything that stops trading; ``plan`` is what the owner was shown of it."""
        return controlling.resume(self._runtime, scope, name, plan)

    def needs_owner(self, mode: Mode) -> bool:
        """True where only the owner may move the mode there."""
        return controlling.is_up(self._runtime.deps.stores.control.read().mode, mode)

    def set_mode(self, mode: Mode, *, confirmed: bool) -> ModeView:
        """Move on the autonomy ladder."""
        return controlling.set_mode(self._runtime, mode, confirmed=confirmed)

    def policy_change(self) -> PolicyChangeView:
        """The policy of this start against the one in force."""
        return releasing.waiting(self._runtime)

    def accept_policy(self, shown: PolicyChangeView) -> PolicyChangeView:
        """Put it in force, as the owner was shown it."""
        return releasing.accept(self._runtime, shown.old_digest)

    def kill(self, reason: str, *, flatten: bool) -> ControlView:
        """Stop everything; ``flatten`` closes all positions first, and the latch falls whatever happens there."""
        try:
            done = controlling.flatten(self._runtime, reason) if flatten else None
        finally:
            view = controlling.kill(self._runtime, reason)
        left = None if done is None else controlling.still_held(self._runtime, done)
        if left is not None:
            raise left
        return view

    def verify(self) -> AuditView:
        """Prove that no record was changed."""
        report = self._runtime.deps.stores.ledger.verify()
        return AuditView(
            self._runtime.deps.clock.now(), report.ok, report.entries, report.head, tuple(map(str, report.problems))
        )

    def doctor(self) -> DoctorView:
        """Check every part."""
        return checkup.doctor(self._runtime)

    def rebuild_memory(self) -> MemoryView:
        """Make the memory of trades anew from the ledger."""
        memory, now = self._runtime.deps.memory, self._runtime.deps.clock.now()
        if memory is None:
            raise ManualActionError("no memory of trades is configured", "Start without turning it off.")
        return MemoryView(now, rebuild(self._runtime.deps.stores.ledger, memory), str(self._runtime.setup.home))

    def understood(self, text: str) -> conversing.Question:
        """Which view a question in words asks for."""
        return conversing.understood(text, self._runtime.deps.market.symbols())
