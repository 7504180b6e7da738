"""The orders of the self-test: what the good one is made of, and the one thing that each must-block order changes."""

from dataclasses import is_dataclass, replace
from datetime import date, datetime, timedelta

import pytest

from domain.book import Account, AccountKind, Book, Counters, Performance, Position
from domain.case import (
    Approval,
    Case,
    Control,
    MarketView,
    Mode,
    Pause,
    Proposal,
    Provenance,
    Release,
    SymbolView,
    TextUsed,
    TradingState,
    Usage,
)
from domain.ids import ClientOrderId, DecisionId, Ref
from domain.market import AssetClass, EventKind, Instrument, MarketEvent, Quote, Session, Symbol, TradingStatus
from domain.orders import Order, OrderIntent, OrderStatus, OrderType, Origin, Side, TimeInForce
from policies.breaches import BREACHES, good_case
from policies.breaches.case import holding, with_instrument, with_proposal, with_quote
from policies.gates.catalogue import GATES
from policies.limits import LIMITS, Kind
from tests.builders.policies import AAPL, MSFT, NOW, XOM, D, a_policy

row = pytest.param
ONE, ZERO, CENT, RICH, LOST = D(1), D(0), D("0.01"), D(10) ** 9, D(10) ** 13
LARGEST = D(10) ** 12
HUGE = LARGEST - 1
TOMORROW = NOW + timedelta(days=1)
LISTS = {
    "universe": ["AAPL", "MSFT"], "restricted": ["XOM"], "allowed_asset_classes": ["equity"],
    "allowed_order_types": ["limit"], "allowed_tif": ["day"], "released_models": ["m:2", "m:1"],
    "released_prompts": ["p2", "p1"], "account_id": "mine", "mode": "auto", "oversize": "deny",
}  # fmt: skip
PLAIN = {Kind.REQUIRE: True, Kind.ALLOW: False}
LIMITED = {
    limit.name: LISTS.get(limit.name, PLAIN.get(limit.kind, 2 if limit.unit == "count" else "1")) for limit in LIMITS
} | {"max_stop_distance_pct": "20"}
"""Every limit there is: counts of two, all other figures one."""
POLICY = a_policy(**LIMITED)


def good():
    return good_case(POLICY)


def changed(value, path, new):
    """The value with what stands at a dotted path replaced; the names of a mapping are part of the path."""
    name, _, rest = path.partition(".")
    if isinstance(value, dict):
        return {**value, Symbol(name): changed(value[Symbol(name)], rest, new) if rest else new}
    inner = changed(getattr(value, name), rest, new) if rest else new
    return replace(value, **{name: inner}) if is_dataclass(type(value)) else value._replace(**{name: inner})


def good_but(changes):
    found = good()
    for path, new in changes.items():
        found = changed(found, path, new)
    return found


def an_order(number, **changes):
    order = Order(
        client_order_id=ClientOrderId(f"working-{number}"),
        decision_id=DecisionId("another"),
        symbol=Symbol("UNLISTED"),
        side=Side.BUY,
        qty=ONE,
        type=OrderType.LIMIT,
        tif=TimeInForce.DAY,
        status=OrderStatus.ACCEPTED,
        created_at=NOW,
        updated_at=NOW,
        strategy="self-test",
        origin=Origin.RULE,
        limit_price=ONE,
    )
    return replace(order, **changes)


def test_the_good_order_is_one_share_in_a_calm_market_for_a_rich_account():
    everyone = ("advisor", "inspector", "decider")
    release = Release("self-test", POLICY.digest, "self-test")
    assert Case(
        now=NOW,
        order=OrderIntent(
            decision_id=DecisionId("self-test"), symbol=AAPL, side=Side.BUY, qty=ONE, type=OrderType.LIMIT,
            tif=TimeInForce.DAY, created_at=NOW, origin=Origin.AGENT, strategy="self-test",
            limit_price=D("100.01"), stop_loss=D("97.01"),
        ),
        control=Control(
            kill_switch=False, trading_state=TradingState.ACTIVE, mode=Mode.AUTO, reconciled_at=NOW, broker_time=NOW,
            release=release,
        ),
        book=Book(
            account=Account(
                account_id="mine", as_of=NOW, currency="USD", paper=True, equity=RICH, cash=RICH, buying_power=RICH,
                trading_blocked=False, kind=AccountKind.MARGIN, settled_cash=RICH, maintenance_margin=ZERO,
            ),
            performance=Performance(
                day_start_equity=RICH, peak_equity=RICH, realized_pnl_day=ZERO, unrealized_pnl=ZERO,
                consecutive_losses=0, last_loss_at=None, week_start_equity=RICH, month_start_equity=RICH,
                day_peak_equity=RICH, strategy_pnl={}, symbol_pnl={}, strategy_losses={},
            ),
            positions={}, open_orders=(), recent_orders=(), orders_today=0, turnover_today=ZERO,
            counters=Counters(
                entries_today=0, cancels_today=0, messages_today=0, fills_today=0, round_trips_5d=0,
                round_trips_today={}, last_exit_at={}, last_stop_at={}, last_reject_at={}, last_loss_on={},
                rejects_in_row=0, api_error_pct=ZERO, slippage_pct=ZERO,
            ),
        ),
        market=MarketView(
            at=NOW, calendar="XNYS",
            session=Session(date(2026, 3, 17), NOW - timedelta(hours=3), NOW + timedelta(hours=3)),
            symbols={
                AAPL: SymbolView(
                    instrument=Instrument(
                        AAPL, "self-test", sector="self-test", listed_on=date(1900, 1, 1), market_cap=LARGEST,
                        leverage=ONE,
                    ),
                    quote=Quote(AAPL, bid=D(100), ask=D("100.01"), last=D(100), at=NOW, source="self-test"),
                    status=TradingStatus(AAPL, NOW, halted=False),
                    last_bar_end=NOW, atr=ONE, adv_shares=RICH, event_kinds=frozenset(EventKind), beta=ONE,
                    daily_sigma=CENT, sigma_now=CENT, correlations={}, recent_volume=RICH, gap_pct=ZERO, bar_fault="",
                    second_price=D("100.005"), easy_to_borrow=True, short_restricted=False,
                )
            },
            index_move_pct=ZERO,
            next_session=Session(date(2026, 3, 18), NOW + timedelta(hours=21), NOW + timedelta(hours=27)),
        ),
        proposal=Proposal(
            asked_symbol=AAPL, schema_valid=True, cited=(), known=frozenset(), evidence_as_of=NOW, decided_at=NOW,
            evidence_digest="evidence", evidence_digest_now="evidence", candidate_qty=LARGEST, advised_qty=LARGEST,
            inspected_qty=LARGEST, confidence=ONE,
            provenance=Provenance(
                "self-test", "self-test", dict.fromkeys(everyone, "m:1"), dict.fromkeys(everyone, "p1")
            ),
            signal_direction=1, calibrated=ONE, texts=(), usage=Usage(0, 0, 0, ZERO),
        ),
        release=release,
    ) == good()  # fmt: skip


@pytest.mark.parametrize(
    ("limits", "path", "expected"),
    [
        row({}, "order.symbol", AAPL, id="no_lists"),
        row({"universe": ["XOM", "MSFT"]}, "order.symbol", MSFT, id="the_first_of_the_universe"),
        row({"universe": ["MSFT", "XOM"], "restricted": ["MSFT"]}, "order.symbol", XOM, id="that_is_not_restricted"),
        row({"universe": ["XOM"], "restricted": ["XOM"]}, "order.symbol", AAPL, id="nothing_is_left"),
        row({"restricted": ["AAPL"]}, "order.symbol", MSFT, id="no_universe"),
        row({"restricted": ["AAPL", "MSFT"]}, "order.symbol", AAPL, id="no_universe_and_both_restricted"),
        row({"min_price": "50"}, "order.limit_price", D("100.01"), id="half_the_price_is_the_lowest"),
        row({"min_price": "51"}, "order.limit_price", D("102.01"), id="twice_the_lowest_price"),
        row({"allowed_order_types": ["market", "stop"]}, "order.type", OrderType.MARKET, id="no_limit_orders"),
        row({"allowed_order_types": ["market", "stop"]}, "order.limit_price", None, id="nor_limit_prices"),
        row({"allowed_order_types": ["limit", "market"]}, "order.type", OrderType.LIMIT, id="limit_orders"),
        row({"allowed_order_types": []}, "order.type", OrderType.LIMIT, id="no_types_at_all"),
        row({"allowed_tif": ["day", "cls"]}, "order.tif", TimeInForce.DAY, id="for_the_day"),
        row({"allowed_tif": ["ioc", "gtc"]}, "order.tif", TimeInForce.GTC, id="not_for_the_day"),
        row({"allowed_tif": ["gtd"]}, "order.expires_at", TOMORROW, id="an_end_where_one_is_needed"),
        row({"allowed_tif": ["gtc"]}, "order.expires_at", None, id="no_end_where_none_is"),
        row({}, "order.stop_loss", D("97.01"), id="a_stop_at_three_percent"),
        row({"min_stop_distance_pct": "2.99"}, "order.stop_loss", D("97.01"), id="three_is_far_enough"),
        row({"min_stop_distance_pct": "3"}, "order.stop_loss", D("48.50"), id="three_is_the_nearest"),
        row({"max_stop_distance_pct": "3.01"}, "order.stop_loss", D("97.01"), id="three_is_near_enough"),
        row({"max_stop_distance_pct": "3"}, "order.stop_loss", D("98.51"), id="three_is_the_farthest"),
        row({"min_stop_distance_pct": "5", "max_stop_distance_pct": "7"}, "order.stop_loss", D("94.01"), id="between"),
        row({}, "book.account.account_id", "self-test", id="no_account_named"),
        row({}, "proposal.provenance.models", dict.fromkeys(("advisor", "inspector", "decider"), "self-test"),
            id="no_released_models"),
    ],
)  # fmt: skip
def test_the_good_order_keeps_to_the_lists_and_distances_of_its_policy(limits, path, expected):
    found = good_case(a_policy(**limits))
    for name in path.split("."):
        found = getattr(found, name)
    assert found == expected


TOO_LARGE = {"order.qty": HUGE}
OWN_RESTING = an_order(0, symbol=AAPL, side=Side.SELL, type=OrderType.MARKET, limit_price=None)
SPENT = {"proposal.usage": Usage(3, 3, 3, D(2))}
POOR = {
    "book.account.equity": ZERO,
    "book.performance.day_start_equity": LOST,
    "book.performance.peak_equity": LOST,
    "book.performance.week_start_equity": LOST,
    "book.performance.month_start_equity": LOST,
}
NIGHT = {"order.qty": HUGE, "market.session.closes_at": NOW, "market.next_session": None}
LAST_YEAR = datetime(2025, 2, 10, 15, 0, tzinfo=NOW.tzinfo)


def happens(kind):
    return {"market.symbols.AAPL.events": (MarketEvent(AAPL, kind, NOW, NOW),)}


def text_from(at, *, suspicious):
    return {"proposal.texts": (TextUsed(Ref("news.1@SELF"), at, at, stored=True, suspicious=suspicious),)}


MUST_BLOCK = {
    "A1": {"control.kill_switch": True},
    "A2": {"control.mode": Mode.OFF},
    "A3": {"control.pauses": (Pause("global", "", NOW, "self-test"),)},
    "A4": {"control.trading_state": TradingState.HALTED},
    "A5": {"release.prompts": "changed"},
    "A6": {"book.account.trading_blocked": True},
    "A6_age": {"book.account.as_of": TOMORROW},
    "A7": {"control.reconciled_at": None},
    "A8": {"control.broker_time": None},
    "A9": {"proposal.provenance": None},
    "A10": {"approval": Approval("", "another order", NOW, NOW)},
    "B1": {"order.symbol": "not a ticker"},
    "B2": {"order.qty": -ONE},
    "B3": {"order.limit_price": None},
    "B4": {"order.type": OrderType.MARKET, "order.limit_price": None, "order.extended_hours": True},
    "B5": {"order.expires_at": NOW},
    "B6": {"order.qty": HUGE, "book.positions": {AAPL: Position(AAPL, -ONE, ONE)}},
    "B7": {"order.reduce_only": True},
    "B8": {"order.stop_loss": HUGE},
    "B9": {"order.symbol": "UNLISTED"},
    "B10": {"market.symbols.AAPL.quote.last": ZERO},
    "B10_age": {"market.symbols.AAPL.instrument.listed_on": None},
    "B10_cap": {"market.symbols.AAPL.instrument.market_cap": None},
    "B10_leverage": {
        "market.symbols.AAPL.instrument.asset_class": AssetClass.ETF,
        "market.symbols.AAPL.instrument.leverage": -ONE,
    },
    **dict.fromkeys(
        ("C1", "C1_equity", "C2", "C3", "C3_notional", "C3_qty", "C5", "C6", "C7", "C8", "C9", "C10", "C11", "C12",
         "C13", "C13_es", "C14", "C15", "C15_pct", "C18", "D1", "D2", "E9", "E10"),
        TOO_LARGE,
    ),
    "E9_value": {"market.symbols.AAPL.adv_shares": CENT / HUGE},
    "C4": {"book.positions": {name: Position(name, ONE, ONE) for name in (Symbol("HELD0"), Symbol("HELD1"))}},
    "C4_cycle": {"cycle_entries": 2},
    "C4_day": {"book.counters.entries_today": 2},
    "C16": {"book.positions": {AAPL: Position(AAPL, ONE, ONE, entries=3)}},
    "C16_down": {"book.positions": {AAPL: Position(AAPL, ONE, HUGE, entries=1)}},
    "C17": NIGHT,
    "C17_weekend": NIGHT,
    "D3": {"order.side": Side.SELL},
    "D4": {"book.counters.round_trips_5d": 2},
    "D5": {"book.open_orders": (OWN_RESTING,)},
    "D6": {"book.counters.last_loss_on": {AAPL: NOW}},
    "D7": {"book.account.kind": AccountKind.CASH, "book.account.settled_cash": ZERO},
    "D8": {"order.side": Side.SELL, "book.positions": {AAPL: Position(AAPL, ONE, ONE, ZERO)}},
    "E1": {"market.session": None},
    "E2": {"market.session.opens_at": NOW + timedelta(seconds=1)},
    "E2_close": {"market.session.closes_at": NOW - timedelta(seconds=1)},
    "E3": {"market.symbols.AAPL.status.halted": True},
    "E4": {"market.symbols.AAPL.quote.at": TOMORROW},
    "E4_bar": {"market.symbols.AAPL.last_bar_end": None},
    "E5": {"market.symbols.AAPL.bar_fault": "self-test"},
    "E5_source": {"market.symbols.AAPL.second_price": CENT},
    "E6": {"market.symbols.AAPL.quote.last": CENT},
    "E6_atr": {"market.symbols.AAPL.quote.last": CENT, "market.symbols.AAPL.atr": CENT},
    "E7": {"market.symbols.AAPL.quote.bid": CENT},
    "E8": {"order.type": OrderType.MARKET, "order.limit_price": None, "market.symbols.AAPL.quote": None},
    "E11": {"market.symbols.AAPL.sigma_now": HUGE, "market.symbols.AAPL.daily_sigma": CENT},
    "E11_index": {"market.index_move_pct": -HUGE},
    "E12": {"market.symbols.AAPL.gap_pct": -HUGE},
    "E13": happens(EventKind.EARNINGS),
    "E13_macro": happens(EventKind.MACRO),
    "E14": happens(EventKind.SPLIT),
    "E15": text_from(LAST_YEAR, suspicious=False),
    "F1_second": {"book.recent_orders": (an_order(0), an_order(1))},
    "F1": {"book.recent_orders": (an_order(0), an_order(1))},
    "F1_day": {"book.orders_today": 2},
    "F1_symbol": {"book.recent_orders": (an_order(0, symbol=AAPL), an_order(1, symbol=AAPL))},
    "F2": {"book.counters.messages_today": 10, "book.counters.fills_today": 0},
    "F2_cancels": {"book.counters.cancels_today": 2},
    "F3": {"book.open_orders": (an_order(0), an_order(1))},
    "F4": {"book.recent_orders": (an_order(0, decision_id="self-test"),)},
    "F5": {"book.counters.round_trips_today": {AAPL: 2}},
    "F6": {"book.performance.last_loss_at": TOMORROW},
    "F6_exit": {"book.counters.last_exit_at": {AAPL: TOMORROW}},
    "F6_stop": {"book.counters.last_stop_at": {AAPL: TOMORROW}},
    "F6_reject": {"book.counters.last_reject_at": {AAPL: TOMORROW}},
    "F7": {"book.performance.consecutive_losses": 2},
    "F7_strategy": {"book.performance.strategy_losses": {"self-test": 2}},
    "F8": {"book.counters.rejects_in_row": 2},
    "F9": {"book.counters.api_error_pct": D(2)},
    "F9_slippage": {"book.counters.slippage_pct": D(2)},
    **dict.fromkeys(("G1", "G1_abs", "G2", "G2_month", "G3_soft", "G3"), POOR),
    "G4": {"book.performance.strategy_pnl": {"self-test": -LOST}},
    "G4_symbol": {"book.performance.symbol_pnl": {AAPL: -LOST}},
    "G5": {"book.performance.day_peak_equity": 2 * RICH},
    "G6": {"control.ramp": ZERO},
    "H1": {"proposal.schema_valid": False},
    "H2": {"proposal.cited": ("invented@NOWHERE",)},
    "H3": {"proposal.confidence": None},
    "H3_calibration": {"proposal.calibrated": None},
    "H4": {"proposal.dispersion": D(2)},
    "H5": {"proposal.signal_direction": -1},
    "H6": {"proposal.evidence_digest_now": "changed"},
    "H7": text_from(NOW, suspicious=True),
    "H8": {"proposal.provenance": Provenance("self-test", "", {"decider": "?m.1m.2"}, {})},
    "H8_prompts": {"proposal.provenance": Provenance("self-test", "", {}, {"decider": "?p1p2"})},
    **dict.fromkeys(("H9", "H9_tokens", "H9_day", "H9_cost"), SPENT),
    "H10": {"proposal.inspected_qty": None},
}  # fmt: skip


def test_every_gate_has_a_must_block_order():
    assert set(MUST_BLOCK) == set(BREACHES) == {gate.id for gate in GATES}


@pytest.mark.parametrize("gate", MUST_BLOCK)
def test_a_must_block_order_changes_just_what_its_gate_looks_at(gate):
    assert BREACHES[gate](good(), POLICY.limits) == good_but(MUST_BLOCK[gate])


@pytest.mark.parametrize(
    ("gate", "limits", "changes"),
    [
        row("A5", {"require_same_release": False}, None, id="any_release_may_trade"),
        row("A9", {"require_provenance": False}, None, id="orders_need_no_provenance"),
        row("B9", {"restricted": ["XOM"]}, {"order.symbol": "XOM"}, id="no_universe_but_a_restricted_symbol"),
        row("B9", {"restricted": []}, None, id="no_lists"),
        row("B9", {}, None, id="no_lists_set"),
        row("B9", {"restricted": [{"symbol": "XOM", "until": "2026-03-17T15:00:00Z"}]}, None,
            id="restricted_until_now"),
        row("B9", {"restricted": [{"symbol": "XOM", "until": "2026-03-17T15:00:01Z"}]}, {"order.symbol": "XOM"},
            id="restricted_for_a_second_more"),
        row("B10_leverage", {"allow_leveraged_funds": True}, None, id="leveraged_funds_allowed"),
        row("B10_leverage", {}, MUST_BLOCK["B10_leverage"], id="leveraged_funds_not_mentioned"),
        row("C16_down", {"forbid_averaging_down": False}, None, id="averaging_down_allowed"),
        row("D5", {"forbid_self_cross": False}, None, id="self_crosses_allowed"),
        row("D6", {"forbid_wash_sale": False}, None, id="wash_sales_allowed"),
        row("D6", {}, None, id="wash_sales_not_mentioned"),
        row("D7", {"require_settled_cash": False}, None, id="unsettled_cash_allowed"),
        row("E5", {"require_valid_bars": False}, None, id="faulty_bars_allowed"),
        row("F2", {"max_order_to_trade_ratio": D("9.9")}, {"book.counters.messages_today": 10}, id="ten_at_least"),
        row("F2", {"max_order_to_trade_ratio": D(40)}, {"book.counters.messages_today": 41},
            id="one_more_than_allowed"),
        row("H3_calibration", {"require_calibration": False}, None, id="uncalibrated_models_allowed"),
        row("H5", {"require_signal_agreement": False}, None, id="disagreement_with_the_signal_allowed"),
        row("H7", {"forbid_suspicious_texts": False}, None, id="suspicious_texts_allowed"),
        row("H9", {}, {"proposal.usage": Usage(1, 1, 1, ONE)}, id="no_budgets"),
        row("H9_day", {"max_calls_per_cycle": D(4), "max_tokens_per_cycle": D(5), "max_tokens_per_day": D(6),
                       "max_model_cost_per_day": D(7)},
            {"proposal.usage": Usage(5, 6, 7, D(8))}, id="one_more_than_each_budget"),
    ],
)  # fmt: skip
def test_where_the_policy_leaves_a_gate_nothing_to_stop_there_is_no_order(gate, limits, changes):
    limits = a_policy(**limits).limits if "restricted" in limits else limits
    assert BREACHES[gate](good(), limits) == (None if changes is None else good_but(changes))


def breach(gate, case):
    return BREACHES[gate](case, POLICY.limits)


def test_without_a_release_there_is_none_to_differ_from():
    assert breach("A5", replace(good(), release=None)) is None


def test_a_sell_is_held_against_and_contradicted_the_other_way_round():
    short = changed(good(), "order.side", Side.SELL)
    assert breach("C16", short).book.positions == {AAPL: Position(AAPL, -ONE, ONE, entries=3)}
    assert breach("H5", short).proposal.signal_direction == 1


def test_an_account_of_unknown_worth_has_doubled_from_nothing():
    assert breach("G5", changed(good(), "book.account.equity", None)).book.performance == replace(
        good().book.performance, day_start_equity=ZERO, day_peak_equity=ZERO
    )


def test_other_holdings_and_symbols_stay_as_they_are():
    other = {MSFT: Position(MSFT, D(3), D(4))}
    case = good_but({"book.positions": other, "market.symbols.MSFT": good().market.symbols[AAPL]})
    assert holding(case, D(2), D(1)).book.positions == {**other, AAPL: Position(AAPL, D(2), ONE, D(1))}
    assert breach("C16", case).book.positions == {**other, AAPL: Position(AAPL, ONE, ONE, entries=3)}
    assert with_quote(case, last=CENT).market.symbols[MSFT] == good().market.symbols[AAPL]


@pytest.mark.parametrize(
    ("path", "change"),
    [
        row("market.symbols.AAPL.instrument", with_instrument, id="instrument"),
        row("market.symbols.AAPL.quote", with_quote, id="quote"),
        row("proposal", with_proposal, id="proposal"),
    ],
)
def test_what_a_case_does_not_have_cannot_be_changed(path, change):
    without = changed(good(), path, None)
    assert change(without, anything=ONE) is without
