"""What one look shows the gates beyond the symbols it is about."""

from decimal import Decimal

import pytest

from domain.ids import CycleId
from domain.market import Symbol
from graphs.nodes.observe import exposed_symbols, look, market_now
from tests.builders.execution import an_order
from tests.builders.market import AAPL, NOON, known
from tests.builders.runtime import KORVA, NIMBO, TAKEN, a_cycle, a_runtime

CALDO = Symbol("CALDO")


@pytest.fixture(scope="module")
def deps(tmp_path_factory):
    """A house that holds NIMBO, and has sent an order for CALDO that still works."""
    with a_runtime(tmp_path_factory.mktemp("home")) as runtime:
        a_cycle(runtime, TAKEN)
        runtime.deps.stores.orders.insert(an_order(symbol=CALDO))
        assert {position.symbol for position in runtime.deps.broker.positions()} == {TAKEN}
        yield runtime.deps


def test_what_only_works_is_weighed_and_is_no_subject(deps):
    seen = look(deps, CycleId("cyc-look"), NOON, (KORVA,))

    assert set(seen.market.symbols) == {KORVA, TAKEN, CALDO}
    assert {item.symbol for item in seen.evidence.items.values()} - {None} == {KORVA, TAKEN}
    assert {signal.symbol for signal in seen.signals} == {KORVA, TAKEN}
    assert seen.missing == ()


def test_correlations_are_with_what_money_is_in_or_may_be_in(deps):
    symbols = look(deps, CycleId("cyc-look"), NOON, (KORVA,)).market.symbols

    assert set(known(symbols[KORVA].correlations)) == {TAKEN, CALDO}
    assert set(known(symbols[TAKEN].correlations)) == {CALDO}
    assert set(known(symbols[CALDO].correlations)) == {TAKEN}


def test_profits_are_known_where_the_market_is(deps):
    performance = look(deps, CycleId("cyc-look"), NOON, (KORVA,)).book.performance

    by_symbol = known(performance.symbol_pnl)
    assert by_symbol.keys() == {TAKEN}
    assert by_symbol[TAKEN] < 0  # bought at the ask, worth the bid
    assert list(known(performance.strategy_pnl).values()) == [by_symbol[TAKEN]]


def test_orders_are_judged_beside_everything_that_works_with_all_correlations(deps):
    market = market_now(deps, [NIMBO, KORVA])

    assert set(market.symbols) == {NIMBO, KORVA, TAKEN, CALDO}
    for symbol, view in market.symbols.items():
        assert set(known(view.correlations)) == set(market.symbols) - {symbol}


def test_the_embedded_market_leaves_only_the_second_price_open(deps):
    market = market_now(deps, [KORVA])
    view = market.symbols[KORVA]

    assert (market.index_move_pct, market.next_session) != (None, None)
    unknown = [name for name in type(view).__slots__ if getattr(view, name) is None]
    assert unknown == ["second_price"]


def test_nothing_held_and_nothing_working_exposes_nothing():
    assert exposed_symbols((), ()) == frozenset()
    assert exposed_symbols([AAPL], [an_order(symbol=CALDO, qty=Decimal(1))]) == {AAPL, CALDO}
