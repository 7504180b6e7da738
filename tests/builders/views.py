"""Views as the service answers them: a cycle in which everything happens once, and the screens around it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.book import Adjustment
from domain.case import Mode, Pause, TradingState
from domain.decisions import Action, Concern, Inspection, MonitorReport, Phase, Ruling, Severity, Stance
from domain.ids import CandidateId, ClientOrderId, DecisionId, Ref
from domain.market import Symbol
from domain.orders import Fill, Order, OrderIntent, OrderStatus, OrderType, Origin, Side, TimeInForce
from domain.signals import CandidateKind, Regime, TradeCandidate
from domain.verdicts import Outcome
from interfaces.views.checks import (
    AdoptedView,
    AuditView,
    ComparedView,
    DifferenceView,
    DoctorRow,
    DoctorView,
    MemoryView,
)
from interfaces.views.control import (
    AnswerView,
    ControlView,
    LimitChange,
    LocksView,
    ModeView,
    PendingRow,
    PendingView,
    PeopleView,
    PersonRow,
    PolicyChangeView,
    ResumePlan,
    RiskRow,
    VerdictView,
)
from interfaces.views.cycles import (
    AdviceView,
    CycleReport,
    DecisionView,
    ExplainView,
    ExplanationView,
    ModelCallsView,
    SeenView,
    SourceView,
)
from interfaces.views.gates import (
    Basis,
    LimitRow,
    LimitsView,
    ObjectionView,
    RiskView,
    TallyView,
    TicketView,
    WhyNotView,
)
from interfaces.views.models import UsageRow
from interfaces.views.profits import ProfitRow, ProfitsView
from interfaces.views.records import ConfigRow, ConfigView, EntriesView, EntryRow, EvalsView, LogRow, LogsView, SuiteRow
from interfaces.views.state import (
    BalanceRow,
    BalanceView,
    DependencyView,
    OrdersView,
    PnlView,
    PositionsView,
    PositionView,
    ReconciledView,
    State,
    StatusView,
    TradesView,
)
from tests.builders.memory import a_closed_trade
from trading.portfolio.performance import Statistics
from trading.portfolio.periods import Unit

AT = datetime(2026, 3, 17, 15, 0, tzinfo=UTC)
D = Decimal


def candidate(symbol: str, qty: int, price: str, strategy: str = "momentum", side: Side = Side.BUY) -> TradeCandidate:
    name = CandidateId(f"cand-{symbol.lower()}")
    kind = CandidateKind.ENTRY if side is Side.BUY else CandidateKind.EXIT
    return TradeCandidate(
        name,
        Symbol(symbol),
        strategy,
        kind,
        side,
        D(qty),
        D(price),
        D(price) * D("0.96"),
        None,
        D("0.6"),
        D("0.7"),
        "",
        (Ref(f"rsi14@{symbol}"),),
    )


def advice(symbol: str, stance: Stance, confidence: str, size: str = "1") -> AdviceView:
    return AdviceView(
        f"cand-{symbol.lower()}",
        Symbol(symbol),
        stance,
        1,
        D(confidence),
        D(size),
        "days",
        None,
        (f"The close of {symbol} stands above its average.",),
        (),
        (f"close@{symbol}",),
        "recorded",
    )


def inspection(symbol: str, ruling: Ruling, size: str = "1", warning: str = "") -> Inspection:
    warnings = (Concern(warning, Severity.CAUTION, (), Symbol(symbol)),) if warning else ()
    return Inspection(CandidateId(f"cand-{symbol.lower()}"), Symbol(symbol), ruling, D(size), warnings, (), "recorded")


def decision(
    symbol: str, action: Action, qty: int, reason: str, *, side: Side = Side.BUY, ask: bool = False
) -> DecisionView:
    return DecisionView(
        f"dec-{symbol.lower()}",
        f"cand-{symbol.lower()}",
        Symbol(symbol),
        side,
        action,
        D(qty),
        None,
        ask,
        (reason,),
        (),
        "recorded",
    )


def verdict(symbol: str, gate: str = "B1_instrument", outcome: Outcome = Outcome.PASS, **figures: Any) -> VerdictView:
    return VerdictView(f"dec-{symbol.lower()}", Symbol(symbol), gate, gate.upper(), outcome, **figures)


def an_order(symbol: str = "AAPL", qty: int = 60, status: OrderStatus = OrderStatus.FILLED, **fields: Any) -> Order:
    told: dict[str, Any] = {
        "filled_qty": D(qty) if status is OrderStatus.FILLED else D(0),
        "limit_price": D("187.40"),
        "broker_id": "b-1",
        "broker_status": status.value,
    }
    return Order(
        ClientOrderId(f"ord-{symbol.lower()}k3v5xw2a7qme"),
        DecisionId(f"dec-{symbol.lower()}"),
        Symbol(symbol),
        Side.BUY,
        D(qty),
        OrderType.LIMIT,
        TimeInForce.DAY,
        status,
        AT,
        AT,
        "momentum",
        Origin.AGENT,
        **(told | fields),
    )


def a_fill(symbol: str, qty: int, price: str) -> Fill:
    return Fill(
        f"fill-{symbol}", an_order(symbol).client_order_id, Symbol(symbol), Side.BUY, D(qty), D(price), D("1.00"), AT
    )


def a_pending_row(**fields: Any) -> PendingRow:
    intent = OrderIntent(
        DecisionId("dec-nvda"),
        Symbol("NVDA"),
        Side.BUY,
        D(90),
        OrderType.LIMIT,
        TimeInForce.DAY,
        AT,
        Origin.AGENT,
        "momentum",
        limit_price=D("912.30"),
        stop_loss=D(880),
    )
    told: dict[str, Any] = {
        "id": "apr-k3v5xw2a7qme",
        "decision_id": "dec-nvda",
        "order": intent,
        "order_digest": intent.digest,
        "expires_at": AT + timedelta(minutes=10),
        "reasons": ("orders above 50,000 USD need a person",),
    }
    return PendingRow(**(told | fields))


def an_explanation(**fields: Any) -> ExplanationView:
    told: dict[str, Any] = {
        "decision_id": "dec-aapl",
        "symbol": Symbol("AAPL"),
        "phase": Phase.AFTER,
        "source": "recorded",
        "statements": (
            "AAPL was bought because its close of 187.20 USD stands above the average of 180.10 USD.",
            "The inspector cut the size to 60 shares, as the position would have been 12.4 % of equity.",
            "The order filled at 187.25 USD; the stop rests at 179.70 USD.",
        ),
        "sources": (
            SourceView("close@AAPL", "187.20 USD", "simulated bars", AT),
            SourceView("sma20@AAPL", "180.10 USD", "simulated bars", AT),
            SourceView("fill.price@AAPL", "187.25 USD", "paper broker", AT),
        ),
    }
    return ExplanationView(**(told | fields))


def a_seen_row(symbol: str = "AAPL", **fields: Any) -> SeenView:
    told: dict[str, Any] = {
        "price": D("187.20"),
        "day_pct": D("1.4"),
        "regime": Regime.TREND_UP,
        "direction": 1,
        "score": D("0.62"),
        "confidence": D("0.7"),
        "texts": 3,
        "topic": "earnings",
        "suspicious": 0,
    }
    return SeenView(Symbol(symbol), **(told | fields))


PASSES = ("A1_kill_switch", "A2_mode", "B1_instrument", "C1_order_size", "D1_daily_loss", "H1_schema")


def a_cycle_report(**fields: Any) -> CycleReport:
    """Taken, shrunk, refused by a gate, blocked by the inspector, waiting for a person, an exit, a hostile headline."""
    told: dict[str, Any] = {
        "cycle_id": "cyc-k3v5xw2a7qmehd4p",
        "as_of": AT,
        "mode": Mode.PAPER,
        "model": "recorded",
        "market": "simulated",
        "policy_digest": "3f9a" * 16,
        "evidence_count": 214,
        "seen": (
            a_seen_row(),
            a_seen_row("MSFT", price=D("421.05"), day_pct=D("0.35"), score=D("0.48"), texts=1, topic="product"),
            a_seen_row(
                "TSLA",
                price=D("172.90"),
                day_pct=D("-6.1"),
                regime=Regime.VOLATILE,
                direction=-1,
                score=D("-0.41"),
                texts=4,
                topic="legal",
                suspicious=1,
            ),
            a_seen_row("NVDA", price=D("912.10"), day_pct=D("2.8"), score=D("0.74"), texts=6),
            a_seen_row(
                "XOM",
                price=D("104.33"),
                day_pct=D("0.02"),
                regime=Regime.RANGE,
                direction=0,
                score=D("0.04"),
                texts=0,
                topic=None,
            ),
            a_seen_row("AMZN", price=D("178.20"), day_pct=D("-0.4"), regime=Regime.RANGE, score=D("0.21"), texts=2),
        ),
        "monitor": MonitorReport(
            "watchful", "tighten", (Concern("hostile_text", Severity.CAUTION, (), Symbol("TSLA")),), "recorded"
        ),
        "candidates": (
            candidate("AAPL", 120, "187.20"),
            candidate("MSFT", 40, "421.05"),
            candidate("TSLA", 80, "172.90", "mean_reversion"),
            candidate("NVDA", 90, "912.10"),
            candidate("AMZN", 300, "178.20", "news"),
            candidate("XOM", 50, "104.33", "momentum", Side.SELL),
        ),
        "advice": (
            advice("AAPL", Stance.TAKE, "0.71"),
            advice("MSFT", Stance.REDUCE, "0.55", "0.5"),
            advice("TSLA", Stance.TAKE, "0.6"),
            advice("NVDA", Stance.TAKE, "0.82"),
            advice("AMZN", Stance.TAKE, "0.64"),
        ),
        "inspections": (
            inspection("AAPL", Ruling.ALLOW),
            inspection("MSFT", Ruling.SHRINK, "0.25", "earnings_soon"),
            inspection("TSLA", Ruling.BLOCK, "0", "news_contradicts_thesis"),
            inspection("NVDA", Ruling.ASK, "1", "large_position"),
            inspection("AMZN", Ruling.ALLOW),
        ),
        "decisions": (
            decision("AAPL", Action.TAKE, 120, "Trend, momentum and news agree; the room under every limit is wide."),
            decision("MSFT", Action.SHRINK, 10, "The signal is good, but earnings are due within 20 hours."),
            decision("TSLA", Action.SKIP, 0, "Its news contradicts a rebound, so the inspector blocks it."),
            decision(
                "NVDA",
                Action.TAKE,
                90,
                "The strongest signal of the day, at a size that a person should see.",
                ask=True,
            ),
            decision("AMZN", Action.TAKE, 300, "A clear catalyst, told by 2 sources."),
            decision("XOM", Action.TAKE, 50, "Its trend is over; the position is closed.", side=Side.SELL),
        ),
        "verdicts": (
            *(verdict(symbol, gate) for symbol in ("AAPL", "MSFT", "XOM") for gate in PASSES),
            *(verdict("NVDA", gate) for gate in PASSES),
            verdict("NVDA", "E8_approval", Outcome.NEED_APPROVAL, limit=D(50000), value=D(82107), margin=D(-32107)),
            *(verdict("AMZN", gate) for gate in PASSES),
            verdict("AMZN", "C1_position_pct", Outcome.DENY, limit=D(10), value=D("53.46"), margin=D("-43.46")),
            verdict("AMZN", "C5_cash_reserve", Outcome.DENY, limit=D(5000), value=D(1200), margin=D(-3800)),
        ),
        "pending": (a_pending_row(),),
        "orders": (
            an_order("AAPL", 120),
            an_order("AAPL", 120, OrderStatus.ACCEPTED, leg="stop", limit_price=None, trigger_price=D("179.70")),
            an_order("MSFT", 10),
            an_order("XOM", 50, OrderStatus.ACCEPTED, reason="the market is halted", leg="exit"),
        ),
        "fills": (a_fill("AAPL", 80, "187.24"), a_fill("AAPL", 40, "187.27"), a_fill("MSFT", 10, "421.12")),
        "explanations": (an_explanation(phase=Phase.BEFORE), an_explanation()),
        "model_calls": ModelCallsView(17, 24310, 3120, D("0.0412")),
        "timings_ms": {"observe": 410, "advise": 2210, "submit": 33},
        "degraded": None,
        "missing": (),
        "ledger_head": "9ac1" * 16,
    }
    return CycleReport(**(told | fields))


def a_status(**fields: Any) -> StatusView:
    told: dict[str, Any] = {
        "as_of": AT,
        "mode": Mode.PAPER,
        "trading_state": TradingState.ACTIVE,
        "kill_switch": False,
        "paused": (Pause("symbol", "TSLA", AT, "owner", AT + timedelta(hours=2), "earnings tonight"),),
        "policy_digest": "3f9a" * 16,
        "prompt_digest": "77ab" * 16,
        "model": "openai:gpt-large",
        "degraded": None,
        "reconciled": ReconciledView(AT - timedelta(seconds=12), True, ()),
        "last_cycle": "cyc-k3v5xw2a7qmehd4p",
        "last_cycle_at": AT - timedelta(minutes=4),
        "dependencies": (
            DependencyView("market alpaca", True, D(2)),
            DependencyView("news newsapi", False, D(5400), "limit of requests reached"),
            DependencyView("broker paper", True, D(0)),
            DependencyView("redis", None, None, "not configured"),
        ),
    }
    return StatusView(**(told | fields))


def some_positions() -> PositionsView:
    return PositionsView(
        AT,
        (
            PositionView(
                Symbol("AAPL"),
                D(120),
                D("187.25"),
                D("188.02"),
                D("92.40"),
                D(120),
                AT - timedelta(seconds=3),
                D("179.70"),
                "momentum",
                "partly",
                D(100),
            ),
            PositionView(
                Symbol("BRK.B"),
                D("-1200"),
                D("1402.10"),
                D("1411.00"),
                D("-10680.00"),
                D(-1100),
                AT - timedelta(minutes=7),
            ),
            PositionView(Symbol("XOM"), D(50), D("101.00"), None, None, None, None),
        ),
    )


def a_balance() -> BalanceView:
    """The broker's word beside ours; XOM's price is old, and the broker holds less of it than we know of."""
    rows = (
        BalanceRow("equity", D("100412.40"), D("100398.10")),
        BalanceRow("cash", D("72000.00")),
        BalanceRow("buying power", D("144000.00")),
        BalanceRow("AAPL", D("22562.40"), D("22562.40"), AT - timedelta(seconds=3)),
        BalanceRow("XOM", D("5050.00"), D("5151.00"), AT - timedelta(hours=2), stale=True),
    )
    return BalanceView(AT, "USD", rows, AT - timedelta(seconds=2), AT - timedelta(hours=1), AT - timedelta(minutes=4))


def some_people() -> PeopleView:
    return PeopleView(AT, "root", (PersonRow(4711, "owner"), PersonRow(4714, "viewer")))


def some_orders() -> OrdersView:
    unknown = an_order(
        "TSLA", 80, OrderStatus.UNKNOWN, broker_id=None, broker_status=None, reason="the broker did not answer in time"
    )
    return OrdersView(AT, (an_order(), unknown, an_order("XOM", 50, OrderStatus.ACCEPTED)))


def some_trades() -> TradesView:
    return TradesView(AT, (a_closed_trade("t2", pnl="-36.5", exit_reason="stop"), a_closed_trade("t1")))


def some_statistics() -> Statistics:
    return Statistics(
        17, D("52.94"), D("72.97"), D("201.10"), D("-71.18"), D("3.18"), D("34.00"), 41, D("4.21"), D("1.31"), D("0.44")
    )


def some_model_calls() -> ModelCallsView:
    rows = tuple(
        UsageRow(AT.date(), role, "openai:gpt-large", calls, reused, tokens_in, tokens_out, D(cost))
        for role, calls, reused, tokens_in, tokens_out, cost in (
            ("advisor", 6, 1, 12_400, 1_800, "0.03"),
            ("decider", 5, 0, 6_200, 700, "0.0062"),
            ("inspector", 6, 0, 5_710, 620, "0.005"),
        )
    )
    return ModelCallsView(17, 24_310, 3_120, D("0.0412"), 1, rows)


def a_pnl(statistics: Statistics | None = None) -> PnlView:
    return PnlView(
        AT,
        "USD",
        D("100412.40"),
        D(100000),
        D("412.40"),
        D("0.4124"),
        D("320"),
        D("92.40"),
        D("101020.11"),
        D("0.6015"),
        17,
        9,
        D("1240.55"),
        statistics,
    )


def some_profits() -> ProfitsView:
    rows = (
        ProfitRow("2026-03-17", Decimal("120.50"), Decimal("0.12"), 2, 1),
        ProfitRow("2026-03-16", Decimal("-36.50"), Decimal("-0.04"), 0, 0),
    )
    return ProfitsView(
        AT,
        "USD",
        "week",
        Unit.DAY,
        date(2026, 3, 16),
        Decimal(84),
        Decimal("0.08"),
        Decimal(60),
        Decimal(24),
        2,
        1,
        rows,
    )


def some_settings() -> ConfigView:
    return ConfigView(AT, (ConfigRow("SAGE_HOME", ".sage", is_default=True),))


def some_entries() -> EntriesView:
    return EntriesView(AT, (EntryRow(7, AT, "control", "control", '{"by": "owner"}'),))


def some_evals() -> EvalsView:
    return EvalsView(AT, "report/report.json", (SuiteRow("S2_gates", 1711, 1710, ok=True),))


def some_logs() -> LogsView:
    return LogsView(AT, (LogRow("2026-03-17T15:00:00Z", "WARNING", "trading.data", "a feed is away"),))


def a_risk() -> RiskView:
    return RiskView(
        AT,
        (
            RiskRow("A1", None, False, None, State.OK, "kill switch"),
            RiskRow("A5", "0dff46e985db3116c1", "74d1a528ab5f072397", None, State.FAILED, "release", note="Differs."),
            RiskRow("B10_cap", D(300_000_000), D(18_500_000_000), D(6066), State.OK, "market value", "USD"),
            RiskRow("A10", None, None, None, State.IDLE, "approval validity", "pct", "looks at an approval"),
            RiskRow("C3", D(10), D("4.2"), D(58), State.OK, "position share of equity", "pct"),
            RiskRow("C4", D(5), D(6), D(-20), State.FAILED, "open positions", "count", "There would be too many."),
            RiskRow("C9", None, None, None, State.OFF, "correlated cluster", "pct", "not set"),
            RiskRow("C15", D(1000), D(95000), D(9400), State.OK, "cash reserve", "USD"),
            RiskRow("E4", D(15), None, None, State.UNKNOWN, "quote age", "seconds", "There is no usable quote."),
            RiskRow("G1", D(2), D("1.7"), D(15), State.TIGHT, "day loss", "pct"),
        ),
        "AAPL",
    )


def some_limits() -> LimitsView:
    rows = (
        LimitRow("approval_required_above_notional", D(8000), "money", "entries worth more wait", ("A2",)),
        LimitRow("universe", frozenset({"TSLA", "AAPL"}), "symbols", "only these symbols are entered", ("B9",)),
        LimitRow("restricted", {"XYZ": None}, "symbols", "these symbols are not traded at all", ("B9",)),
        LimitRow("max_position_pct_equity", D(10), "percent", "value of one position", ("C3",)),
        LimitRow("allow_short", False, "flag", "more may be sold than is held", ("D3",)),
        LimitRow("max_quote_age_s", D(15), "seconds", "a quote may be this old", ("E4",), enforced=False),
        LimitRow("mode", Mode.PAPER, "mode", "the highest mode", ("A2",)),
    )
    digest, loaded = "3f9a" * 16, AT - timedelta(hours=3)
    return LimitsView(AT, "paper", digest, loaded, {row.name: row.value for row in rows}, rows)


def changed_limits() -> LimitsView:
    changes = (
        LimitChange("approval_required_above_notional", "money", D(8000), D(15000), "looser"),
        LimitChange("max_quote_age_s", "seconds", None, D(15), "tighter"),
    )
    return replace(some_limits(), compared_with="bold", changes=changes)


def a_whynot(**fields: Any) -> WhyNotView:
    told: dict[str, Any] = {
        "as_of": AT,
        "id": "NVDA",
        "decision_id": "dec-nvda",
        "symbol": Symbol("NVDA"),
        "decided_at": AT,
        "order": a_pending_row().order,
        "outcome": Outcome.DENY,
        "final_qty": D(0),
        "objections": (
            ObjectionView(
                "C1",
                "order notional",
                "ORDER_NOTIONAL",
                "The order is worth more than an order may be.",
                Outcome.DENY,
                D(50000),
                D(82107),
                D(-32107),
                "USD",
            ),
        ),
        "basis": Basis.RECORD,
        "nearest_qty": D(54),
        "stopped_by": "C1",
        "at_any_size": (),
        "note": "",
    }
    return WhyNotView(**(told | fields))


def a_refused_ticket() -> TicketView:
    why = a_whynot(decision_id=None, basis=Basis.PRESENT)
    return TicketView(AT, why.order, Outcome.DENY, D(0), why=why, note="the gates refuse it")


def a_tally() -> TallyView:
    return TallyView({"PASS": 3, "DENY": 1200}, {"ORDER_NOTIONAL": 1200})


def an_answer() -> AnswerView:
    refused = verdict(
        "NVDA", "A10_approval", Outcome.DENY, limit=D("0.5"), value=D("1.2"), note="the price moved too far"
    )
    return AnswerView(
        AT, "apr-k3v5xw2a7qme", "dec-nvda", "approve", False, "The gates refused it at send time.", None, (refused,)
    )


def a_control() -> ControlView:
    return ControlView(AT, "kill", TradingState.HALTED, True, (), "Nothing is sent until a person resets it.")


def some_locks() -> LocksView:
    return LocksView(AT, (Pause("symbol", "TSLA", AT, "owner", reason="a rumour"), Pause("global", "", AT, "owner")))


def a_mode() -> ModeView:
    return ModeView(AT, Mode.AUTO, Mode.PAPER, "the policy goes no further than paper")


def a_resume_plan(*findings: str) -> ResumePlan:
    return ResumePlan(AT, ("trading REDUCING: breaker: the broker rejected 5 orders in a row",), findings, True)


def a_policy_change() -> PolicyChangeView:
    changes = (
        LimitChange("max_order_notional", "money", D(10000), D(20000), "looser"),
        LimitChange("allowed_tif", "times in force", frozenset({"day", "gtc"}), frozenset({"day"}), "tighter"),
    )
    return PolicyChangeView(AT, "mine", "3f9a" * 16, "77ab" * 16, False, changes, "the policy mine loosens something")


def a_comparison(*differences: str, held: bool = False) -> ComparedView:
    return ComparedView(AT, not differences, differences, (a_difference(),) if held else ())


def a_difference() -> DifferenceView:
    words = "a split of 2 for 1 of 2026-03-16 makes 180 of ours"
    return DifferenceView(
        Symbol("NVDA"), D(90), D(180), D("91.2"), AT, D(2), AT, False, D(180), words, "", "3f9a" * 16
    )  # fmt: skip


def an_adoption() -> AdoptedView:
    booked = Adjustment("adj-1", AT, "owner", Symbol("NVDA"), D(90), D(80), D("91.2"), None, None, D("-912"))
    return AdoptedView(AT, booked, True, ())


def a_doctor() -> DoctorView:
    return DoctorView(
        AT,
        False,
        (
            DoctorRow("policy", State.OK, "paper 3f9a3f9a3f9a, 41 limits, 46 gates answered their self-test"),
            DoctorRow("clock", State.OK, "0.1 s from the broker's"),
            DoctorRow("market", State.FAILED, "alpaca: no key", "Set APCA_API_KEY_ID and APCA_API_SECRET_KEY."),
            DoctorRow("memory", State.TIGHT, "12 trades, the ledger has 14", "Run `sage memory rebuild`."),
            DoctorRow("redis", State.OFF, "not configured; one process needs none"),
        ),
    )


def an_audit(*problems: str) -> AuditView:
    unheld = () if problems else ("The report of a cycle.",)
    return AuditView(AT, not problems, 1240, "9ac1" * 16, problems, tables=("orders", "fills"), not_proven=unheld)


def an_explain() -> ExplainView:
    return ExplainView(AT, "last", (an_explanation(phase=Phase.BEFORE), an_explanation()))


def some_pending() -> PendingView:
    return PendingView(AT, (a_pending_row(),))


def a_memory() -> MemoryView:
    return MemoryView(AT, 14, ".sage/memory")
