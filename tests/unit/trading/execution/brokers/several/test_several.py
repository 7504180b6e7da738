"""Two brokers in one home: where an order goes, what a silent one keeps from happening, and that nothing goes twice."""

from contextlib import suppress
from contextvars import Context
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from composition.brokers import missing_of
from domain.errors import (
    ConfigurationError,
    ManualActionError,
    NoAnswer,
    OversightError,
    PartlyAnswered,
    RetryableError,
    SourceUnavailable,
)
from domain.ids import DecisionId, brokers_in, client_order_id
from domain.orders import OrderStatus, Side
from tests.builders.execution import ENTRY, HandClock, OpenOffice, a_fill, a_slip, an_exit, an_intent
from tests.builders.market import AAPL, MSFT, NOON
from tests.builders.several import Line, a_venue, two_papers, two_scripted
from tests.simulation.behaviours import BEHAVIOURS
from trading.execution.account import at_least
from trading.execution.brokers.observed import ObservedBroker
from trading.execution.brokers.paper.broker import PaperBroker
from trading.execution.brokers.several.broker import LATELY, Seat, SeveralBrokers
from trading.execution.brokers.several.route import Terms, place_of
from trading.execution.brokers.several.silence import asked_once
from trading.execution.changes import OrderChange
from trading.execution.flatten import Hands, flatten
from trading.store.activity import ActivityStore

D = Decimal
row = pytest.param
BARE: dict[str, Any] = {"stop_loss": None, "take_profit": None}
RESTING: dict[str, Any] = BARE | {"limit_price": 90}
DEAR, CHEAP = Terms(cost_bp=D(9)), Terms(cost_bp=D(2))
WAYS = pytest.mark.parametrize(("terms", "goes_to"), [((CHEAP, DEAR), "paper:a"), ((DEAR, CHEAP), "paper:b")])


@pytest.fixture
def lines() -> dict[str, Line]:
    return {}


@pytest.fixture
def two(database, tmp_path, lines):
    """Make the two: the same folder and database make a second process of the same home."""

    def behind(label: str) -> Any:
        def wrap(paper: PaperBroker) -> Line:
            lines[label] = Line(paper)
            return lines[label]

        return wrap

    return lambda **given: two_papers(database, tmp_path, wraps=(behind("a"), behind("b")), **given)


def at(made, label):
    """What that venue holds."""
    return {each.symbol: each.qty for each in getattr(made, label).positions()}


def bought(broker):
    return sum(fill.qty for fill in broker.fills(since=NOON - timedelta(days=1)))


def flattened(house):
    """What becomes of a kill that orders to close everything."""
    if not house.latch.engaged():
        house.latch.engage("owner", "drill", "now", flatten=True)
        house.control.set_killed(True, by="owner", at=NOON, reason="drill")
    hands = Hands(house.desk, house.broker, house.orders, house.settlement, house.clock, lambda _: house.view(),
                  lambda _: None)  # fmt: skip
    return flatten(hands, house.latch.flatten())


def split(made):
    """Ten AAPL at a and six at b, as somebody could have bought them by hand."""
    for venue, decision, qty in ((made.a, "dec-8", 10), (made.b, "dec-9", 6)):
        venue.submit(made.house.permit(an_intent(decision, qty=qty, **BARE)))


@WAYS
def test_an_entry_goes_where_it_costs_least_and_the_record_tells_where(two, terms, goes_to):
    made = two(terms=terms)
    order = made.house.place(an_intent()).order
    assert order.status is OrderStatus.FILLED
    assert order.broker_id.startswith(f"{goes_to}/")
    assert at(made, goes_to[-1]) == {AAPL: 10}
    assert at(made, "ab".replace(goes_to[-1], "")) == {}
    assert made.house.reconciler.reconcile(made.house.clock.now()).ok


def test_equal_costs_go_to_the_one_that_has_answered(two, lines):
    made = two()
    lines["a"].down = True
    with pytest.raises(PartlyAnswered):
        made.broker.positions()
    lines["a"].down = False
    assert made.house.place(an_intent()).order.broker_id.startswith("paper:b/")
    for _ in range(LATELY):
        made.broker.positions()
    assert made.house.place(an_intent("dec-5", symbol=MSFT)).order.broker_id.startswith("paper:a/"), "long ago"


def test_an_entry_in_what_is_held_or_worked_on_goes_there_whatever_it_costs(two):
    made = two(terms=(CHEAP, DEAR))
    made.b.submit(made.house.permit(an_intent("dec-8", qty=3, **BARE)))
    made.b.submit(made.house.permit(an_intent("dec-9", symbol=MSFT, **RESTING)))
    made.broker.submit(made.house.permit(an_intent(**BARE)))
    made.broker.submit(made.house.permit(an_intent("dec-5", symbol=MSFT, **BARE)))
    assert (at(made, "a"), at(made, "b")) == ({}, {AAPL: 13, MSFT: 10})


def test_a_broker_that_does_not_trade_the_symbol_or_cannot_pay_is_passed_over(two):
    only_msft = replace(CHEAP, symbols=frozenset({MSFT}))
    made = two(terms=(only_msft, DEAR), limits={"max_order_qty": 1000})
    assert made.house.place(an_intent()).order.broker_id.startswith("paper:b/")
    made.b.submit(made.house.permit(an_intent("dec-5", qty=950, **RESTING)))
    made.a.submit(made.house.permit(an_intent("dec-6", symbol=MSFT, qty=950, **RESTING)))
    refused = made.house.place(an_intent("dec-7", qty=200)).order
    assert refused.status is OrderStatus.REJECTED, "nobody can pay for it, which the broker itself says"
    assert "cash" in refused.reason


def test_an_exit_goes_where_the_position_is(two):
    made = two(terms=(DEAR, CHEAP))
    made.a.submit(made.house.permit(an_intent("dec-8", **BARE)))
    assert made.house.place(an_exit()).order.status is OrderStatus.FILLED
    assert (at(made, "a"), at(made, "b")) == ({}, {})
    assert bought(made.b) == 0


def test_a_split_position_is_closed_in_parts_and_no_more_is_sold_anywhere_than_is_held_there(two):
    made = two()
    split(made)
    (position,) = made.broker.positions()
    assert (position.qty, position.available_qty) == (16, 10)
    # Past the gates, which would cut it as well: the last look is the router's own.
    whole = made.house.place(an_exit(qty=16))
    assert whole.order is None or whole.order.status is OrderStatus.DENIED
    assert (at(made, "a"), at(made, "b")) == ({AAPL: 10}, {AAPL: 6})
    done = flattened(made.house)
    assert (done.sent, dict(done.left)) == (2, {})
    assert (at(made, "a"), at(made, "b")) == ({}, {})


def test_one_silent_broker_keeps_entries_back_and_exits_go_on_at_the_other(two, lines):
    made = two()
    house = made.house
    house.place(an_intent(**BARE))
    made.b.submit(house.permit(an_intent("dec-9", symbol=MSFT, **BARE)))
    lines["b"].down = True
    for question in ("account", "positions", "orders", "time"):
        with pytest.raises(PartlyAnswered, match="paper:b does not answer"):
            getattr(made.broker, question)()
    with pytest.raises(RetryableError):
        house.reconciler.reconcile(house.clock.now())
    refused = house.place(an_intent("dec-5", qty=1))
    assert refused.order is None, "without knowing all the money nobody opens anything"
    assert house.place(an_exit()).order.status is OrderStatus.FILLED
    assert (at(made, "a"), at(made, "b")) == ({}, {MSFT: 10})


def test_an_entry_that_was_let_through_stays_here_while_one_is_silent(two, lines):
    made = two()
    approved = made.house.permit(an_intent())
    lines["b"].down = True
    with pytest.raises(SourceUnavailable, match="may be there"):
        made.broker.submit(approved)
    assert (bought(made.a), bought(made.b)) == (0, 0)


def test_a_flatten_closes_what_answers_and_does_not_call_the_rest_flat(two, lines):
    made = two()
    split(made)
    lines["b"].down = True
    with pytest.raises(RetryableError, match="paper:b does not answer"):
        flattened(made.house)
    assert (at(made, "a"), at(made, "b")) == ({}, {AAPL: 6})
    lines["b"].down = False
    assert dict(flattened(made.house).left) == {}
    assert at(made, "b") == {}


def test_an_exit_does_not_wait_for_the_one_that_was_silent_just_now(two, lines):
    made = two()
    made.a.submit(made.house.permit(an_intent("dec-8", **BARE)))
    approved = made.house.permit(an_exit())
    lines["b"].down = True
    with pytest.raises(PartlyAnswered):
        made.broker.positions()
    lines["b"].asked = 0
    assert made.broker.submit(approved).status is OrderStatus.FILLED
    assert lines["b"].asked == 0, "its permit would run out meanwhile"


def test_an_unclear_send_is_found_where_it_went_and_goes_nowhere_else(two, lines):
    first = two(terms=(DEAR, CHEAP))
    lines["b"].lost = True
    assert first.house.place(an_intent()).order.status is OrderStatus.UNKNOWN
    # Another process, to which the other broker is the cheaper one by now.
    again = two(terms=(CHEAP, DEAR))
    lines["b"].down = True
    assert again.house.desk.recover()[0].status is OrderStatus.UNKNOWN, "absence takes the word of both"
    again.house.clock.wait(minutes=5)
    assert again.house.desk.recover()[0].status is OrderStatus.UNKNOWN
    lines["b"].down = False
    # Whoever sends it again all the same, past every gate, reaches the one that has it.
    anybody = two(terms=(CHEAP, DEAR), office=OpenOffice)
    report = anybody.broker.submit(a_slip(an_intent()))
    assert (report.status, report.broker_id.partition("/")[0]) == (OrderStatus.FILLED, "paper:b")
    assert again.house.desk.recover()[0].status is OrderStatus.FILLED
    assert (bought(again.a), bought(again.b)) == (0, 10)
    assert again.house.reconciler.reconcile(again.house.clock.now()).ok


def test_an_order_that_never_arrived_anywhere_ends_once_nobody_can_send_it_any_more(two, lines):
    made = two()
    lines["a"].broker.submit, sent = refusing, lines["a"].broker.submit
    assert made.house.place(an_intent()).order.status is OrderStatus.UNKNOWN
    made.house.clock.wait(minutes=2)
    assert made.house.desk.recover()[0].status is OrderStatus.CANCELED
    lines["a"].broker.submit = sent


def refusing(*_asked: object) -> None:
    raise RetryableError("cut off before it arrived")


def test_a_kill_between_the_choice_and_the_send_stops_the_order(two, lines):
    made = two()
    approved, account = made.house.permit(an_intent()), made.b.account

    def killing() -> Any:
        made.house.latch.engage("owner", "drill", "now")
        return account()

    lines["b"].broker.account = killing  # the last question before the choice
    with pytest.raises(Exception, match="kill switch is engaged"):
        made.broker.submit(approved)
    assert (bought(made.a), bought(made.b)) == (0, 0)
    assert made.broker.find(ENTRY) is None


def test_cancel_and_replace_go_where_the_order_is_also_in_a_new_process(two):
    first = two(terms=(DEAR, CHEAP))
    first.house.place(an_intent(**RESTING))
    first.house.place(an_intent("dec-5", symbol=MSFT, **RESTING))
    again = two(terms=(CHEAP, DEAR))
    moved = again.house.desk.replace(ENTRY, OrderChange(limit_price=D(91)), market=again.house.view())
    assert moved.order.broker_id.startswith("paper:b/")
    other = client_order_id(DecisionId("dec-5"))
    assert again.house.desk.cancel(other, by="owner").status is OrderStatus.CANCELED
    assert [each.limit_price for each in again.b.orders()] == [91]
    assert again.a.orders() == ()


def test_an_order_that_two_brokers_know_is_nobodys_answer(two):
    made = two()
    permits = [made.house.permit(an_intent(**RESTING, qty=qty)) for qty in (10, 11)]
    made.a.submit(permits[0])
    made.b.submit(permits[1])
    with pytest.raises(Exception, match="known at paper:a and at paper:b"):
        made.broker.find(ENTRY)


def test_paper_and_real_money_are_not_mixed(two):
    made = two()

    class Live(PaperBroker):
        paper = False

    live = a_venue(made.a, replace(made.a._settings, label="c"))
    live.__class__ = Live
    with pytest.raises(ConfigurationError, match="paper:a paper, other live"):
        SeveralBrokers([Seat("paper:a", made.a), Seat("other", live)])


def test_a_slip_without_a_seal_goes_nowhere(two):
    made = two()
    with pytest.raises(Exception, match="without a valid permit"):
        made.broker.submit(a_slip(an_intent()))
    assert (bought(made.a), bought(made.b)) == (0, 0)


def test_a_symbol_long_at_one_and_short_at_the_other_opens_nothing_and_is_closed_on_both_sides(two):
    made = two()
    made.a.submit(made.house.permit(an_intent("dec-8", **BARE)))
    with made.b._books._database.transaction():
        made.b._books._hold(a_fill(side=Side.SELL))
    refused = made.house.place(an_intent("dec-5", symbol=MSFT)).order
    assert (refused.status, bought(made.b)) == (OrderStatus.DENIED, 0)
    assert "AAPL is held long at one broker and short at another" in refused.reason
    assert dict(flattened(made.house).left) == {AAPL: (D(-10), "its closing order is filled")}, "not flat"
    made.house.latch.engage("owner", "again", "later", flatten=True)
    assert dict(flattened(made.house).left) == {}
    assert (at(made, "a"), at(made, "b")) == ({}, {})


@pytest.mark.parametrize("fresh", [row(False, id="it_knows_where_they_are"), row(True, id="a_new_process")])
def test_a_refused_key_at_one_stops_no_cancel_at_the_other_and_delays_it_once(two, lines, fresh):
    apart = (Terms(symbols=frozenset({MSFT})), Terms(symbols=frozenset({AAPL})))
    made = two(terms=apart)
    for decision, symbol in (("dec-4", AAPL), ("dec-5", AAPL), ("dec-6", MSFT)):
        made.house.place(an_intent(decision, symbol=symbol, **RESTING))
    made = two(terms=apart) if fresh else made
    lines["b"].down, lines["b"].error = True, ConfigurationError("the key is refused")
    waited, cancel = list[int](), made.a.cancel

    def counting(name: Any) -> Any:
        report = cancel(name)
        waited.extend([lines["b"].asked] if report is not None else [])
        return report

    lines["b"].asked, lines["a"].broker.cancel = 0, counting
    with pytest.raises(SourceUnavailable, match="the key is refused"):
        made.house.desk.cancel_working()
    assert (made.a.orders(), len(made.b.orders()), waited) == ((), 2, [1])


def test_an_exit_passes_a_policy_for_these_accounts_while_one_hangs_and_the_process_is_new(two, lines):
    limits = {"account_id": "paper:a+paper:b"}
    two(limits=limits).house.place(an_intent(**BARE))
    again = two(limits=limits)
    lines["b"].down, lines["b"].hangs = True, lambda: again.house.clock.wait(seconds=12)
    assert dict(at_least_left(again.house)) == {}
    assert at(again, "a") == {}


def test_in_one_cycle_a_silent_broker_is_asked_once_and_a_cancel_asks_all_the_same(two, lines):
    made = two(terms=(DEAR, CHEAP))
    made.house.place(an_intent(**RESTING))
    lines["b"].down, lines["b"].asked, lines["b"].error = True, 0, NoAnswer("no word in its time")
    with asked_once():
        for question in (made.broker.account, made.broker.orders, lambda: made.broker.find(ENTRY), made.broker.time):
            with pytest.raises(SourceUnavailable, match=r"no word in its time|paper:b does not answer"):
                question()
        assert lines["b"].asked == 1
        lines["b"].down = False
        assert made.house.desk.cancel(ENTRY, by="owner").status is OrderStatus.CANCELED
        assert made.broker.find(ENTRY).status is OrderStatus.CANCELED, "it has answered, so it is asked again"


def test_calls_that_nobody_made_are_no_failed_calls(two, lines, database):
    """Gate F9 counts how brokers answer, not how often their silence is remembered."""
    made = two()
    watched, calls = ObservedBroker(made.broker, database, made.house.clock), ActivityStore(database)
    watched.account()
    lines["b"].down, lines["b"].error = True, NoAnswer("no word in its time")
    with asked_once():
        for question in (watched.account, watched.positions, watched.orders, lambda: watched.find(ENTRY), watched.time):
            with pytest.raises(SourceUnavailable):
                question()
        assert calls.failed_pct(NOON) == 50, "one that answered, one that did not, and four that nobody made"
        lines["a"].down = True
        with pytest.raises(SourceUnavailable):
            watched.account()
        assert calls.failed_pct(NOON).quantize(D(1)) == 67, "the other one was asked, and failed as well"
    gone = ObservedBroker(SeveralBrokers(made.broker.seats[:1], missing=["paper:b"]), database, made.house.clock)
    lines["a"].down = False
    with pytest.raises(PartlyAnswered):
        gone.account()
    assert calls.failed_pct(NOON).quantize(D(1)) == 67


def test_what_is_refused_at_once_is_asked_again_in_the_same_cycle(two, lines):
    made = two()
    with asked_once():
        lines["b"].down = True
        with pytest.raises(PartlyAnswered):
            made.broker.account()
        lines["b"].down = False
        assert made.broker.account().equity is not None


def test_a_broker_that_a_cycle_waits_for_no_more_is_away_for_nobody_else(two, lines):
    """It is back, and an order of another thread may go there."""
    made = two(terms=(DEAR, CHEAP))
    lines["b"].down, lines["b"].error = True, NoAnswer("no word in its time")
    with asked_once():
        with pytest.raises(PartlyAnswered):
            made.broker.account()
        lines["b"].down = False
        Context().run(made.broker.account)  # another thread, which has no silence
        with pytest.raises(PartlyAnswered):
            made.broker.time()
        placed = Context().run(made.house.place, an_intent(**BARE))
    assert place_of(placed.order.broker_id) == "paper:b"


def at_least_left(house):
    """What a flatten leaves where one broker does not answer, as far as the other says."""
    with suppress(PartlyAnswered):
        flattened(house)
    return {each.symbol: each.qty for each in at_least(house.broker.positions)}


def test_accounts_that_cannot_be_added_up_open_nothing_and_let_exits_pass(two):
    made = two()
    made.house.place(an_intent(**BARE))
    made.b._settings = replace(made.b._settings, currency="EUR")
    made.b._books._currency = "EUR"
    with pytest.raises(PartlyAnswered, match="USD"):
        made.broker.account()
    assert made.house.place(an_intent("dec-5", symbol=MSFT)).order is None
    assert made.house.place(an_exit()).order.status is OrderStatus.FILLED


def test_what_would_turn_a_holding_over_stays_here_while_one_is_silent(two, lines):
    made = two(office=OpenOffice)
    made.a.submit(a_slip(an_intent("dec-8", **BARE)))
    lines["b"].broker.positions = refusing
    with pytest.raises(ManualActionError, match="nothing is opened while paper:b does not answer"):
        made.broker.submit(a_slip(an_intent("dec-9", side=Side.SELL, qty=15, limit_price="99.80", **BARE)))
    assert at(made, "a") == {AAPL: 10}


def test_an_order_is_not_given_up_while_a_broker_is_missing_that_may_have_it(two, lines):
    first = two(terms=(DEAR, CHEAP))
    lines["b"].lost = True
    assert first.house.place(an_intent()).order.status is OrderStatus.UNKNOWN
    left = missing_of(brokers_in("paper:a"), first.house.orders, first.broker._numbers)
    assert left == ("paper:b",)
    alone = SeveralBrokers([first.broker.seats[0]], missing=left)
    with pytest.raises(SourceUnavailable, match="names it no longer"):
        alone.find(ENTRY)
    with pytest.raises(SourceUnavailable, match="names it no longer"):
        alone.cancel(ENTRY)


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_whatever_a_broker_does_to_an_order_no_other_one_gets_it_too(database, tmp_path, behaviour):
    """Three processes, to each of which another broker is the cheaper one, and what happens late between them."""
    clock, posts = HandClock(), list[str]()
    house: Any = None
    for cheap, waits in (("a", 30), ("b", 600), ("a", 1), ("b", 1), ("b", 1)):
        house = two_scripted(database, tmp_path, clock, behaviour, cheap=cheap)
        quietly(house.desk.recover)
        quietly(lambda: house.reconciler.reconnected(clock.now()))  # noqa: B023  # called at once
        quietly(lambda: house.place(an_intent(take_profit=None)))  # noqa: B023
        for seat in house.broker.seats:
            seat.broker.later()
        clock.wait(seconds=waits)
    for seat in house.broker.seats:
        posts += [f"{seat.name} {each}" for each in seat.broker.exchange.books.posts if each == ENTRY]
    assert len(posts) <= 1, posts
    assert house.reconciler.reconcile(clock.now()).differences == ()
    told = house.orders.get(ENTRY)
    assert told.broker_id is None or posts == [f"{told.broker_id.partition('/')[0]} {ENTRY}"]
    assert not told.status.is_open or house.broker.find(ENTRY).status.is_open


def quietly(step: Any) -> None:
    """What a process does; that it could not is no end of it."""
    with suppress(OversightError):
        step()
