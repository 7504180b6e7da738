"""Comparing, and taking over what the broker holds: shown, agreed to, booked, and then nothing stands in the way."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.errors import ManualActionError, UsageError
from domain.market import EventKind, MarketEvent
from domain.record.entries import RecordKind
from interfaces.service import Service
from tests.builders.execution import HandClock
from tests.builders.market import NOON
from tests.builders.runtime import KORVA, NIMBO, a_cycle, a_runtime, the_market
from trading.audit.books import check_books
from trading.store.accounts.paper_tables import paper_positions

D = Decimal


def held_there(runtime, symbol, qty, price):
    """Somebody has seen to it that the broker holds so much of it."""
    with runtime.deps.stores.database.transaction() as connection:
        connection.execute(paper_positions.delete().where(paper_positions.c.symbol == symbol))
        row = {"symbol": symbol, "qty": D(qty), "avg_price": D(price), "opened_at": NOON}
        connection.execute(paper_positions.insert().values(row))


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def runtime(tmp_path, clock):
    """Forty-six of NIMBO, bought a minute ago."""
    with a_runtime(tmp_path, clock=clock) as runtime:
        a_cycle(runtime, NIMBO)
        clock.wait(minutes=1)
        yield runtime


def test_a_foreign_share_blocks_for_ever_until_it_is_adopted_under_the_kill(runtime, clock):
    service = Service(runtime)
    held_there(runtime, KORVA, 12, "41.50")
    service.kill("test", flatten=False)
    began = clock.now()
    for days in (0, 1, 3, 10, 40):
        clock.at = began + timedelta(days=days)
        (found,) = service.reconcile().held
        told: tuple[object, ...] = (found.symbol, found.ours, found.theirs, found.since)
        assert told == (KORVA, 0, 12, began)
        with pytest.raises(ManualActionError, match="KORVA differs from the broker"):
            service.resume("global", "")
    before, made = runtime.deps.stores.orders.newest(99), service.pnl().realized_pnl
    done: Any = service.adopt(service.adoptable(KORVA), "owner")
    assert (done.free, done.adjustment.cost, done.adjustment.by) == (True, 498, "owner")
    assert runtime.deps.stores.orders.newest(99) == before, "nothing was sent"
    assert runtime.deps.stores.control.read().mismatched == ()
    assert runtime.deps.stores.control.read().kill_switch
    assert "KORVA" not in " ".join(service.resume_plan().findings)
    assert [each.symbol for each in service.trades().adjustments] == [KORVA]
    assert [each.symbol for each in service.pnl().adjustments] == [KORVA]
    assert service.pnl().realized_pnl == made, "nobody has won or lost by it"


def test_a_resume_follows_an_adoption(runtime):
    service = Service(runtime)
    held_there(runtime, KORVA, 12, "41.50")
    service.kill("test", flatten=False)
    service.adopt(service.adoptable(KORVA), "owner")
    assert not service.resume("global", "").kill_switch


def test_a_yes_to_other_figures_is_refused(runtime):
    service = Service(runtime)
    held_there(runtime, KORVA, 12, "41.50")
    shown = service.adoptable(KORVA)
    held_there(runtime, KORVA, 13, "41.50")
    with pytest.raises(ManualActionError, match="KORVA is not what you were shown: nothing was booked"):
        service.adopt(shown, "owner")
    assert runtime.deps.stores.ledger.entries(kind=RecordKind.ADJUSTMENT) == ()


def test_what_is_alike_cannot_be_adopted(runtime):
    with pytest.raises(UsageError, match="NIMBO is held alike on both sides"):
        Service(runtime).adoptable(NIMBO)


def test_a_split_that_the_owner_names_keeps_the_cost(runtime):
    service = Service(runtime)
    (lot,) = runtime.deps.stores.trades.lots(NIMBO)
    held_there(runtime, NIMBO, 92, lot.price / 2)
    with pytest.raises(UsageError, match="a split of 9 for 1 does not lead from 46 to 92"):
        service.adoptable(NIMBO, D(9))
    shown = service.adoptable(NIMBO, D(2))
    assert shown.words == "a split of 2 for 1 makes 92 of ours"
    working = [each for each in runtime.deps.stores.orders.open() if each.symbol == NIMBO]
    assert shown.resting == len(working) > 0, "its stop stays as it was, which the owner has to know"
    assert service.adopt(shown, "owner").adjustment.cost == 0
    stores = runtime.deps.stores
    assert sum(each.qty * each.price for each in stores.trades.lots(NIMBO)) == lot.qty * lot.price
    assert check_books(stores.database, stores.equity).ok


def test_a_split_that_the_market_tells_is_found_by_itself(tmp_path, clock):
    class Told:
        """The simulated market, which has heard of a split of NIMBO."""

        def __init__(self, market):
            self._market = market

        def __getattr__(self, name):
            return getattr(self._market, name)

        def events(self, symbol, *, as_of, until):
            found = self._market.events(symbol, as_of=as_of, until=until)
            at = NOON + timedelta(hours=1)
            split = MarketEvent(symbol, EventKind.SPLIT, at, at, D(2), "test")
            told = symbol == NIMBO and as_of - timedelta(days=7) <= at <= as_of <= until
            return (*found, split) if told else found

    with a_runtime(tmp_path, clock=clock, market=Told(the_market())) as runtime:
        a_cycle(runtime, NIMBO)
        clock.wait(hours=2)
        (lot,) = runtime.deps.stores.trades.lots(NIMBO)
        held_there(runtime, NIMBO, 92, lot.price / 2)
        (found,) = Service(runtime).reconcile().held
        assert found.words == "a split of 2 for 1 of 2026-03-17 makes 92 of ours"
        clock.wait(days=20)  # the source tells of a week alone, and the difference is older
        shown: Any = Service(runtime).adoptable(NIMBO)
        assert (shown.ratio, shown.explained) == (2, 92)
        assert Service(runtime).adopt(shown, "owner").adjustment.cost == 0
