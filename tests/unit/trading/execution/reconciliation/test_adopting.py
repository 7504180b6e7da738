"""Adopting the broker's truth: offered, agreed to, booked once, and clean at the next comparison."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import text

from domain.errors import ManualActionError
from domain.market import EventKind, MarketEvent
from domain.record.entries import RecordKind
from tests.builders.execution import HandClock, OpenOffice, a_house, a_slip, an_exit, an_intent, own_schema
from tests.builders.market import AAPL, MSFT, NOON
from tests.builders.tally import examples
from trading.audit.books import check_books
from trading.execution.reconciliation.adjusting import FOREIGN
from trading.execution.reconciliation.adopting import Adopter, Offer, Split
from trading.store.database import open_database

D = Decimal
LATER = NOON + timedelta(minutes=1)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def house(request, tmp_path):
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'adopting.db'}"
    else:
        url = own_schema(request.getfixturevalue("postgres_url"), "adopting")
    database = open_database(url)
    yield a_house(database, tmp_path, office=OpenOffice)
    database.close()


def elsewhere(house, make=an_intent, **changes):
    """An order that is made by hand at the broker."""
    name = f"elsewhere-{house.ledger.head()[:12]}"
    house.broker.submit(a_slip(make(name, stop_loss=None, take_profit=None, **changes), house.clock.now()))


def splits_at_the_broker(house, ratio, symbol=AAPL):
    """The broker scales what it holds."""
    with house.database.transaction() as connection:
        told = {each.symbol: each for each in house.broker.positions()}[symbol]
        values = {"q": f"{told.qty * ratio:f}", "p": f"{told.avg_price / ratio:f}", "s": symbol}
        connection.execute(text("UPDATE paper_positions SET qty = CAST(:q AS numeric), avg_price = CAST(:p AS numeric) "
                                "WHERE symbol = :s" if connection.dialect.name == "postgresql" else
                                "UPDATE paper_positions SET qty = :q, avg_price = :p WHERE symbol = :s"),
                           values)  # fmt: skip


def adopter(house):
    return Adopter(house.database, house.ledger, house.orders, house.broker)


def offers(house, **splits: Split):
    found = house.reconciler.reconcile(house.clock.wait(minutes=1)).differences
    asking = adopter(house)
    since = asking.since({each.symbol for each in found}, house.clock.now())
    return asking.offers(found, since, splits)


def adopt(house, offer: Offer):
    return adopter(house).adopt(offer, by="owner", now=house.clock.now())


def agrees(house):
    assert house.reconciler.reconcile(house.clock.wait(minutes=1)).ok
    assert [each.told for each in check_books(house.database, house.equity).findings] == []


def test_shares_bought_elsewhere_are_offered_and_clean_after_the_next_comparison(house):
    elsewhere(house)
    house.reconciler.reconcile(LATER)
    house.clock.wait(minutes=5)
    (offer,) = offers(house)
    assert (offer.symbol, offer.ours, offer.theirs, offer.since, offer.waits) == (AAPL, 0, 10, LATER, "")
    booked = adopt(house, offer)
    assert (booked.by, booked.price, booked.cost) == ("owner", offer.price, 10 * offer.price)
    assert house.control.read().mismatched == (AAPL,), "the next comparison frees it, not the owner's word"
    agrees(house)
    assert house.control.read().mismatched == ()
    assert (house.orders.trades.positions(), house.orders.fills_since(NOON)) == ({AAPL: 10}, ())
    assert house.orders.trades.realized() == 0
    (entry,) = house.ledger.entries(kind=RecordKind.ADJUSTMENT)
    assert (entry.subject, entry.body["ours"], entry.body["theirs"]) == (booked.adjustment_id, "0", "10")


def test_what_is_sold_by_us_later_is_the_result_of_no_strategy(house):
    elsewhere(house, qty=4)
    (offer,) = offers(house)
    adopt(house, offer)
    house.clock.wait(minutes=1)
    house.market.move("105.00", "105.02", house.clock.now())
    house.place(an_exit(qty=4, limit_price=104, created_at=house.clock.now()))
    (closed,) = house.orders.trades.closed()
    assert (closed.strategy, closed.entry_qty) == (FOREIGN, 4)
    assert {name for name, _ in house.orders.trades.profits(NOON)} == {FOREIGN}
    agrees(house)


def test_shares_that_vanished_take_their_cost_along_and_are_no_loss(house):
    house.place(an_intent(stop_loss=None, take_profit=None))
    elsewhere(house, an_exit)
    (offer,) = offers(house)
    booked = adopt(house, offer)
    cost = house.orders.fills_since(NOON)[0].price * 10
    assert (booked.theirs, booked.cost) == (0, -cost)
    (ended,) = house.orders.trades.closed()
    assert ended.pnl == -ended.commission == house.orders.trades.realized()
    assert house.ledger.entries(kind=RecordKind.TRADE_CLOSED) == (), "nobody closed it: nothing is learned from it"
    assert not ended.traded
    lost = replace(ended, trade_id="trd-lost", entry_qty=ended.entry_qty + 1, pnl=ended.pnl - 5, closed_at=NOON)
    house.orders.trades.save(lost)
    assert house.equity.performance(house.clock.now(), equity=None).consecutive_losses == 1, "no row begins or ends"


def test_a_known_split_keeps_the_cost_and_is_used_once(house):
    house.place(an_intent(take_profit=None))
    before = sum(each.qty * each.price for each in house.orders.trades.lots())
    at = house.clock.wait(days=1)
    event = MarketEvent(AAPL, EventKind.SPLIT, NOON, at, D(2))
    splits_at_the_broker(house, 2)
    split = adopter(house).split(AAPL, (event,), at)
    (offer,) = offers(house, AAPL=split)
    assert (offer.ours, offer.theirs, offer.explained) == (10, 20, 20)
    assert adopt(house, offer).cost == 0
    assert sum(each.qty * each.price for each in house.orders.trades.lots()) == before
    assert house.orders.trades.open(AAPL).stop_loss == D("47.5")
    assert adopter(house).split(AAPL, (event,), at) is None
    agrees(house)


def test_a_split_that_explains_nothing_is_not_used(house):
    house.place(an_intent(stop_loss=None, take_profit=None))
    elsewhere(house, qty=1)
    (offer,) = offers(house, AAPL=Split(D(5), None))
    assert (offer.split, offer.explained) == (None, None)


def test_a_yes_is_to_what_was_shown(house):
    elsewhere(house, qty=4)
    (offer,) = offers(house)
    elsewhere(house, qty=1)
    with pytest.raises(ManualActionError, match="not what you were shown"):
        adopt(house, offer)
    assert house.ledger.entries(kind=RecordKind.ADJUSTMENT) == ()
    assert house.orders.trades.positions() == {}


def test_what_may_still_explain_itself_is_waited_for(house):
    house.place(an_intent(stop_loss=None, take_profit=None))
    elsewhere(house, qty=3)
    now = house.clock.now()
    moving = house.reconciler.reconcile(now).differences
    (offer,) = adopter(house).offers(moving, {AAPL: now}, {})
    assert "moved a moment ago" in offer.waits
    with pytest.raises(ManualActionError, match="AAPL is not adopted"):
        adopt(house, offer)


@pytest.mark.parametrize("price", ["0", "NaN", "-1"])
def test_shares_of_unknown_cost_are_not_adopted(house, price):
    elsewhere(house)
    house.reconciler.reconcile(LATER)
    (told,) = house.broker.positions()
    unsaid = replace(told, avg_price=D(price))

    class Silent:
        def __getattr__(self, name):
            return getattr(house.broker, name)

        def positions(self):
            return (unsaid,)

    asking = Adopter(house.database, house.ledger, house.orders, Silent())
    found = house.reconciler.reconcile(house.clock.wait(minutes=1)).differences
    (offer,) = asking.offers(found, {AAPL: LATER}, {})
    assert offer.waits == "the broker does not say what its shares cost"


class ForeignMachine(RuleBasedStateMachine):
    """A life with trades of ours and of others, splits and adoptions in any order."""

    @initialize()
    def begin(self):
        self.folder = TemporaryDirectory()
        place = Path(self.folder.name)
        database = open_database(f"sqlite:///{place / 'sage.db'}")
        self.house = a_house(database, place, office=OpenOffice, clock=HandClock())
        self.number, self.adopted, self.out = 0, 0, D(0)

    def teardown(self):
        if hasattr(self, "house"):
            self.everything_adopted()
            assert self.house.ledger.verify().ok
            self.house.database.close()
            self.folder.cleanup()

    def passes(self):
        self.number += 1
        now = self.house.clock.wait(seconds=61)
        for symbol in (AAPL, MSFT):
            self.house.market.move("99.99", "100.01", now, symbol)
        return now

    @rule(symbol=st.sampled_from((AAPL, MSFT)), qty=st.integers(1, 30))
    def we_buy(self, symbol, qty):
        now = self.passes()
        self.house.place(an_intent(f"d-{self.number}", symbol=symbol, qty=qty, created_at=now, stop_loss=None,
                                   take_profit=None))  # fmt: skip

    @rule(symbol=st.sampled_from((AAPL, MSFT)), qty=st.integers(1, 30))
    def we_sell(self, symbol, qty):
        now = self.passes()
        self.house.place(an_exit(f"d-{self.number}", symbol=symbol, qty=qty, created_at=now))

    @rule(symbol=st.sampled_from((AAPL, MSFT)), qty=st.integers(1, 30), sells=st.booleans())
    def others_trade(self, symbol, qty, sells):
        self.passes()
        elsewhere(self.house, an_exit if sells else an_intent, symbol=symbol, qty=qty)

    @rule(symbol=st.sampled_from((AAPL, MSFT)), ratio=st.sampled_from((D(2), D(3), D("0.5"), D("1.5"))),
          known=st.booleans())  # fmt: skip
    def a_split(self, symbol, ratio, known):
        self.everything_adopted()
        now = self.passes()
        if symbol in {each.symbol for each in self.house.broker.positions()}:
            splits_at_the_broker(self.house, ratio, symbol)
            self.everything_adopted({symbol: Split(ratio, now)} if known else {})

    @rule()
    def everything_adopted(self, splits=None):
        self.passes()
        found = self.house.reconciler.reconcile(self.house.clock.now()).differences
        asking, since = adopter(self.house), dict.fromkeys((AAPL, MSFT), NOON)
        before = self.tied()
        made = [
            asking.adopt(each, by="owner", now=self.house.clock.now())
            for each in asking.offers(found, since, splits or {})
        ]
        assert abs(self.tied() - before - sum(each.cost for each in made)) < D("0.0001")
        self.out += sum(each.cost for each in made)
        self.adopted += len(made)
        assert self.house.reconciler.reconcile(self.passes()).ok

    def tied(self):
        return sum((each.qty * each.price for each in self.house.orders.trades.lots()), D(0))

    @invariant()
    def books_are_the_brokers_or_the_symbol_is_named(self):
        if not hasattr(self, "house"):
            return
        house = self.house
        house.reconciler.reconcile(house.clock.wait(seconds=7))
        ours, theirs = house.orders.trades.positions(), {each.symbol: each.qty for each in house.broker.positions()}
        differ = {name for name in (AAPL, MSFT) if ours.get(name, 0) != theirs.get(name, 0)}
        assert differ == set(house.control.read().mismatched)

    @invariant()
    def the_audit_agrees(self):
        if hasattr(self, "house"):
            assert [each.told for each in check_books(self.house.database, self.house.equity).findings] == []

    @invariant()
    def no_profit_comes_from_an_adjustment(self):
        """What went through our orders is what they made, what is tied in lots, and what adjustments took in or out."""
        if hasattr(self, "house"):
            fills = self.house.orders.fills_since(NOON)
            flow = -sum((each.qty * each.price * each.side.sign for each in fills), D(0))
            gross = self.house.orders.trades.realized() + self.house.orders.trades.commissions()
            assert abs(flow - (gross - self.tied() + self.out)) < D("0.001")


def test_lots_are_the_brokers_holdings_after_every_adoption():
    chosen = settings(
        max_examples=examples(12, proofs=200), stateful_step_count=20, deadline=None,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
        phases=(Phase.explicit, Phase.generate),
    )  # fmt: skip
    run_state_machine_as_test(ForeignMachine, settings=chosen)


def test_a_kill_does_not_stand_in_the_way(house):
    """Nothing is sent, so it needs no permission to send."""
    elsewhere(house)
    house.control.set_killed(True, by="owner", at=NOON)
    house.latch.engage("owner", "test", NOON.isoformat())
    (offer,) = offers(house)
    adopt(house, offer)
    agrees(house)
