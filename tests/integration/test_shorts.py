"""A short from its opening to its end: the venue and the policy allow it, and every place that tells of it agrees.

VERDA stands at 25.41 on the day it is sold, at 25.52 the day after and at 25.20 on the third day.
"""

from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

import interfaces.acting.ordering as ordering
from domain.errors import UsageError
from domain.orders import OrderStatus, Side
from domain.verdicts import Outcome
from interfaces.acting.ordering import Ticket
from interfaces.service import Service
from tests.builders.execution import HandClock
from tests.builders.runtime import NIMBO, VERDA, a_policy, a_runtime, sage
from tests.integration.test_commands import run

LENT = {"paper": {"allow_short": True, "max_short_qty": 100}}


@contextmanager
def a_home(folder, clock, terms=LENT):
    """A start of a home whose policy lets shorts pass."""
    policy = a_policy(folder, allow_short=True)
    with a_runtime(folder, clock=clock, policy=policy, broker_terms=terms) as runtime:
        yield runtime


def bought(runtime, qty, **more) -> Any:
    return ordering.order(runtime, Ticket(Side.BUY, VERDA, Decimal(qty)), **more)


def sold(runtime, qty=20, stop="27.00", **more) -> Any:
    ticket = Ticket(Side.SELL, VERDA, Decimal(qty), stop=Decimal(stop), **more)
    return ordering.order(runtime, ticket, confirmed=True)


def held(runtime):
    return {each.symbol: each.qty for each in runtime.deps.broker.positions()}


def after(service, clock, days):
    """What the open short would bring, so many days later."""
    clock.wait(days=days)
    service.cycle((NIMBO,), clock.now(), lambda _text: None)
    (row,) = [row for row in service.positions().positions if row.symbol == VERDA]
    return row.unrealized_pnl


def test_a_short_is_marked_covered_and_flattened_and_the_books_prove_it(tmp_path):
    clock = HandClock()
    with a_home(tmp_path, clock) as runtime:
        service: Any = Service(runtime)
        opened = sold(runtime, target=Decimal(21))
        assert (opened.order.status, held(runtime)) == (OrderStatus.FILLED, {VERDA: Decimal(-20)})
        exits = {(each.side, each.trigger_price or each.limit_price) for each in runtime.deps.broker.orders()}
        assert exits == {(Side.BUY, Decimal("27.00")), (Side.BUY, Decimal(21))}, "the stop above, the target below"
        assert service.risk().symbol != VERDA, "buying what is short is an exit, which meets hardly any limit"
        assert after(service, clock, 1) < 0 < after(service, clock, 2), "it loses where the price rises"
        covered = bought(runtime, 5, confirmed=True)
        assert (covered.done, held(runtime)[VERDA]) == (True, Decimal(-15))
        assert {each.qty for each in runtime.deps.broker.orders() if each.symbol == VERDA} == {Decimal(15)}
        cut = bought(runtime, 99, what_if=True)
        assert (cut.outcome, cut.final_qty) == (Outcome.REDUCE, Decimal(15)), "a cover never turns it over"
        with pytest.raises(UsageError, match=f"{covered.order.client_order_id} was no decision of the agents"):
            service.explain(covered.order.client_order_id, None)
        assert service.prices(VERDA).holding.avg_price == opened.order.avg_fill_price
        service.flatten(())
        assert held(runtime) == {}
        (trade,) = [each for each in service.trades().trades if each.symbol == VERDA]
        assert (trade.side, Decimal(trade.pnl) > 0) == (Side.SELL, True)
        clock.wait(minutes=5)
        assert service.reconcile().ok
        assert service.verify().ok


def test_its_stop_buys_it_back_at_a_loss(tmp_path):
    clock = HandClock()
    with a_home(tmp_path, clock) as runtime:
        service = Service(runtime)
        sold(runtime, stop="25.60")
        for _ in range(9):
            clock.wait(days=1)
            service.cycle((NIMBO,), clock.now(), lambda _text: None)
        assert VERDA not in held(runtime)
        (trade,) = [each for each in service.trades().trades if each.symbol == VERDA]
        assert (trade.exit_reason, Decimal(trade.pnl) < 0) == ("stop", True)
        assert service.reconcile().ok
        assert service.verify().ok


def test_a_kill_buys_it_back_also_where_the_table_allows_shorts_no_longer(tmp_path):
    with a_home(tmp_path, HandClock()) as runtime:
        sold(runtime)
    assert run(tmp_path, "chart", "exposure", "--to", str(tmp_path / "exposure.png"))[0] == 0
    ran = sage("--home", str(tmp_path), "kill", "--flatten", cwd=tmp_path, SAGE_NEWS="none")
    assert "Flat: 1 closing orders were sent and nothing is held." in ran.stdout, ran.stderr
    with a_home(tmp_path, HandClock()) as runtime:
        assert held(runtime) == {}
        assert Service(runtime).verify().ok


@pytest.mark.parametrize(
    ("terms", "qty", "told"),
    [
        ({}, 20, "this account cannot go short"),
        (LENT, 101, "no more than 100 shares of VERDA to borrow"),
        ({"paper": {"allow_short": True, "reject_share": 1}}, 20, "the venue rejected the order"),
    ],
)
def test_the_venue_has_the_last_word_whatever_the_policy_allows(tmp_path, terms, qty, told):
    with a_home(tmp_path, HandClock(), terms) as runtime:
        refused = sold(runtime, qty)
        assert (refused.order.status, held(runtime)) == (OrderStatus.REJECTED, {})
        assert told in refused.note
