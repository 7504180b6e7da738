"""The use cases, and the only place where they are offered: every face calls these and renders the view it gets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Lock

from domain.case import Mode
from domain.decisions import Phase
from domain.market import Symbol
from domain.signals import Regime
from interfaces.acting import (
    changing,
    closing,
    comparing,
    consent,
    controlling,
    ordering,
    releasing,
    restricting,
    slicing,
)
from interfaces.lazy import rooms_on_first_use
from interfaces.runtime import Runtime
from interfaces.serving import talking as chatting
from interfaces.serving import timetable
from interfaces.serving.life import Life
from interfaces.telling import asking, balancing, checkup, drawing, explaining, looking, profiting, recorded
from interfaces.telling.conversation import conversing
from interfaces.telling.gates import instead, whynot
from interfaces.telling.runs import experimenting
from interfaces.views.charts import EquityView, PricesView
from interfaces.views.chat import ChatView
from interfaces.views.checks import AdoptedView, AuditView, ComparedView, DifferenceView, DoctorView, MemoryView
from interfaces.views.control import (
    AnswerView,
    ControlView,
    HoldingView,
    LocksView,
    ModeView,
    PendingView,
    PeopleView,
    PolicyChangeView,
    ResumePlan,
)
from interfaces.views.cycles import CycleReport, ExplainView, ExplanationView
from interfaces.views.duties import AlertsView, AlgosView, AlgoView, ScheduleView, WatchView, WishesView
from interfaces.views.experiments import ExperimentsView, ExperimentView
from interfaces.views.gates import (
    LimitsView,
    RiskView,
    TicketView,
    WhyNotView,
)
from interfaces.views.memory import LearnView, MemoryStatsView, RecallView
from interfaces.views.models import UsageView
from interfaces.views.profits import ProfitsView
from interfaces.views.records import ConfigView, EntriesView, EvalsView, LogsView
from interfaces.views.state import BalanceView, OrdersView, PnlView, PositionsView, StatusView, TradesView
from trading.execution.changes import OrderChange
from trading.portfolio.periods import Unit
from trading.store.approvals import ApprovalState
from trading.store.people.roles import Role

with rooms_on_first_use():
    # These run graphs or live on, and take a second to load; the rest of the use cases only look.
    import interfaces.acting.approving as approving
    import interfaces.acting.cycling as cycling
    import interfaces.acting.remembering as remembering
    import interfaces.delivery.preferring as preferring
    import interfaces.delivery.running as telling
    import interfaces.serving.live as serving
    import interfaces.telling.conversation.chatting as conversations


# As in ``acting.cycling``, which is not loaded before a cycle runs.
def _silent(_text: str) -> None:
    """Progress that nobody watches."""


def _nothing_else(_report: CycleReport) -> None:
    """Nothing becomes durable together with the cycle."""


class Service:
    """Sage for its faces."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._talker: conversations.Talker | None = None
        self._begin_talking = Lock()

    @property
    def notice(self) -> str:
        """What the owner has to know before anything else; empty where there is nothing."""
        return self._runtime.setup.notice

    @property
    def home(self) -> str:
        """The folder this start works in."""
        return str(self._runtime.setup.home)

    def cycle(
        self,
        symbols: tuple[Symbol, ...],
        as_of: datetime,
        progress: Callable[[str], None] = _silent,
        also: Callable[[CycleReport], None] = _nothing_else,
    ) -> CycleReport:
        """Run one cycle, or finish the one that was cut off; refused while another process is at one in this home."""
        return cycling.oversee(self._runtime, symbols, as_of, progress, also)

    def live(self, universe: tuple[Symbol, ...], life: Life) -> None:
        """Run what is scheduled until told to stop."""
        serving.live(self._runtime, universe, life)

    def talk(self, universe: tuple[Symbol, ...], life: Life) -> None:
        """Answer people from afar until told to stop, and run nothing by the timetable."""
        chatting.talk(self._runtime, universe, life)

    def schedule(self, count: int | None = None) -> ScheduleView:
        """The next runs, the newest that were, and who is at work."""
        return timetable.schedule(self._runtime, count)

    def watch(self, longest: timedelta) -> WatchView:
        """What is wrong with the service, seen from outside."""
        return timetable.watch(self._runtime, longest)

    def warn(self, seen: WatchView) -> int:
        """Tell people what is wrong with the service, or that it is well again; how many messages arrived."""
        return telling.tell_watch(self._runtime, seen.alerts)

    def alerts(self) -> AlertsView:
        """What was critical, and whether somebody has seen it."""
        return telling.alerts(self._runtime)

    def prefer(self, address: str, what: str, words: Sequence[str], by: str) -> WishesView:
        """How an address is told, after a change by ``alerts``, ``quiet`` or ``mute``; without words only shown."""
        return preferring.prefer(self._runtime, address, what, words, by)

    def acknowledge(self, mark: str, by: str) -> None:
        """Somebody has seen a critical matter: it is repeated no more."""
        telling.acknowledge(self._runtime, mark, by)

    def start_algo(self, request: slicing.SliceRequest, *, confirmed: bool = False) -> AlgoView:
        """Work a large order in slices."""
        return slicing.start(self._runtime, request, confirmed=confirmed)

    def stop_algo(self, algo_id: str) -> AlgoView:
        """Take out what works of it, and send nothing more."""
        return slicing.stop(self._runtime, algo_id)

    def algos(self) -> AlgosView:
        """Orders that are worked in slices."""
        return slicing.listed(self._runtime)

    def last_cycle(self) -> CycleReport | None:
        """The newest finished cycle, as it was reported."""
        return drawing.last_cycle(self._runtime)

    def equity(self) -> EquityView:
        """Equity by day, for a chart."""
        return drawing.equity(self._runtime)

    def prices(self, name: str) -> PricesView:
        """Bars and fills of a symbol, for a chart."""
        return drawing.prices(self._runtime, name)

    def status(self) -> StatusView:
        """How things stand."""
        return looking.status(self._runtime)

    def positions(self) -> PositionsView:
        """What is held."""
        return looking.positions(self._runtime)

    def orders(self) -> OrdersView:
        """Orders, newest first."""
        return looking.orders(self._runtime)

    def trades(self, count: int = looking.SHOWN_TRADES) -> TradesView:
        """So many round trips, newest first."""
        return looking.trades(self._runtime, count)

    def balance(self) -> BalanceView:
        """Equity and what it is made of, by the broker and by our own record."""
        return balancing.balance(self._runtime)

    def usage(self, days: int) -> UsageView:
        """What asking models has cost."""
        return asking.usage(self._runtime, days)

    def pnl(self) -> PnlView:
        """Profit and loss."""
        return looking.pnl(self._runtime)

    def profits(self, what: str, by: Unit | None = None) -> ProfitsView:
        """Profit and loss of ``day``, ``week``, ``month``, ``ytd``, ``total`` or a symbol, line by line."""
        return profiting.profits(self._runtime, what, by)

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
        """Why something was decided, what became of it, and what would have passed where it was refused."""
        return instead.explained(self._runtime, name, phase)

    def became(self, name: str) -> ExplanationView | None:
        """What came after a decision, without what led to it."""
        return explaining.became(self._runtime, name)

    def approve(self, pending_id: str, by: str, *, half: bool = False) -> AnswerView:
        """Let a waiting order, or half of it, go to the gates."""
        return approving.answer(self._runtime, pending_id, ApprovalState.APPROVED, by, half=half)

    def reject(self, pending_id: str, by: str) -> AnswerView:
        """Refuse a waiting order."""
        return approving.answer(self._runtime, pending_id, ApprovalState.REJECTED, by)

    def pause(
        self, scope: str, name: str, lasting: timedelta | None, reason: str = "", by: str = controlling.OWNER
    ) -> ControlView:
        """Stop new entries."""
        return controlling.pause(self._runtime, scope, name, lasting, reason, by=by)

    def restrict(self, name: str, lasting: timedelta | None, reason: str, by: str) -> ControlView:
        """Put a symbol on the restricted list."""
        return restricting.restrict(self._runtime, name, lasting, reason, by)

    def allow(self, name: str, by: str) -> ControlView:
        """Take it off."""
        return restricting.allow(self._runtime, name, by)

    def unlock(self, name: str, by: str) -> ControlView:
        """Lift one of the locks."""
        return restricting.unlock(self._runtime, name, by)

    def locks(self) -> LocksView:
        """What stops new entries, by whom, why and until when."""
        return restricting.locks(self._runtime)

    def resume_plan(self, *, accept_loss: bool = False) -> ResumePlan:
        """What a resume would release, and what its checklist finds."""
        return controlling.plan(self._runtime, accept_loss=accept_loss)

    def resume(
        self, scope: str, name: str, plan: ResumePlan | None = None, *, accept_loss: bool = False
    ) -> ControlView:
        """Lift a pause, or everything that stops trading; ``plan`` is what the owner was shown of it."""
        return controlling.resume(self._runtime, scope, name, plan, accept_loss=accept_loss)

    def people(self, me: str) -> PeopleView:
        """Who may do what from afar; ``me`` is who sits at the machine."""
        return controlling.people(self._runtime, me)

    def set_role(self, who: int, role: Role | None, me: str) -> PeopleView:
        """Give or take a role, as whoever sits at the machine and owns it."""
        return controlling.set_role(self._runtime, who, role, me)

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

    def order(self, ticket: ordering.Ticket, *, what_if: bool = False, confirmed: bool = False) -> TicketView:
        """An order by hand; ``what_if`` only asks, ``confirmed`` is the yes where the gates want one."""
        return ordering.order(self._runtime, ticket, what_if=what_if, confirmed=confirmed)

    def ask_order(self, ticket: ordering.Ticket) -> TicketView:
        """What would be sent, for whoever is to say yes to it; a refusal is on record."""
        return consent.ask(self._runtime, ticket)

    def before_cancel(self, name: str) -> str:
        """What would lie bare without this order, for whoever is to say yes to it; empty where nothing would."""
        return changing.before_cancel(self._runtime, name)

    def before_change(self, name: str, change: OrderChange) -> str:
        """What an order is and what it becomes, for whoever is to say yes to it."""
        return changing.before_change(self._runtime, name, change)

    def cancel_order(self, name: str) -> TicketView:
        """Take a working order out."""
        return ordering.cancel(self._runtime, name)

    def replace_order(self, name: str, change: OrderChange) -> TicketView:
        """Put a changed order in the place of a working one."""
        return ordering.change(self._runtime, name, change)

    def holding(self, name: str) -> HoldingView:
        """What is held of the symbol, round trip or order of that name."""
        return closing.holding(self._runtime, name)

    def flatten(self, only: tuple[Symbol, ...]) -> ControlView:
        """Close these positions, or all, under a kill too; what is left is named in the error."""
        return controlling.flatten(self._runtime, only)

    def close(self, symbol: Symbol) -> ControlView:
        """Close all that is held of one symbol."""
        return controlling.flatten(self._runtime, (symbol,), "close")

    def kill(self, reason: str, *, flatten: bool) -> ControlView:
        """Stop everything; ``flatten`` then closes all positions, and names what is still held."""
        return controlling.kill(self._runtime, reason, flatten=flatten)

    def reconcile(self) -> ComparedView:
        """Bring the books up to the broker's and compare them now."""
        return comparing.compare(self._runtime)

    def adoptable(self, symbol: Symbol, ratio: Decimal | None = None) -> DifferenceView:
        """What adopting the broker's quantity would book; ``ratio`` is a split that the owner names."""
        return comparing.adoptable(self._runtime, symbol, ratio)

    def adopt(self, shown: DifferenceView, by: str) -> AdoptedView:
        """Book it as it was shown; nothing is sent."""
        return comparing.adopt(self._runtime, shown, by)

    def verify(self, progress: Callable[[str], None] = _silent) -> AuditView:
        """Prove that no record was changed, and that the tables say what the records say."""
        return recorded.verify(self._runtime, progress)

    def entries(self, count: int) -> EntriesView:
        """The newest entries of the ledger, a line each."""
        return recorded.entries(self._runtime, count)

    def logs(self, count: int) -> LogsView:
        """The newest lines of the log."""
        return recorded.logs(self._runtime, count)

    def config(self) -> ConfigView:
        """The settings of this start, without secrets."""
        return recorded.config(self._runtime)

    def evals(self) -> EvalsView:
        """How the evals went."""
        return recorded.evals(self._runtime)

    def experiments(self, count: int) -> ExperimentsView:
        """Runs over the past that are stored, newest first."""
        return experimenting.experiments(self._runtime, count)

    def experiment(self, name: str) -> ExperimentView:
        """One of them by its id or how that begins, or ``last``."""
        return experimenting.experiment(self._runtime, name)

    def backtested(self, strategy: str) -> ExperimentView | None:
        """The newest one of a strategy; None where none is stored."""
        return experimenting.backtested(self._runtime, strategy)

    def doctor(self) -> DoctorView:
        """Check every part."""
        return checkup.doctor(self._runtime)

    def rebuild_memory(self) -> MemoryView:
        """Make the memory of trades anew from the ledger."""
        return remembering.rebuild_memory(self._runtime)

    def memory_stats(self) -> MemoryStatsView:
        """What is remembered, and how far roles can be believed."""
        return remembering.stats(self._runtime)

    def recall(self, symbol: Symbol | None, regime: Regime | None, limit: int, like: str = "") -> RecallView:
        """Trades of a symbol most like its situation, or of any whose words say what ``like`` says."""
        return remembering.recall(self._runtime, symbol, regime, limit, like)

    def recall_words(self, words: Sequence[str], limit: int) -> RecallView:
        """The same for words of which the first may be a symbol."""
        return remembering.recall_words(self._runtime, words, limit)

    def learn(self) -> LearnView:
        """Learn from closed trades, each once."""
        return remembering.learn_now(self._runtime)

    def chat(self, chat: str, question: str, progress: Callable[[str], None] = _silent) -> ChatView:
        """Answer a question of a chat from the records; nothing can be changed from there."""
        with self._begin_talking:
            talker = self._talker = self._talker or conversations.Talker(self._runtime)
        return talker.ask(chat, question, progress)

    def understood(self, text: str) -> conversing.Question:
        """Which view a question in words asks for."""
        return conversing.understood(text, self._runtime.deps.market.symbols())
