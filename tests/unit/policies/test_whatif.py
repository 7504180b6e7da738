"""What-if cases: what a line may hold, what each field becomes, and that anything else is refused before arithmetic."""

import json
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.book import AccountKind
from domain.case import Mode, Release, TradingState
from domain.errors import OversightError
from domain.market import EventKind, Session
from domain.orders import OrderStatus, Origin
from domain.verdicts import Outcome
from policies.evaluate import evaluate
from policies.policy import load_policy
from policies.whatif.case import PolicyShelf, case_id, read_case
from policies.whatif.strict_json import LONGEST_LINE, Inexact, read_object
from tests.builders.policies import AAPL, MSFT, NOW, a_session
from tests.builders.whatif import AN_EXIT, GONE, a_document, a_line

row = pytest.param
D = Decimal
NEXT = Session(date(2026, 3, 18), NOW.replace(day=18, hour=13, minute=30), NOW.replace(day=18, hour=20))


class TwoDays:
    """A calendar of the case's day and the one after."""

    name = "XNYS"

    def session_at(self, at: datetime) -> Session | None:
        return next((each for each in (a_session(), NEXT) if each.contains(at)), None)

    def sessions(self, start: datetime, end: datetime) -> tuple[Session, ...]:
        return tuple(each for each in (a_session(), NEXT) if start <= each.opens_at < end)

    def session_after(self, at: datetime) -> Session | None:
        return next((each for each in (a_session(), NEXT) if each.opens_at > at), None)


def read(shelf=None, /, **changes):
    return read_case(read_object(a_line(**changes)), lambda _name: TwoDays(), shelf or PolicyShelf())


def case(**changes):
    return read(**changes).case


def answer(**changes):
    asked = read(**changes)
    said = evaluate(asked.case, asked.policy)
    return said.outcome.value, [str(code) for code in said.codes]


def complaint(line):
    with pytest.raises(OversightError) as refused:
        read_case(read_object(line), lambda _name: TwoDays(), PolicyShelf())
    told = str(refused.value)
    assert "\n" not in told
    return told


@pytest.mark.parametrize(
    ("line", "what"),
    [
        row(b"", "not one JSON object", id="nothing"),
        row(b"{", "not one JSON object", id="cut_off"),
        row(b"[]", "holds a list, not an object", id="a_list"),
        row(b'"x"', "holds a text", id="a_text"),
        row(b"12", "holds a number", id="a_number"),
        row(b"NaN", "holds a number", id="a_literal"),
        row(b"null", "holds null", id="null"),
        row(b'{"id":"a"} {"id":"b"}', "Extra data", id="two_documents"),
        row(b'{"id":"a"} x', "Extra data", id="trailing"),
        row(b'{"id":"a","id":"b"}', "the key 'id' stands twice", id="a_key_twice"),
        row(b'{"a":{"qty":"1","qty":"2"}}', "the key 'qty' stands twice", id="a_key_twice_inside"),
        row(b'{"id":"\xff"}', "not valid UTF-8", id="no_utf8"),
        row(b'{"id":"\\ud800"}', "not valid UTF-8", id="half_a_character"),
        row(b'{"a":' + b"[" * 100_000, "nested too deeply", id="nested"),
        row(b'{"id":"' + b"x" * LONGEST_LINE + b'"}', "longer than", id="too_long"),
    ],
)
def test_a_line_that_is_no_object(line, what):
    with pytest.raises(OversightError, match="Write one case a line") as refused:
        read_object(line)
    assert what in str(refused.value)


@pytest.mark.parametrize("literal", ["1.5", "NaN", "Infinity", "-Infinity", "1e308", "9" * 400, "-" + "9" * 19])
def test_a_number_that_is_not_short_and_whole_keeps_its_text(literal):
    assert read_object(f'{{"qty": {literal}}}'.encode()) == {"qty": Inexact(literal)}


def test_the_good_case_is_the_good_case():
    found = case()
    assert (found.now, found.market.session, found.market.next_session) == (NOW, a_session(), NEXT)
    assert (found.control.mode, found.control.trading_state, found.control.readable) == (
        Mode.AUTO,
        TradingState.ACTIVE,
        True,
    )
    assert (found.control.reconciled_at, found.control.broker_time, found.control.ramp) == (NOW, NOW, D(1))
    assert (found.order.origin, found.order.stop_loss, found.order.trigger_price) == (Origin.MANUAL, D("190.00"), None)
    assert found.proposal is not None
    assert (found.proposal.confidence, found.proposal.candidate_qty) == (D("0.70"), D(10))
    view = found.market.symbols[AAPL]
    assert (view.events, view.event_kinds) == ((), frozenset({EventKind.EARNINGS}))
    assert view.instrument is not None
    assert (view.instrument.fractionable, view.instrument.shortable) == (True, True)
    assert answer() == ("PASS", [])


NUMBER = "It takes a plain number in quotation marks"
TIME = "It takes a time with its zone"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        row({"order__qty": 10.5}, f"order.qty is '10.5'. {NUMBER}", id="float"),
        row({"order__qty": True}, f"order.qty is True. {NUMBER}", id="bool"),
        row({"order__qty": "٤٢"}, f"order.qty is '٤٢'. {NUMBER}", id="unicode_digits"),
        row({"order__qty": "９"}, NUMBER, id="full_width"),
        row({"order__qty": "9" * 400}, NUMBER, id="400_digits"),
        row({"order__qty": 10**399}, NUMBER, id="400_digits_bare"),
        row({"order__qty": [10]}, "order.qty is '[10]'", id="list"),
        row({"order__qty": {"v": 1}}, "order.qty is", id="object"),
        row({"order__qty": "1e3"}, NUMBER, id="exponent"),
        row({"order__qty": " 10"}, NUMBER, id="blank"),
        row({"order__qty": "1_0"}, NUMBER, id="underscore"),
        row({"order__qty": "0x10"}, NUMBER, id="hexadecimal"),
        row({"account__equity": 100000.0}, "account.equity is '100000.0'", id="float_of_the_account"),
        row({"account__equity": False}, "account.equity is False", id="bool_of_the_account"),
        row({"account__consecutive_losses": "1.5"}, "a whole number", id="half_a_loss"),
        row({"account__consecutive_losses": -1}, "not negative", id="negative_count"),
        row({"orders_today": "-1"}, "orders_today is '-1'", id="negative_orders"),
        row({"turnover_today": "-1"}, "turnover_today is '-1'", id="negative_turnover"),
        row({"clock": "2026-03-17T15:00:00"}, f"clock is '2026-03-17T15:00:00'. {TIME}", id="no_zone"),
        row({"clock": "2026-03-17"}, TIME, id="a_day"),
        row({"clock": 1773759600}, "clock is '1773759600'", id="a_unix_time"),
        row({"clock": "0001-01-01T00:00:00+14:00"}, TIME, id="before_time"),
        row({"clock": None}, "clock is missing", id="no_clock"),
        row({"market__AAPL__ts": "٢٠26-03-17T15:00:00Z"}, TIME, id="time_in_other_digits"),
        row({"order": None}, "order is missing", id="no_order"),
        row({"order__symbol": 5}, "order.symbol is '5'", id="symbol_no_text"),
        row({"order__side": "hold"}, "one of buy, sell", id="no_side"),
        row({"order__side": "ｂuy"}, "one of buy, sell", id="side_look_alike"),
        row({"order__type": GONE}, "order.type is missing", id="no_type"),
        row({"order__tif": "forever"}, "order.tif is 'forever'", id="no_tif"),
        row({"order__decision_id": GONE}, "order.decision_id is missing", id="no_decision"),
        row({"order__approval": "yes"}, "order.approval is 'yes'. It takes an object", id="approval_no_object"),
        row({"control": []}, "control is '[]'. It takes an object", id="control_no_object"),
        row({"control__kill_switch": "false"}, "control.kill_switch is 'false'", id="flag_as_text"),
        row({"control__trading_state": "ON"}, "one of ACTIVE, REDUCING, HALTED", id="state_unknown"),
        row({"positions": []}, "positions is '[]'", id="positions_a_list"),
        row({"open_orders": {}}, "open_orders is '{}'. It takes a list", id="orders_an_object"),
        row({"positions": {"AAPL": {"qty": "1"}, "aapl": {"qty": "2"}}}, "names one symbol twice", id="symbol_twice"),
        row({"limits": {"max_order_qtty": "1"}}, "unknown limit 'max_order_qtty'", id="limit_misspelt"),
        row({"limits": {"max_order_qty": "-1"}}, "max_order_qty in the limits of case is '-1'", id="limit_absurd"),
        row({"limits": {"max_order_qty": 1.5}}, "max_order_qty in the limits of case is '1.5'", id="limit_float"),
        row({"limits": {"max_order_qty": True}}, "is 'True'", id="limit_bool"),
        row({"limits": {"max_order_qty": None}}, "is 'None'", id="limit_null"),
        row({"limits": {"max_order_qty": "NaN"}}, "is 'NaN'", id="limit_nan"),
        row({"limits": []}, "limits is '[]'", id="limits_a_list"),
        row({"id": None}, "id is missing", id="no_id"),
        row({"sizes": 1}, "'sizes' is not a field of a case", id="unknown_key"),
        row({"order__sise": 1}, "'order.sise' is not a field", id="unknown_key_of_the_order"),
        row({"account__eqity": "1"}, "'account.eqity' is not a field", id="unknown_key_of_the_account"),
        row({"market__AAPL__spread": "1"}, "'market.AAPL.spread' is not a field", id="unknown_key_of_the_market"),
        row({"control__killed": True}, "'control.killed' is not a field", id="unknown_key_of_control"),
        row({"proposal": {"texts": [{"ref": "n", "body": "x"}]}}, "'proposal.texts[0].body'", id="unknown_key_deep"),
        row({"counters__last_exit_at": {"AAPL": "noon"}}, "counters.last_exit_at.AAPL is 'noon'", id="deep_time"),
        row({"market__AAPL__events": [{"kind": "party"}]}, "one of earnings, split", id="unknown_event"),
        row({"cycle_entries": None}, "cycle_entries is missing", id="entries_unknown"),
        row({"proposal__signal_direction": "2"}, "-1, 0 or 1", id="direction"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_place(changes, told):
    assert told in complaint(a_line(**changes))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        row({"order__qty": "-5"}, "QTY_INVALID", id="negative"),
        row({"order__qty": "0"}, "QTY_INVALID", id="zero"),
        row({"order__qty": "NaN"}, "QTY_INVALID", id="nan"),
        row({"order__qty": "Infinity"}, "QTY_INVALID", id="infinite"),
        row({"order__qty": "-inf"}, "QTY_INVALID", id="minus_infinite"),
        row({"order__qty": None}, "QTY_INVALID", id="missing"),
        row({"order__qty": "9" * 30}, "QTY_INVALID", id="30_digits"),
        row({"order__limit_price": "-1"}, "PRICE_INVALID", id="negative_price"),
        row({"order__limit_price": "NaN"}, "PRICE_INVALID", id="nan_price"),
        row({"order__limit_price": None}, "PRICE_INVALID", id="missing_price"),
        row({"order__stop_price": "NaN"}, "PRICE_INVALID", id="nan_stop"),
        row({"order__confidence": "1.2"}, "SCHEMA_INVALID", id="confidence_above_one"),
        row({"order__confidence": "NaN"}, "SCHEMA_INVALID", id="nan_confidence"),
        row({"order__confidence": None}, "CONFIDENCE_TOO_LOW", id="no_confidence"),
        row({"order__confidence": GONE}, "CONFIDENCE_TOO_LOW", id="confidence_left_out"),
        row({"order__symbol": "ААPL"}, "SYMBOL_INVALID", id="homoglyph"),
        row({"order__symbol": "AA\u200bPL"}, "SYMBOL_INVALID", id="zero_width"),
        row({"order__symbol": "A" * 16}, "SYMBOL_INVALID", id="long_symbol"),
        row({"order__currency": "EUR"}, "CURRENCY_MISMATCH", id="currency"),
        row({"order__currency": GONE}, "CURRENCY_MISMATCH", id="no_currency"),
        row({"account__currency": None, "market__AAPL__currency": None}, "CURRENCY_MISMATCH", id="currencies_unknown"),
        row({"order__created_at": GONE, "limits__max_signal_age_s": "300"}, "SIGNAL_STALE", id="undated"),
        row({"account__equity": None}, "EQUITY_UNKNOWN", id="equity_unknown"),
        row({"account__equity": "NaN"}, "EQUITY_UNKNOWN", id="equity_nan"),
        row({"account__equity": "Infinity"}, "EQUITY_UNKNOWN", id="equity_infinite"),
        row({"account__buying_power": "Infinity"}, "BUYING_POWER_UNKNOWN", id="buying_power_infinite"),
        row({"account__as_of": GONE}, "ACCOUNT_STALE", id="account_undated"),
        row({"account": None}, "EQUITY_UNKNOWN", id="no_account"),
        row({"account__broker_reconciled": None}, "NOT_RECONCILED", id="not_reconciled"),
        row({"account__trading_blocked": None}, "ACCOUNT_STATUS_UNKNOWN", id="status_unknown"),
        row({"control": None}, "CONTROL_UNREADABLE", id="no_control"),
        row({"control__kill_switch": None}, "CONTROL_UNREADABLE", id="kill_switch_unknown"),
        row({"control__trading_state": GONE}, "CONTROL_UNREADABLE", id="state_unknown"),
        row({"control__mode": None}, "MODE_FORBIDS_ORDERS", id="mode_unknown"),
        row({"control__mode": "observe"}, "MODE_FORBIDS_ORDERS", id="observe"),
        row({"control__paused": [{"scope": "symbol", "name": "aapl"}]}, "PAUSED", id="paused"),
        row({"control__mismatched": ["AAPL"]}, "POSITION_MISMATCH", id="mismatched"),
        row({"market": {}}, "INSTRUMENT_UNKNOWN", id="no_market"),
        row({"market__AAPL__tradable": None}, "INSTRUMENT_UNKNOWN", id="tradable_unknown"),
        row({"market__AAPL__tradable": False}, "NOT_TRADABLE", id="not_tradable"),
        row({"market__AAPL__tick": "0"}, "INSTRUMENT_UNKNOWN", id="no_tick"),
        row({"market__AAPL__lot": "-1"}, "INSTRUMENT_UNKNOWN", id="negative_lot"),
        row({"market__AAPL__ask": "NaN"}, "QUOTE_MISSING", id="nan_ask"),
        row({"market__AAPL__bid": "200.01"}, "QUOTE_MISSING", id="crossed"),
        row({"market__AAPL__ts": "2026-03-17T14:59:54Z"}, "QUOTE_STALE", id="stale_quote"),
        row({"market__AAPL__ts": "2026-03-17T15:01:00Z"}, "QUOTE_STALE", id="future_quote"),
        row({"market__AAPL__halted": True}, "INSTRUMENT_HALTED", id="halted"),
        row(
            {"limits__earnings_blackout_h": "24", "market__AAPL__next_earnings": "2026-03-18T10:00:00Z"},
            "EARNINGS_BLACKOUT",
            id="earnings",
        ),
        row(
            {"limits__earnings_blackout_h": "24", "market__AAPL__event_kinds": []}, "EARNINGS_UNKNOWN", id="no_dates"
        ),
        row({"limits__earnings_blackout_h": "24", "market__AAPL__next_earnings": GONE}, "EARNINGS_UNKNOWN",
            id="earnings_not_mentioned"),
        row({"positions": {"AAPL": {"qty": "NaN"}}}, "POSITION_UNKNOWN", id="holding_unknown"),
        row({"positions": {"MSFT": {"qty": "5", "avg_price": "1"}}, "limits__max_gross_exposure_pct": "100"},
            "EXPOSURE_UNKNOWN", id="holding_without_quote"),
        row({"market_calendar": GONE}, "MARKET_CLOSED", id="no_calendar"),
        row({"clock": "2026-03-17T21:00:00Z"}, "MARKET_CLOSED", id="after_the_close"),
    ],
)  # fmt: skip
def test_what_is_merely_wrong_or_unknown_is_for_the_gates(changes, code):
    outcome, codes = answer(**changes)
    assert outcome == "DENY"
    assert code in codes


@pytest.mark.parametrize("figure", ["equity", "cash", "buying_power", "day_start_equity"])
@pytest.mark.parametrize("value", [None, "NaN", "Infinity"])
def test_an_exit_passes_whatever_is_unknown_of_the_account(figure, value):
    assert answer(**AN_EXIT, **{f"account__{figure}": value}) == ("PASS", [])


def test_limits_that_are_absent_are_not_enforced_and_control_always_is():
    free = {"limits": {}, "order__qty": "900", "order__stop_price": None, "order__confidence": GONE}
    assert answer(**free) == ("PASS", [])
    assert answer(**free, control__kill_switch=True)[1] == ["KILL_SWITCH"]


def test_a_policy_stands_in_for_limits_that_are_absent():
    strict = load_policy("conservative")
    assert read(PolicyShelf(strict), limits=GONE).policy is strict
    assert read(PolicyShelf(strict), limits=None).policy is strict
    assert read(PolicyShelf(strict), limits={}).policy is not strict


def test_equal_limits_are_bound_once_and_the_shelf_stays_small():
    shelf = PolicyShelf()
    first = read(shelf, id="a").policy
    assert read(shelf, id="b").policy is first
    for count in range(300):
        read(shelf, limits={"max_order_qty": str(count)})
    assert len(shelf._bound) <= 256


def test_an_approval_fits_the_order_where_it_says_so():
    yes = {"by": "owner", "order_digest": "MATCH", "at": "2026-03-17T14:59:00Z"}
    asked = {"control__mode": "approve"}
    assert answer(**asked) == ("NEED_APPROVAL", ["APPROVAL_REQUIRED"])
    assert answer(**asked, order__approval=yes) == ("PASS", [])
    assert answer(**asked, order__approval={**yes, "order_digest": "other"})[1] == ["APPROVAL_MISMATCH"]
    assert answer(**asked, order__approval={**yes, "at": None})[1] == ["APPROVAL_EXPIRED"]
    assert answer(**asked, order__approval=yes, limits__approval_ttl_s="59")[1] == ["APPROVAL_EXPIRED"]
    assert answer(**asked, order__approval=yes, order__qty="NaN")[0] == "DENY"


def test_a_stop_price_is_the_trigger_of_a_stop_order_and_the_protection_of_the_others():
    stop = case(order__type="STOP_LIMIT", order__stop_price="201.00", order__limit_price="202.00").order
    assert (stop.trigger_price, stop.stop_loss) == (D("201.00"), None)
    both = case(order__type="stop", order__trigger_price="201.00", order__limit_price=None).order
    assert (both.trigger_price, both.stop_loss) == (D("201.00"), D("190.00"))


def test_orders_under_way():
    told = {
        "decision_id": "d",
        "symbol": "aapl",
        "side": "BUY",
        "qty": "10",
        "limit_price": "200",
        "status": "ACCEPTED",
    }
    found = case(
        open_orders=[
            {**told, "filled_qty": "4", "type": "limit", "at": "2026-03-17T14:00:00Z"},
            {**told, "status": "held_by_the_moon"},
            {
                **told,
                "status": GONE and None,
                "parent_id": "p",
                "reduce_only": True,
                "stop_price": "180",
                "leg": "stop",
            },
        ],
        recent_orders=[{**told, "at": None, "status": "cancelled"}],
    ).book
    first, second, third = found.open_orders
    (recent,) = found.recent_orders
    assert (first.symbol, first.open_qty, first.status) == (AAPL, D(6), OrderStatus.ACCEPTED)
    assert second.status is third.status is OrderStatus.UNKNOWN
    assert (third.parent_id, third.reduce_only, third.trigger_price, third.leg) == ("p", True, D(180), "stop")
    assert len({order.client_order_id for order in found.open_orders}) == 3
    assert recent.client_order_id == first.client_order_id, "open and recent name one order"
    assert (recent.created_at, recent.status) == (NOW, OrderStatus.CANCELED), "an undated order counts as just now"


@pytest.mark.parametrize(
    "wrong",
    [{"qty": "0"}, {"qty": None}, {"qty": "NaN"}, {"filled_qty": "11"}, {"limit_price": "-1"}, {"side": None}],
    ids=str,
)
def test_an_order_under_way_with_impossible_figures_is_refused(wrong):
    told = {"decision_id": "d", "symbol": "AAPL", "side": "buy", "qty": "10", "status": "accepted", **wrong}
    assert "open_orders[0]" in complaint(a_line(open_orders=[told]))


def test_every_addition_is_read():
    found = case(
        release={"code": "c", "policy": "MATCH", "prompts": "p"},
        control__release={"code": "c", "policy": "MATCH", "prompts": "p"},
        control__ramp="0.25",
        market_wide={
            "index_move_pct": "-1.5", "next_open": "2026-03-20T13:30:00Z", "next_close": "2026-03-20T20:00:00Z"
        },
        counters={"entries_today": 2, "round_trips_today": {"aapl": 1}, "slippage_pct": "0.1"},
        cycle_entries=3,
        account__kind="cash",
        account__settled_cash="5",
        account__symbol_pnl={"MSFT": "-3"},
        market__AAPL__listed_on="1980-12-12",
        market__AAPL__correlations={"MSFT": "0.5"},
        market__AAPL__bar_fault=None,
        market__AAPL__events=[{"kind": "split", "at": "2026-03-18T00:00:00Z"}],
        market__AAPL__event_kinds=["earnings", "split"],
        proposal={
            "provenance": {"cycle_id": "c1", "proposer": "case", "models": {"advisor": "m"}, "prompts": {}},
            "texts": [{"ref": "n1", "published_at": "2026-03-17T12:00:00Z"}],
            "usage": {"calls_cycle": 1, "tokens_cycle": 2, "tokens_day": 3, "cost_day": "0.10"},
            "signal_direction": 1,
            "advised_qty": None,
        },
    )  # fmt: skip
    assert isinstance(found.release, Release)
    assert (found.release, found.control.ramp, found.cycle_entries) == (found.control.release, D("0.25"), 3)
    assert (found.market.index_move_pct, found.market.next_session) == (
        D("-1.5"),
        Session(date(2026, 3, 20), NOW.replace(day=20, hour=13, minute=30), NOW.replace(day=20, hour=20)),
    )
    counters, account = found.book.counters, found.book.account
    assert (counters.entries_today, counters.round_trips_today, counters.fills_today) == (2, {AAPL: 1}, None)
    assert (account.kind, account.settled_cash) == (AccountKind.CASH, D(5))
    assert found.book.performance.symbol_pnl == {MSFT: D(-3)}
    view = found.market.symbols[AAPL]
    assert view.instrument is not None
    assert (view.instrument.listed_on, view.correlations, view.bar_fault) == (
        date(1980, 12, 12),
        {MSFT: D("0.5")},
        None,
    )
    assert [event.kind for event in view.events] == [EventKind.SPLIT]
    proposal = found.proposal
    assert proposal is not None
    assert found.order.origin is Origin.AGENT
    assert proposal.provenance is not None
    assert (proposal.provenance.models, proposal.signal_direction) == ({"advisor": "m"}, 1)
    assert (proposal.candidate_qty, proposal.advised_qty, proposal.inspected_qty) == (D(10), None, None)
    assert proposal.usage is not None
    assert proposal.texts is not None
    assert (proposal.usage.cost_day, proposal.texts[0].stored, proposal.texts[0].suspicious) == (D("0.10"), False, True)


def test_a_count_that_is_missing_makes_the_use_of_models_unknown():
    found = case(proposal={"usage": {"calls_cycle": 1}}).proposal
    assert found is not None
    assert found.usage is None


@pytest.mark.parametrize(
    ("told", "name"),
    [("a", "a"), (7, 7), (None, "line 3"), ("", "line 3"), (True, "line 3"), (["a"], "line 3"), ("x" * 300, "x" * 200)],
)
def test_an_answer_goes_back_under_a_name(told, name):
    assert case_id({"id": told}, 3) == name


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["NaN", "-1", "0.1", "buy"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
PLACES = sorted(
    {(name,) for name in a_document()}
    | {(name, inner) for name, part in a_document().items() if isinstance(part, dict) for inner in part}
    | {("market", "AAPL", inner) for inner in a_document()["market"]["AAPL"]}
)


@given(place=st.sampled_from(PLACES), value=JSON)
def test_any_value_in_any_place_is_answered_or_refused(place, value):
    document = a_document()
    inside = document
    for name in place[:-1]:
        inside = inside[name]
    inside[place[-1]] = value
    try:
        asked = read_case(read_object(json.dumps(document).encode()), lambda _name: TwoDays(), PolicyShelf())
    except OversightError:
        return
    assert evaluate(asked.case, asked.policy).outcome in Outcome


def test_the_calendar_is_asked_for_by_its_name():
    asked = []

    def calendars(name: str) -> TwoDays:
        asked.append(name)
        return TwoDays()

    read_case(a_document(market_calendar="24/7"), calendars, PolicyShelf())
    assert asked == ["24/7"]
