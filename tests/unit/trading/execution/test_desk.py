"""The desk: gates at send time, one order for each decision, nothing sent without a record, crashes settled."""

import sqlite3
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy.exc import OperationalError

from domain.case import Mode, TradingState
from domain.errors import ConfigurationError, RetryableError
from domain.orders import OrderStatus
from domain.record.entries import RecordKind
from domain.verdicts import Outcome
from tests.builders.execution import ENTRY, a_house, an_exit, an_intent, an_order
from tests.builders.market import AAPL, NOON, at
from tests.builders.policies import a_proposal
from tests.simulation.behaviours import Fills
from tests.simulation.exchange import Exchange, ScriptedBroker
from trading.execution.account import annotated, unrealized_pnl
from trading.execution.outbox import LATEST_ARRIVAL
from trading.store.database import open_database
from trading.store.ledger import SqlLedger

S = OrderStatus


class Line:
    """A broker behind a line that fails as told: before the order gets through, after it, or on every question."""

    def __init__(self, paper, *, before=None, after=None, deaf=False):
        self._paper = paper
        self.before, self.after, self.deaf = before, after, deaf
        self.sent = 0

    def __getattr__(self, name):
        return getattr(self._paper, name)

    def submit(self, approved):
        if self.before is not None:
            raise self.before
        self.sent += 1
        report = self._paper.submit(approved)
        if self.after is not None:
            raise self.after
        return report

    def find(self, client_order_id):
        if self.deaf:
            raise RetryableError("the broker does not answer")
        return self._paper.find(client_order_id)


class Crash(BaseException):
    """The process is gone: nothing catches this."""


@pytest.fixture
def behind(database, tmp_path):
    """A house whose broker is behind a line."""

    def build(**faults):
        return a_house(database, tmp_path, broker=lambda paper: Line(paper, **faults))

    return build


def bought(house):
    return sum(fill.qty for fill in house.broker.fills(since=NOON - timedelta(days=1)))


def kinds(house):
    return [entry.kind for entry in house.ledger.entries(subject=ENTRY)]


def test_an_allowed_order_is_sent_settled_and_written_down(house):
    placed = house.place(an_intent(), cycle_id="cyc-1")
    assert placed.evaluation.outcome is Outcome.PASS
    assert (placed.order.status, placed.order.filled_qty) == (S.FILLED, 10)
    assert kinds(house) == [RecordKind.VERDICTS, RecordKind.ORDER, RecordKind.ORDER]
    assert [entry.kind for entry in house.ledger.entries(cycle_id="cyc-1")][-1] is RecordKind.FILL
    assert house.orders.trades.positions() == {AAPL: 10}


def test_a_decision_is_sent_once_whoever_asks_again(house):
    first = house.place(an_intent())
    again = house.place(an_intent(qty=500))
    assert again.order == first.order
    assert again.evaluation == first.evaluation
    assert bought(house) == 10


def test_a_refused_order_leaves_its_verdicts_and_nothing_else(house):
    house.control.set_mode(Mode.OBSERVE, by="owner", at=NOON)
    placed = house.place(an_intent())
    assert placed.order is None
    assert placed.evaluation.outcome is Outcome.DENY
    assert kinds(house) == [RecordKind.VERDICTS]
    assert house.orders.newest(9) == ()
    assert bought(house) == 0


def test_an_order_is_cut_to_what_the_gates_leave(database, tmp_path):
    house = a_house(database, tmp_path, limits={"max_order_qty": 4, "oversize": "reduce"})
    placed = house.place(an_intent(qty=10))
    assert placed.evaluation.outcome is Outcome.REDUCE
    assert placed.order.qty == bought(house) == 4


def test_a_preview_says_the_same_and_writes_nothing(house):
    before = house.ledger.head()
    preview = house.desk.preview(an_intent(), market=house.view())
    assert (house.ledger.head(), house.orders.newest(9), bought(house)) == (before, (), 0)
    assert preview == house.place(an_intent()).evaluation


def test_a_kill_between_permit_and_send_denies_the_order(behind):
    house = behind()
    true_submit = house.broker.submit

    def kill_then_submit(approved):
        house.latch.engage("owner", "drill", "now")
        return true_submit(approved)

    house.broker.submit = kill_then_submit
    placed = house.place(an_intent())
    assert (placed.order.status, "kill switch" in placed.order.reason) == (S.DENIED, True)
    assert house.desk.recover() == ()
    assert bought(house) == 0


def test_a_rejection_is_kept_with_the_brokers_reason(house):
    seen = house.view()
    house.market.quotes.clear()
    placed = house.desk.place(an_intent(), market=seen)
    assert (placed.order.status, placed.order.reason) == (S.REJECTED, "AAPL is not traded here")


def test_executions_that_the_broker_does_not_tell_stop_new_entries(behind):
    house = behind()

    def silent(**_since):
        raise RetryableError("the broker does not answer")

    house.broker.fills = silent
    assert house.place(an_intent()).order.status is S.FILLED
    assert house.control.read().reconciled_at is None
    del house.broker.fills
    assert house.reconciler.reconcile(NOON).ok
    assert house.orders.trades.positions() == {AAPL: 10}


@pytest.mark.parametrize(
    ("faults", "status", "shares"),
    [
        pytest.param({"after": RetryableError("timeout")}, S.FILLED, 10, id="the_answer_was_lost_and_is_looked_up"),
        pytest.param({"after": RetryableError("timeout"), "deaf": True}, S.UNKNOWN, 10, id="nobody_answers"),
        pytest.param({"before": RetryableError("refused")}, S.UNKNOWN, 0, id="it_may_still_arrive"),
    ],
)
def test_an_unclear_outcome_is_looked_up_and_never_sent_again(behind, faults, status, shares):
    house = behind(**faults)
    placed = house.place(an_intent())
    assert placed.order.status is status
    assert house.place(an_intent()).order.status is status
    assert house.broker.sent == (1 if "after" in faults else 0)
    assert bought(house) == shares


def test_an_order_of_unknown_fate_counts_as_exposure(behind):
    house = behind(before=RetryableError("timeout"))
    house.place(an_intent(qty=600))
    house.broker.before = None
    second = house.place(an_intent("dec-9", qty=600))
    assert [order.status for order in house.case(an_intent()).book.open_orders] == [S.UNKNOWN]
    assert second.order is None or second.order.status is S.REJECTED


def test_unknown_becomes_never_arrived_only_when_nobody_can_send_it_any_more(behind):
    house = behind(before=RetryableError("timeout"))
    house.place(an_intent())
    last_chance = house.orders.sendable_until(ENTRY) + LATEST_ARRIVAL
    house.clock.at = last_chance
    assert [order.status for order in house.desk.recover()] == [S.UNKNOWN]
    house.clock.at = last_chance + timedelta(microseconds=1)
    (closed,) = house.desk.recover()
    assert (closed.status, closed.reason) == (S.CANCELED, "it never arrived")


class BrokenLedger(SqlLedger):
    """A ledger that cannot write one kind of entry."""

    broken: RecordKind | None = None

    def append(self, kind, subject, body, **details):
        if kind is self.broken:
            raise ConfigurationError("the disk is full")
        return super().append(kind, subject, body, **details)


@pytest.mark.parametrize("kind", [RecordKind.VERDICTS, RecordKind.ORDER])
def test_without_a_record_nothing_is_sent(database, tmp_path, kind):
    ledger = BrokenLedger(database)
    house = a_house(database, tmp_path, ledger=ledger)
    ledger.broken = kind
    with pytest.raises(ConfigurationError, match="disk is full"):
        house.place(an_intent())
    assert bought(house) == 0
    assert house.orders.newest(9) == ()
    ledger.broken = None
    assert house.place(an_intent()).order.status is S.FILLED


CRASHES = ["before_the_intent", "before_the_claim", "before_the_send", "after_the_send", "before_the_answer_is_booked",
           "before_the_fill_is_booked"]  # fmt: skip


def crash_at(house, point):
    """Let the process die at one point of ``place``; the objects stand in for it, the database is all that is left."""

    def die(*_args, **_kwargs):
        raise Crash

    target, name = {
        "before_the_intent": (house.orders, "insert"),
        "before_the_claim": (house.orders, "claim"),
        "before_the_send": (house.broker, "submit"),
        "before_the_answer_is_booked": (house.settlement, "apply_report"),
        "before_the_fill_is_booked": (house.settlement, "sync"),
    }.get(point, (house.broker, "after"))
    setattr(target, name, Crash() if point == "after_the_send" else die)
    with pytest.raises(Crash):
        house.place(an_intent())


@pytest.mark.parametrize("second", [None, *CRASHES])
@pytest.mark.parametrize("first", CRASHES)
def test_no_crash_loses_an_order_or_sends_it_twice(database, tmp_path, first, second):
    crash_at(a_house(database, tmp_path, broker=Line), first)
    if second is not None:
        crashed_again = a_house(database, tmp_path, broker=Line)
        crashed_again.clock.wait(minutes=2)
        crashed_again.desk.recover()
        known = crashed_again.orders.get(ENTRY) is not None
        crashed_again.reconciler.reconcile(crashed_again.clock.now())
        if not known:
            crashed_again.market.move("99.99", "100.01", crashed_again.clock.now())
            crash_at(crashed_again, second)
    house = a_house(database, tmp_path, broker=Line)
    house.clock.wait(minutes=4)
    house.desk.recover()
    assert house.control.read().reconciled_at is None, "no new exposure before the books are compared"
    assert house.reconciler.reconcile(house.clock.now()).ok
    house.desk.resume(lambda _symbols: house.view())
    ours = house.orders.get(ENTRY)
    at_the_broker = house.broker.find(ENTRY)
    assert bought(house) == house.orders.trades.positions().get(AAPL, 0) == (0 if at_the_broker is None else 10)
    if ours is not None:
        assert ours.status is (S.CANCELED if at_the_broker is None else S.FILLED)
        assert house.place(an_intent()).order == ours, "it is not sent again"
    assert house.ledger.verify().ok


def test_an_intent_that_another_process_has_taken_over_is_sent_once(database, tmp_path):
    house = a_house(database, tmp_path, broker=Line)
    true_claim = house.orders.claim

    def taken_over_meanwhile(*args, **kwargs):
        other = a_house(database, tmp_path)
        assert other.place(an_intent()).order.status is S.FILLED
        return true_claim(*args, **kwargs)

    setattr(house.orders, "claim", taken_over_meanwhile)  # noqa: B010  # a method of this one object
    assert house.place(an_intent()).order.status is S.FILLED
    assert (house.broker.sent, bought(house)) == (0, 10)


@pytest.fixture
def left_behind(database, tmp_path):
    """A house in which a crash has left an intent that nobody sent, reconciled since."""

    def build(proposal=None, **given):
        dying = a_house(database, tmp_path, broker=Line, **given)

        def die(*_args, **_kwargs):
            raise Crash

        setattr(dying.orders, "claim", die)  # noqa: B010
        with pytest.raises(Crash):
            dying.place(an_intent(), proposal=proposal, cycle_id="cyc-1")
        house = a_house(database, tmp_path, broker=Line, **given)
        house.clock.wait(minutes=2)
        house.market.move("99.99", "100.01", house.clock.now())
        assert [order.status for order in house.desk.recover()] == [S.INTENT], "nobody has decided against it"
        assert house.reconciler.reconcile(house.clock.now()).ok
        return house

    return build


def resumed(house):
    return house.desk.resume(lambda _symbols: house.view())


def test_an_intent_that_never_left_is_judged_again_and_sent_under_its_own_id(left_behind):
    house = left_behind()
    (placed,) = resumed(house)
    assert (placed.order.client_order_id, placed.order.status, placed.order.filled_qty) == (ENTRY, S.FILLED, 10)
    assert placed.order.created_at == house.clock.now(), "a message of now, for every gate that counts them"
    assert kinds(house) == [RecordKind.VERDICTS, RecordKind.ORDER, RecordKind.VERDICTS, RecordKind.ORDER,
                            RecordKind.ORDER]  # fmt: skip
    assert (house.broker.sent, house.orders.cycle_of(ENTRY), resumed(house)) == (1, "cyc-1", ())


def test_an_intent_does_not_count_beside_itself(left_behind):
    limits = {"max_order_qty": 10, "max_position_qty": 10, "max_orders_per_day": 1, "duplicate_window_s": 900,
              "max_active_orders": 1, "max_entries_per_cycle": 1}  # fmt: skip
    house = left_behind(limits=limits)
    assert [placed.order.status for placed in resumed(house)] == [S.FILLED]


def test_placing_the_leg_again_takes_what_is_asked_for_now(left_behind):
    house = left_behind()
    placed = house.place(an_intent(qty=4, limit_price="100.30"))
    assert (placed.order.qty, placed.order.limit_price, placed.order.status) == (4, Decimal("100.30"), S.FILLED)
    assert (house.broker.sent, bought(house)) == (1, 4)


def test_what_the_gates_refuse_now_is_closed_for_everybody_to_see(left_behind):
    house = left_behind(limits={"max_order_qty": 1000, "max_spread_pct": 1})
    house.market.move("95", "100.01", house.clock.now())
    (placed,) = resumed(house)
    assert placed.order.status is S.DENIED
    assert "never left" in placed.order.reason
    assert placed.evaluation.codes[0] in placed.order.reason
    assert (house.broker.sent, house.orders.open()) == (0, ())


@pytest.mark.parametrize(
    ("waited", "limit", "status"),
    [
        pytest.param(30 * 60, None, S.FILLED, id="at_the_longest"),
        pytest.param(30 * 60 + 1, None, S.DENIED, id="a_second_longer"),
        pytest.param(300, 300, S.FILLED, id="at_the_limit_of_the_policy"),
        pytest.param(301, 300, S.DENIED, id="one_second_over"),
    ],
)
def test_an_intent_that_is_too_old_is_closed_without_asking_the_gates(left_behind, waited, limit, status):
    limits = {"max_order_qty": 1000} | ({} if limit is None else {"max_signal_age_s": limit})
    house = left_behind(limits=limits)
    house.clock.at = NOON + timedelta(seconds=waited)
    house.market.move("99.99", "100.01", house.clock.now())
    house.reconciler.reconcile(house.clock.now())
    resumed(house)
    assert house.orders.get(ENTRY).status is status
    assert house.desk.recover() == ()


def test_an_intent_whose_permit_is_good_is_left_to_its_owner(database, tmp_path):
    house = a_house(database, tmp_path, broker=Line)
    house.orders.insert(an_order(status=S.INTENT), sendable_until=NOON + timedelta(seconds=10))
    assert resumed(house) == ()
    assert [order.status for order in house.orders.open()] == [S.INTENT]


def test_an_intent_counts_as_exposure_until_it_is_resumed(left_behind):
    house = left_behind(limits={"max_position_qty": 15})
    assert house.place(an_intent("dec-9")).order is None
    assert [placed.order.status for placed in resumed(house)] == [S.FILLED]


def test_an_intent_is_resumed_with_the_evidence_it_had(left_behind):
    aged = a_proposal(evidence_as_of=NOON - timedelta(seconds=200), decided_at=NOON - timedelta(seconds=199))
    house = left_behind(limits={"max_order_qty": 1000, "max_signal_age_s": 300}, proposal=aged)
    assert [(placed.order.status, placed.evaluation.codes) for placed in resumed(house)] == [
        (S.DENIED, ("SIGNAL_STALE",))
    ]


def full(database):
    """The file may not grow any more, as on a disk that is full."""

    def fill():
        for _ in range(10_000):
            with database.transaction() as connection:
                connection.exec_driver_sql("INSERT INTO filler VALUES (hex(zeroblob(500)))")

    with database.transaction() as connection:
        connection.exec_driver_sql("CREATE TABLE filler (x TEXT)")
    with database.transaction() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    # Either connection may be the next to write, and each has a bound of its own.
    for frame in (database.transaction, database.reading):
        with frame() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(ConfigurationError, match="full"):
        fill()


def full_from_now_on(database):
    """Every write that still comes fails as its transaction ends."""

    def fail():
        raise OperationalError("COMMIT", {}, sqlite3.OperationalError("database or disk is full"))

    database.along(fail)


def locked(database):
    """Another program has the database."""
    holder = sqlite3.connect(database.place.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    return holder


def test_on_a_full_disk_nothing_is_sent(database, tmp_path):
    house = a_house(database, tmp_path, broker=Line)
    full(database)
    with pytest.raises(ConfigurationError, match="full"):
        house.place(an_intent())
    assert (house.broker.sent, house.orders.newest(9)) == (0, ())


def test_in_a_locked_database_nothing_is_sent(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'sage.db'}", lock_wait_s=0)
    house = a_house(database, tmp_path, broker=Line)
    holder = locked(database)
    with pytest.raises(RetryableError, match="locked"):
        house.place(an_intent())
    holder.close()
    assert house.broker.sent == 0
    assert house.place(an_intent()).order.status is S.FILLED
    database.close()


@pytest.mark.parametrize("fault", [full_from_now_on, locked])
def test_an_answer_that_cannot_be_written_is_looked_up_later(tmp_path, fault):
    database = open_database(f"sqlite:///{tmp_path / 'sage.db'}", lock_wait_s=0)

    def behind(paper):
        exchange = Exchange(tmp_path / "exchange.bin")
        return ScriptedBroker(exchange, paper._clock, paper._office, paper._control, lambda _id: Fills())

    house = a_house(database, tmp_path, broker=behind)
    holders = []
    house.broker.passing = lambda point: holders.append(fault(database)) if point == "wire:answered" else None
    with pytest.raises((ConfigurationError, RetryableError)):
        house.place(an_intent())
    assert [order.status for order in house.orders.open()] == [S.SUBMITTED], "and so it counts as exposure"
    for holder in holders:
        if holder is not None:
            holder.close()
    database.close()
    again = open_database(f"sqlite:///{tmp_path / 'sage.db'}")
    later = a_house(again, tmp_path, broker=behind)
    assert [order.status for order in later.desk.recover()] == [S.FILLED]
    assert later.reconciler.reconcile(NOON).ok
    assert later.place(an_intent()).order.filled_qty == 10
    assert later.broker.exchange.books.posts == [ENTRY]
    again.close()


def test_after_a_start_entries_wait_for_reconciliation_and_exits_do_not(house):
    house.place(an_intent())
    house.desk.recover()
    refused = house.place(an_intent("dec-9"))
    assert "NOT_RECONCILED" in refused.evaluation.codes
    assert house.place(an_exit()).order.status is S.FILLED


def test_a_breached_loss_limit_stops_new_exposure_by_itself(database, tmp_path):
    house = a_house(database, tmp_path, limits={"daily_loss_limit_pct": 1})
    house.equity.record(at("2026-03-16T20:00"), Decimal(110_000))
    assert house.place(an_intent()).order is None
    assert house.control.read().trading_state is TradingState.REDUCING


def test_entries_of_a_cycle_are_counted_from_the_record(database, tmp_path):
    house = a_house(database, tmp_path, limits={"max_entries_per_cycle": 1})
    house.place(an_intent("dec-1"), cycle_id="cyc-1")
    previewed = house.desk.preview(an_intent("dec-9"), market=house.view(), cycle_id="cyc-1")
    second = house.place(an_intent("dec-9"), cycle_id="cyc-1")
    assert (second.order, second.evaluation) == (None, previewed)
    assert "CYCLE_ENTRIES" in previewed.codes
    assert house.place(an_intent("dec-9"), cycle_id="cyc-2").order is not None


def test_cancelling_what_works_leaves_the_protection(house):
    house.place(an_intent(qty=800))
    assert [order.status for order in house.desk.cancel_working()] == [S.CANCELED]
    assert {report.leg for report in house.broker.orders()} == {"stop", "target"}


@pytest.mark.parametrize(
    ("ours", "theirs", "counts"),
    [
        pytest.param(None, Decimal(90), Decimal(90), id="only_the_broker_knows_one"),
        pytest.param(Decimal(95), Decimal(90), Decimal(95), id="ours_comes_first"),
        pytest.param(Decimal(0), Decimal(90), Decimal(0), id="nought_is_a_figure"),
    ],
)
def test_the_stop_of_a_holding_is_ours_where_we_have_one(house, ours, theirs, counts):
    house.place(an_intent())
    trade, (position,) = house.orders.trades.open(AAPL), house.broker.positions()
    assert annotated(replace(position, stop_loss=theirs), replace(trade, stop_loss=ours)).stop_loss == counts


def test_the_book_carries_what_only_we_know(house):
    house.place(an_intent())
    house.reconciler.reconcile(NOON)
    book = house.case(an_intent()).book
    position = book.positions[AAPL]
    assert (position.strategy, position.stop_loss, position.opened_at) == ("momentum", 95, NOON)
    assert (book.orders_today, book.turnover_today) == (1, sum(f.qty * f.price for f in house.orders.fills_since(NOON)))
    assert {order.leg for order in book.open_orders} == {"stop", "target"}
    assert unrealized_pnl(book.account, (position,)) == position.qty * (Decimal("99.99") - position.avg_price)
    day = book.performance
    assert day.unrealized_pnl == book.account.equity - day.day_start_equity - day.realized_pnl_day


class Late:
    """A broker on which something happens while its answer is on the way, once."""

    def __init__(self, paper, *meanwhile):
        self._paper = paper
        self._meanwhile = list(meanwhile)
        self.asked = 0

    def __getattr__(self, name):
        return getattr(self._paper, name)

    def orders(self):
        told = self._paper.orders()
        self.asked += 1
        while self._meanwhile:
            self._meanwhile.pop()()
        return told


def test_what_another_process_books_while_the_broker_answers_is_counted(tmp_path):
    url, limits = f"sqlite:///{tmp_path / 'sage.db'}", {"max_position_qty": 100}
    here, there = open_database(url), open_database(url)
    other = a_house(there, tmp_path, limits=limits)

    def buy():
        assert other.place(an_intent("dec-9", qty=100)).order.status is S.FILLED

    house = a_house(here, tmp_path, limits=limits, broker=lambda paper: Late(paper, buy))
    refused = house.place(an_intent(qty=10))
    assert (refused.order, refused.evaluation.outcome) == (None, Outcome.DENY)
    assert house.broker.asked == 2, "again inside the transaction"
    assert bought(house) == 100
    here.close()
    there.close()


@pytest.mark.parametrize(
    ("seconds", "asked"), [pytest.param(1, 1, id="soon_enough"), pytest.param(2, 2, id="asked_again")]
)
def test_an_answer_that_waited_too_long_is_asked_for_again(database, tmp_path, seconds, asked):
    house = a_house(database, tmp_path, broker=Late)
    authorise = house.desk._authorise

    def waits(request, reader):
        house.clock.wait(seconds=seconds)
        return authorise(request, reader)

    setattr(house.desk, "_authorise", waits)  # noqa: B010  a method is put in place of another
    house.control.set_mode(Mode.OBSERVE, by="owner", at=NOON)
    house.place(an_intent())
    assert house.broker.asked == asked
