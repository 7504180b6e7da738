"""Every field of a what-if case: what it becomes, and what stands in for it where it is left out or null."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from domain.book import AccountKind
from domain.case import Mode, Pause, Provenance, TradingState
from domain.errors import OversightError
from domain.ids import Ref
from domain.market import AssetClass, EventKind, MarketEvent, TradingStatus
from domain.orders import Origin
from tests.builders.policies import AAPL, MSFT, NOW, D
from tests.builders.whatif import GONE, case_of, told

row = pytest.param
AT, THEN = "2026-03-16T12:30:00Z", datetime(2026, 3, 16, 12, 30, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAN = "NaN"


def found(case, path):
    for name in path.split("."):
        case = case[name] if name.isupper() else getattr(case, name)
    return "NaN" if isinstance(case, Decimal) and case.is_nan() else case


def numbers(above, place, *names):
    return [(f"{above}.{name}", "12.5", f"{place}.{name}", D("12.5"), None, None) for name in names]


def flags(above, place, *names):
    return [(f"{above}.{name}", True, f"{place}.{name}", True, None, None) for name in names]


def counts(above, place, *names):
    return [(f"{above}.{name}", 7, f"{place}.{name}", 7, None, None) for name in names]


PERFORMANCE, COUNTERS, ACCOUNT = "book.performance", "book.counters", "book.account"
VIEW, INSTRUMENT, QUOTE = "market.symbols.AAPL", "market.symbols.AAPL.instrument", "market.symbols.AAPL.quote"
ROW = "market.AAPL"
FIELDS = [
    ("orders_today", 7, "book.orders_today", 7, None, None),
    ("turnover_today", "12.5", "book.turnover_today", D("12.5"), None, None),
    ("cycle_entries", 3, "cycle_entries", 3, 0, "refused"),
    ("account.account_id", "a-1", "book.account.account_id", "a-1", "case", "case"),
    ("account.as_of", AT, "book.account.as_of", THEN, EPOCH, EPOCH),
    ("account.currency", "EUR", "book.account.currency", "EUR", *["unknown currency of the account"] * 2),
    ("account.paper", False, "book.account.paper", False, True, False),
    *numbers("account", ACCOUNT, "equity", "cash", "buying_power", "settled_cash", "maintenance_margin"),
    ("account.trading_blocked", True, "book.account.trading_blocked", True, False, None),
    ("account.kind", "CASH", "book.account.kind", AccountKind.CASH, None, None),
    *numbers(
        "account", PERFORMANCE, "day_start_equity", "peak_equity", "realized_pnl_day", "unrealized_pnl",
        "week_start_equity", "month_start_equity", "day_peak_equity",
    ),
    *counts("account", PERFORMANCE, "consecutive_losses"),
    ("account.last_loss_at", AT, "book.performance.last_loss_at", THEN, None, None),
    ("account.strategy_losses", {"news": 3}, "book.performance.strategy_losses", {"news": 3}, None, None),
    ("account.strategy_pnl", {"news": "-5"}, "book.performance.strategy_pnl", {"news": D(-5)}, None, None),
    ("account.symbol_pnl", {"msft": "-5"}, "book.performance.symbol_pnl", {MSFT: D(-5)}, None, None),
    ("account.broker_reconciled", True, "control.reconciled_at", NOW, None, None),
    ("positions.MSFT.qty", "-5.5", "book.positions.MSFT.qty", D("-5.5"), NAN, NAN),
    ("positions.MSFT.avg_price", "12.5", "book.positions.MSFT.avg_price", D("12.5"), NAN, NAN),
    *numbers("positions.MSFT", "book.positions.MSFT", "available_qty", "stop_loss"),
    *counts("positions.MSFT", "book.positions.MSFT", "entries"),
    ("positions.MSFT.qty", "1", "book.positions.MSFT.symbol", MSFT, MSFT, MSFT),
    *counts(
        "counters", COUNTERS, "entries_today", "cancels_today", "messages_today", "fills_today", "round_trips_5d",
        "rejects_in_row",
    ),
    *numbers("counters", COUNTERS, "api_error_pct", "slippage_pct"),
    ("counters.round_trips_today", {"msft": "2"}, "book.counters.round_trips_today", {MSFT: 2}, None, None),
    *[
        (f"counters.{name}", {"msft": AT}, f"book.counters.{name}", {MSFT: THEN}, None, None)
        for name in ("last_exit_at", "last_stop_at", "last_reject_at", "last_loss_on")
    ],
    ("control.kill_switch", True, "control.kill_switch", True, True, True),
    ("control.trading_state", "reducing", "control.trading_state", TradingState.REDUCING, *[TradingState.HALTED] * 2),
    ("control.mode", "PAPER", "control.mode", Mode.PAPER, Mode.AUTO, Mode.OFF),
    ("control.readable", False, "control.readable", False, True, False),
    ("control.kill_switch", False, "control.readable", True, False, False),
    ("control.trading_state", "ACTIVE", "control.readable", True, False, False),
    ("control.reconciled_at", AT, "control.reconciled_at", THEN, NOW, None),
    ("control.broker_time", AT, "control.broker_time", THEN, NOW, None),
    ("control.mismatched", ["msft", "AAPL"], "control.mismatched", (MSFT, AAPL), (), ()),
    ("control.ramp", "0.25", "control.ramp", D("0.25"), D(1), None),
    ("control.paused", [{}], "control.pauses", (Pause("global", "", NOW, "case"),), (), ()),
    ("market_wide.index_move_pct", "-1.5", "market.index_move_pct", D("-1.5"), None, None),
    (f"{ROW}.ts", AT, f"{QUOTE}.at", THEN, EPOCH, EPOCH),
    (f"{ROW}.ts", AT, f"{VIEW}.status", TradingStatus(AAPL, THEN, False), *[TradingStatus(AAPL, NOW, False)] * 2),
    (f"{ROW}.ts", AT, f"{VIEW}.last_bar_end", THEN, None, None),
    (f"{ROW}.halted", True, f"{VIEW}.status", TradingStatus(AAPL, NOW, True), None, None),
    (f"{ROW}.last_bar_end", AT, f"{VIEW}.last_bar_end", THEN, NOW, None),
    (f"{ROW}.adv", "12.5", f"{VIEW}.adv_shares", D("12.5"), None, None),
    *numbers(
        ROW, VIEW, "atr", "beta", "daily_sigma", "sigma_now", "recent_volume", "gap_pct", "second_price"
    ),
    *flags(ROW, VIEW, "easy_to_borrow", "short_restricted"),
    (f"{ROW}.correlations", {"msft": "0.5"}, f"{VIEW}.correlations", {MSFT: D("0.5")}, None, None),
    (f"{ROW}.bar_fault", "a gap", f"{VIEW}.bar_fault", "a gap", "", None),
    (f"{ROW}.event_kinds", ["split", "MACRO"], f"{VIEW}.event_kinds", frozenset({EventKind.SPLIT, EventKind.MACRO}),
     frozenset({EventKind.EARNINGS}), frozenset()),
    (f"{ROW}.next_earnings", AT, f"{VIEW}.events", (MarketEvent(AAPL, EventKind.EARNINGS, EPOCH, THEN, source="case"),),
     (), ()),
    (f"{ROW}.next_earnings", AT, f"{VIEW}.event_kinds", frozenset({EventKind.EARNINGS}), frozenset(),
     frozenset({EventKind.EARNINGS})),
    (f"{ROW}.events", [{"kind": "SPLIT", "at": AT}], f"{VIEW}.events",
     (MarketEvent(AAPL, EventKind.SPLIT, EPOCH, THEN, source="case"),), (), ()),
    *[(f"{ROW}.{name}", "12.5", f"{QUOTE}.{name}", D("12.5"), NAN, NAN) for name in ("bid", "ask", "last")],
    (f"{ROW}.asset_class", "ETF", f"{INSTRUMENT}.asset_class", AssetClass.ETF, *[AssetClass.EQUITY] * 2),
    (f"{ROW}.currency", "EUR", f"{INSTRUMENT}.currency", "EUR", *["unknown currency of the instrument"] * 2),
    (f"{ROW}.tick", "0.05", f"{INSTRUMENT}.tick", D("0.05"), "nothing", "nothing"),
    (f"{ROW}.lot", "100", f"{INSTRUMENT}.lot", D(100), "nothing", "nothing"),
    (f"{ROW}.tradable", False, f"{INSTRUMENT}.tradable", False, "nothing", "nothing"),
    (f"{ROW}.sector", "energy", f"{INSTRUMENT}.sector", "energy", None, None),
    (f"{ROW}.fractionable", False, f"{INSTRUMENT}.fractionable", False, True, False),
    (f"{ROW}.shortable", False, f"{INSTRUMENT}.shortable", False, True, False),
    (f"{ROW}.listed_on", "1980-12-12", f"{INSTRUMENT}.listed_on", date(1980, 12, 12), None, None),
    *numbers(ROW, INSTRUMENT, "market_cap", "leverage", "margin_rate"),
    ("order.qty", "-3.5", "order.qty", D("-3.5"), NAN, NAN),
    ("order.created_at", AT, "order.created_at", THEN, EPOCH, EPOCH),
    ("order.origin", "RULE", "order.origin", Origin.RULE, Origin.MANUAL, Origin.MANUAL),
    ("order.strategy", "news", "order.strategy", "news", "case", "case"),
    ("order.stop_price", "12.5", "order.stop_loss", D("12.5"), None, None),
    *numbers("order", "order", "limit_price", "trigger_price", "take_profit", "trail_amount", "trail_pct"),
    ("order.currency", "EUR", "order.currency", "EUR", *["unknown currency of the order"] * 2),
    ("order.reduce_only", True, "order.reduce_only", True, False, False),
    ("order.extended_hours", True, "order.extended_hours", True, False, False),
    ("order.leg", "stop", "order.leg", "stop", "entry", "entry"),
    ("order.expires_at", AT, "order.expires_at", THEN, None, None),
    ("order.approval", {}, "approval.by", "", "nothing", "nothing"),
    ("proposal.asked_symbol", "msft", "proposal.asked_symbol", MSFT, AAPL, "refused"),
    ("proposal.schema_valid", False, "proposal.schema_valid", False, True, False),
    ("proposal.cited", ["n1", "n2"], "proposal.cited", (Ref("n1"), Ref("n2")), (), ()),
    ("proposal.known", ["n1", "n2"], "proposal.known", frozenset({Ref("n1"), Ref("n2")}), frozenset(), frozenset()),
    ("proposal.evidence_as_of", AT, "proposal.evidence_as_of", THEN, NOW, EPOCH),
    ("proposal.decided_at", AT, "proposal.decided_at", THEN, NOW, EPOCH),
    ("proposal.evidence_digest", "x", "proposal.evidence_digest", "x", "e", "e"),
    ("proposal.evidence_digest_now", "x", "proposal.evidence_digest_now", "x", "e", "e"),
    ("proposal.candidate_qty", "12.5", "proposal.candidate_qty", D("12.5"), D(10), None),
    ("proposal.candidate_qty", "12.5", "proposal.advised_qty", D("12.5"), D(10), None),
    ("proposal.candidate_qty", "12.5", "proposal.inspected_qty", D("12.5"), D(10), None),
    ("proposal.advised_qty", "12.5", "proposal.candidate_qty", D(10), D(10), D(10)),
    ("proposal.advised_qty", "12.5", "proposal.advised_qty", D("12.5"), D(10), None),
    ("proposal.advised_qty", "12.5", "proposal.inspected_qty", D("12.5"), D(10), None),
    ("proposal.inspected_qty", "12.5", "proposal.advised_qty", D(10), D(10), D(10)),
    ("proposal.inspected_qty", "12.5", "proposal.inspected_qty", D("12.5"), D(10), None),
    ("proposal.confidence", "0.3", "proposal.confidence", D("0.3"), D("0.70"), None),
    ("proposal.needs_approval", True, "proposal.needs_approval", True, False, True),
    ("proposal.override_reason", "why", "proposal.override_reason", "why", "", ""),
    *numbers("proposal", "proposal", "quoted_price", "dispersion", "calibrated"),
    *[("proposal.signal_direction", way, "proposal.signal_direction", way, None, None) for way in (-1, 0, 1)],
    ("proposal.texts", [], "proposal.texts", (), None, None),
    ("proposal.provenance", {}, "proposal.provenance", Provenance("", "", {}, {}), None, None),
    ("proposal.usage.calls_cycle", 1, "proposal.usage", None, None, None),
    ("release.code", "c", "release.code", "c", "", ""),
]  # fmt: skip


def named(field):
    path, told_, place, *_ = field
    return f"{path}={told_}->{place.rsplit('.', 1)[-1]}"[:70]


def answered(document, place):
    try:
        return found(case_of(document), place)
    except OversightError:
        return "refused"
    except AttributeError:
        return "nothing"


@pytest.mark.parametrize("field", FIELDS, ids=named)
def test_what_a_field_becomes(field):
    path, value, place, expected, _absent, _null = field
    assert answered(told(path, value), place) == expected


@pytest.mark.parametrize("field", FIELDS, ids=named)
def test_what_stands_in_for_a_field_that_is_left_out(field):
    path, _value, place, _expected, absent, _null = field
    assert answered(told(path, GONE), place) == absent


@pytest.mark.parametrize("field", FIELDS, ids=named)
def test_what_null_means(field):
    path, _value, place, _expected, _absent, null = field
    assert answered(told(path, None), place) == null
