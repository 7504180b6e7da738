"""What the nodes are given: ports, stores and rules, put together once in ``app.py`` and by tests with twins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from agents.ask import Asker
from domain.market import Timeframe
from domain.ports import Broker, Calendar, Clock, Market, NewsFeed
from memory.lesson_texts import TextEmbedder
from memory.reviews import CalibrationBook
from memory.trades import TradeMemory
from policies.policy import Policy
from trading.execution.desk import OrderDesk
from trading.execution.reconciliation.reconcile import Reconciler
from trading.portfolio.sizing import SizingRule
from trading.store.accounts.equity import EquityStore
from trading.store.approvals import ApprovalStore
from trading.store.calls import CallStore
from trading.store.control import ControlStore
from trading.store.cycles import CycleStore
from trading.store.database import Database
from trading.store.ledger import SqlLedger
from trading.store.news import NewsStore
from trading.store.observations import ObservationStore
from trading.store.orders import OrderStore
from trading.store.trades import TradeStore

RISK_LITTLE = SizingRule(risk_pct=Decimal("0.3"))
"""Of equity lost at the stop: a third of what the gates would allow."""


@dataclass(frozen=True, slots=True)
class CycleRules:
    """How a cycle looks at the market: bars of ``timeframe``, texts of the last ``news_window``, questions at once."""

    timeframe: Timeframe = Timeframe.DAY_1
    history_bars: int = 300
    news_window: timedelta = timedelta(hours=72)
    concurrency: int = 8
    strategies: tuple[str, ...] = ("momentum", "mean_reversion", "news_event")
    sizing: SizingRule = RISK_LITTLE
    approval_ttl: timedelta = timedelta(hours=4)

    @property
    def in_work(self) -> int:
        """Candidates in work at once: as many again as may ask, so that one is ready as soon as an answer is there.

        One question at a time stays one candidate after the other, so that such a cycle asks in the same order again.
        """
        return 2 * self.concurrency if self.concurrency > 1 else 1


@dataclass(frozen=True, slots=True)
class Stores:
    """The database and one store a noun."""

    database: Database
    ledger: SqlLedger
    observations: ObservationStore
    orders: OrderStore
    trades: TradeStore
    approvals: ApprovalStore
    control: ControlStore
    news: NewsStore
    calls: CallStore
    cycles: CycleStore
    equity: EquityStore


@dataclass(frozen=True, slots=True)
class CycleDeps:
    """Everything a node may reach. ``news`` is None where no source is configured, ``memory`` where it is off."""

    clock: Clock
    rules: CycleRules
    market: Market
    calendar: Calendar
    news: NewsFeed | None
    broker: Broker
    desk: OrderDesk
    reconciler: Reconciler
    stores: Stores
    asker: Asker
    memory: TradeMemory | None
    calibration: CalibrationBook | None = None
    """What confidences are worth; None knows nothing, and then no confidence has a calibrated value."""
    texts: TextEmbedder | None = None
    """Compares lessons by their words, for people who ask; None where no embedder is configured."""
    proposals: Path | None = None
    """The one folder that what models propose is written to; None where it is not kept."""

    @property
    def policy(self) -> Policy:
        """The policy that the desk judges by at this moment: a running service may have followed a tighter one."""
        return self.desk.policy
