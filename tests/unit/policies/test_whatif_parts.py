"""The parts of a what-if case that are more than a field: orders under way, pauses, approvals, texts, sessions."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.book import Counters
from domain.case import Approval, Pause, Provenance, Release, TextUsed, Usage
from domain.ids import ClientOrderId, DecisionId, Ref
from domain.market import EventKind, Session, Timeframe
from domain.orders import Order, OrderStatus, OrderType, Origin, Side, TimeInForce
from policies.policy import policy_from_limits
from policies.whatif.case import PolicyShelf, read_case
from policies.whatif.fields import known
from tests.builders.policies import AAPL, MSFT, NOW, D, a_session
from tests.builders.whatif import FOLLOWING, GONE, SHELF, OneDay, a_document, case_of

row = pytest.param
AT, THEN = "2026-03-16T12:30:00Z", datetime(2026, 3, 16, 12, 30, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RESTING = {"decision_id": "d1", "symbol": "MSFT", "side": "sell", "qty": "10", "status": "accepted"}


def read(document):
    return case_of(document)


def test_every_field_of_an_order_under_way():
    full = {
        "client_order_id": "c1", "decision_id": "d1", "symbol": "msft", "side": "SELL", "qty": "10", "type": "STOP",
        "tif": "GTC", "status": "CANCELLED", "at": AT, "strategy": "news", "filled_qty": "4", "limit_price": "1.5",
        "stop_price": "2.5", "stop_loss": "3.5", "reduce_only": True, "leg": "stop", "parent_id": "p1",
    }  # fmt: skip
    order = Order(
        client_order_id=ClientOrderId("c1"), decision_id=DecisionId("d1"), symbol=MSFT, side=Side.SELL, qty=D(10),
        type=OrderType.STOP, tif=TimeInForce.GTC, status=OrderStatus.CANCELED, created_at=THEN, updated_at=THEN,
        strategy="news", origin=Origin.MANUAL, filled_qty=D(4), limit_price=D("1.5"), trigger_price=D("2.5"),
        stop_loss=D("3.5"), reduce_only=True, leg="stop", parent_id=ClientOrderId("p1"),
    )  # fmt: skip
    book = read(a_document(open_orders=[full], recent_orders=[full])).book
    assert book.open_orders == book.recent_orders == (order,)


@pytest.mark.parametrize("names", ["left_out", "null"])
def test_what_an_order_under_way_is_taken_for(names):
    left_out = (
        {} if names == "left_out" else {"decision_id": None, "type": None, "tif": None, "status": None, "at": None}
    )
    order = Order(
        client_order_id=ClientOrderId("open_orders[0].decision_id#0"),
        decision_id=DecisionId("open_orders[0].decision_id"), symbol=MSFT, side=Side.BUY, qty=D(10),
        type=OrderType.MARKET, tif=TimeInForce.DAY, status=OrderStatus.UNKNOWN, created_at=NOW, updated_at=NOW,
        strategy="case", origin=Origin.MANUAL, filled_qty=D(0), leg="entry",
    )  # fmt: skip
    (found_,) = read(
        a_document(open_orders=[{"symbol": "MSFT", "side": "buy", "qty": "10", **left_out}])
    ).book.open_orders
    assert found_ == order


def test_orders_of_one_decision_are_numbered():
    found_ = read(
        a_document(open_orders=[RESTING, {**RESTING, "decision_id": "d2"}, RESTING, RESTING])
    ).book.open_orders
    assert [order.client_order_id for order in found_] == ["d1#0", "d2#0", "d1#1", "d1#2"]


@pytest.mark.parametrize("filled", ["0", "10"], ids=["nothing_is_filled", "all_is_filled"])
def test_an_order_may_be_filled_up_to_its_quantity(filled):
    (order,) = read(a_document(open_orders=[{**RESTING, "filled_qty": filled}])).book.open_orders
    assert order.filled_qty == D(filled)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        row({}, Counters(), id="no_counters"),
        row({"counters": {}}, Counters(), id="none_counted"),
        row({"counters": None}, Counters(), id="null"),
    ],
)
def test_counters_are_unknown_where_nobody_counts(changes, expected):
    assert read(a_document(**changes)).book.counters == expected


@pytest.mark.parametrize(
    ("pause", "expected"),
    [
        row({"scope": "symbol", "name": "msft"}, Pause("symbol", "MSFT", NOW, "case"), id="symbol"),
        row({"scope": "strategy", "name": "msft"}, Pause("strategy", "msft", NOW, "case"), id="strategy"),
        row({"until": AT}, Pause("global", "", NOW, "case", THEN), id="for_a_while"),
        row({"scope": None, "name": None}, Pause("global", "", NOW, "case"), id="null"),
    ],
)
def test_a_pause(pause, expected):
    assert read(a_document(control__paused=[pause])).control.pauses == (expected,)


def test_a_release_and_the_one_in_force():
    case = read(a_document(
        release={"code": "c1", "policy": "x", "prompts": "p1"},
        control__release={"code": "c2", "policy": "MATCH", "prompts": "p2"},
    ))  # fmt: skip
    assert case.release == Release("c1", "x", "p1")
    assert case.control.release == Release("c2", case.control.policy_digest, "p2")
    assert len(case.control.policy_digest) == 64
    bare = read(a_document(release={}))
    assert (bare.release, bare.control.release) == (Release("", "", ""), None)


def test_a_yes_holds_for_as_long_as_the_policy_says():
    yes = {"by": "owner", "order_digest": "MATCH", "at": AT, "price": "12.5"}
    case = read(a_document(order__approval=yes))
    assert case.approval == Approval(
        "owner", case.order.digest, THEN, THEN + timedelta(seconds=120), D("12.5"), case.control.policy_digest
    )
    case = read(a_document(order__approval={"order_digest": "other"}, limits__approval_ttl_s="60"))
    assert case.approval == Approval(
        "", "other", EPOCH, EPOCH + timedelta(seconds=60), None, case.control.policy_digest
    )
    assert (
        read(a_document(order__approval={"order_digest": "MATCH"}, order__qty="NaN")).approval.order_digest == "MATCH"
    )


def test_the_texts_behind_a_proposal():
    full = {"ref": "n1", "published_at": AT, "first_seen_at": AT, "stored": True, "suspicious": False}
    bare = {"ref": "n2"}
    unknown = dict.fromkeys(("published_at", "first_seen_at", "stored", "suspicious"), None) | bare
    assert read(a_document(proposal={"texts": [full, bare, unknown]})).proposal.texts == (
        TextUsed(Ref("n1"), THEN, THEN, stored=True, suspicious=False),
        TextUsed(Ref("n2"), EPOCH, None, stored=False, suspicious=True),
        TextUsed(Ref("n2"), EPOCH, None, stored=False, suspicious=True),
    )


def test_where_a_proposal_came_from_and_what_it_cost():
    ran = {"cycle_id": "c1", "proposer": "news", "models": {"advisor": "m1"}, "prompts": {"advisor": "p1"}}
    spent = {"calls_cycle": 1, "tokens_cycle": 2, "tokens_day": 3, "cost_day": "0.10"}
    proposal = read(a_document(proposal={"provenance": ran, "usage": spent})).proposal
    assert proposal.provenance == Provenance("c1", "news", {"advisor": "m1"}, {"advisor": "p1"})
    assert proposal.usage == Usage(1, 2, 3, D("0.10"))
    for name in spent:
        assert read(a_document(proposal={"usage": {**spent, name: None}})).proposal.usage is None


@pytest.mark.parametrize(
    ("changes", "origin", "confidence"),
    [
        row({}, Origin.MANUAL, D("0.70"), id="a_confidence_makes_a_proposal"),
        row({"order__confidence": GONE}, Origin.MANUAL, None, id="a_lowest_confidence_asks_for_one"),
        row({"order__confidence": None}, Origin.MANUAL, None, id="a_confidence_of_null_too"),
        row({"order__confidence": None, "limits": {}}, Origin.MANUAL, None, id="also_without_a_lowest_one"),
        row({"order__confidence": GONE, "limits": {}}, Origin.MANUAL, "no proposal", id="nobody_speaks_of_confidence"),
        row({"order__confidence": GONE, "order__origin": "manual"}, Origin.MANUAL, "no proposal", id="a_person_asks"),
        row({"order__origin": "manual"}, Origin.MANUAL, D("0.70"), id="a_person_with_a_confidence"),
        row({"proposal": {}}, Origin.AGENT, D("0.70"), id="a_proposal_is_of_the_agents"),
        row({"proposal": {}, "order__origin": "rule"}, Origin.RULE, D("0.70"), id="unless_the_order_says_whose"),
        row({"proposal": {"confidence": "0.2"}}, Origin.AGENT, D("0.2"), id="its_own_confidence_counts"),
        row({"proposal": {}, "order__confidence": GONE, "limits": {}}, Origin.AGENT, None, id="none_at_all"),
    ],
)
def test_whose_order_it_is_and_whether_it_was_proposed(changes, origin, confidence):
    case = read(a_document(**changes))
    assert case.order.origin is origin
    assert ("no proposal" if case.proposal is None else case.proposal.confidence) == confidence


@pytest.mark.parametrize(
    ("kind", "told_", "trigger", "stop"),
    [
        row("stop", {"stop_price": "1"}, D(1), None, id="the_stop_price_triggers_a_stop_order"),
        row("stop", {"stop_price": "1", "trigger_price": "2"}, D(2), D(1), id="unless_a_trigger_is_named"),
        row("limit", {"stop_price": "1"}, None, D(1), id="and_protects_the_others"),
        row("limit", {"stop_price": "1", "trigger_price": "2"}, D(2), D(1), id="also_beside_a_trigger"),
    ],
)
def test_what_a_stop_price_is_for(kind, told_, trigger, stop):
    document = a_document(order__type=kind)
    document["order"] = {**document["order"], "stop_price": None, **told_}
    order = read(document).order
    assert (order.trigger_price, order.stop_loss) == (trigger, stop)


@pytest.mark.parametrize(
    ("changes", "session", "following"),
    [
        row({}, a_session(), FOLLOWING, id="by_the_calendar"),
        row({"market_calendar": GONE}, None, None, id="no_calendar"),
        row({"market_calendar": ""}, None, None, id="no_name"),
        row({"market_wide": {"next_open": AT}}, a_session(), FOLLOWING, id="an_opening_alone"),
        row({"market_wide": {"next_close": AT}}, a_session(), FOLLOWING, id="a_close_alone"),
        row({"market_wide": {"next_open": AT, "next_close": "2026-03-16T20:00:00Z"}}, a_session(),
            Session(date(2026, 3, 16), THEN, datetime(2026, 3, 16, 20, tzinfo=UTC)), id="as_the_case_says"),
    ],
)  # fmt: skip
def test_the_sessions_around_the_clock(changes, session, following):
    market = read(a_document(**changes)).market
    assert (market.at, market.calendar) == (
        NOW,
        changes.get("market_calendar", "XNYS") if changes.get("market_calendar") is not GONE else "",
    )
    assert (market.session, market.next_session) == (session, following)


@pytest.mark.parametrize("figure", ["bid", "ask", "last"])
def test_a_quote_of_one_figure_is_a_quote(figure):
    others = {f"market__AAPL__{name}": None for name in ("bid", "ask", "last") if name != figure}
    quote = read(a_document(**others)).market.symbols[AAPL].quote
    assert (quote.symbol, quote.source) == (AAPL, "case")
    assert [name for name in ("bid", "ask", "last") if not getattr(quote, name).is_nan()] == [figure]


def test_a_quote_of_no_figure_is_none():
    nothing = dict.fromkeys(("market__AAPL__bid", "market__AAPL__ask", "market__AAPL__last"), None)
    assert read(a_document(**nothing)).market.symbols[AAPL].quote is None


def test_what_is_known_of_a_symbol_without_being_told():
    view = read(a_document()).market.symbols[AAPL]
    assert (view.timeframe, view.instrument.symbol, view.instrument.name) == (Timeframe.DAY_1, AAPL, AAPL)


@pytest.mark.parametrize("name", ["tick", "lot"])
@pytest.mark.parametrize("value", ["0", "-1"])
def test_an_instrument_without_a_step_is_unknown(name, value):
    assert read(a_document(**{f"market__AAPL__{name}": value})).market.symbols[AAPL].instrument is None


def test_events_and_the_next_report_stand_side_by_side():
    split = {"kind": "split", "at": AT}
    view = read(a_document(market__AAPL__events=[split], market__AAPL__next_earnings=AT)).market.symbols[AAPL]
    assert [event.kind for event in view.events] == [EventKind.SPLIT, EventKind.EARNINGS]


def test_holdings_that_are_null_are_none():
    assert read(a_document(positions=None)).book.positions == {}
    assert read(a_document(market=None)).market.symbols == {}
    assert known({AAPL: None, MSFT: 0}) == {MSFT: 0}
    assert known(None) == {}


def test_a_shelf_binds_the_same_limits_once_however_they_are_written():
    shelf = PolicyShelf()
    one = shelf.policy({"max_order_qty": "1", "max_adds": 2})
    assert shelf.policy({"max_adds": 2, "max_order_qty": "1"}) is one
    assert shelf.policy({"max_adds": 3, "max_order_qty": "1"}) is not one
    assert (one.limits, one.profile) == ({"max_order_qty": D(1), "max_adds": D(2)}, policy_from_limits({}).profile)
    assert shelf.policy(None).digest == policy_from_limits({}).digest


def test_a_shelf_is_emptied_when_it_is_full():
    shelf = PolicyShelf(policy_from_limits({}))
    kept = []
    for count in range(258):
        shelf.policy({"max_adds": count})
        kept.append(len(shelf._bound))
    assert kept == [*range(1, 257), 1, 2]


@pytest.mark.parametrize("name", ["good", 7])
def test_a_case_keeps_its_name_and_its_policy(name):
    found = read_case(a_document(id=name), lambda _name: OneDay(), SHELF)
    assert (found.id, found.policy) == (name, SHELF.policy(a_document()["limits"]))
