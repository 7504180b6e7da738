"""After a loss of the whole account: what takes risk off still goes, and the owner has a way back that is on record."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.case import TradingState
from domain.errors import ManualActionError, UsageError
from domain.orders import Side
from domain.record.alerts import AlertCode, Severity
from domain.record.entries import RecordKind
from interfaces.acting.controlling import loss_breaches
from interfaces.acting.ordering import Ticket
from interfaces.service import Service
from tests.builders.execution import HandClock
from tests.builders.market import NOON
from tests.builders.runtime import KORVA, LEAVING, NIMBO, a_cycle, a_policy, a_runtime
from trading.audit.books import check_books
from trading.execution.reconciliation.reconcile import Reconciliation
from trading.store.accounts.equity import HIGH_WATER

D = Decimal
LATER = LEAVING
"""Another day, week and part of the month than the loss: of it the drawdown alone is left."""


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def runtime(tmp_path, clock) -> Any:
    """NIMBO and KORVA are held, and the equity has been a fifth higher."""
    with a_runtime(tmp_path, clock=clock) as runtime:
        a_cycle(runtime, KORVA)
        assert Service(runtime).order(Ticket(Side.BUY, NIMBO, qty=D(10), stop=D(128), target=D(145))).done
        seen(runtime, D(120_000))
        runtime.deps.reconciler.reconcile(NOON)
        yield runtime


def seen(runtime, equity):
    """A comparison of the books has told that equity."""
    with runtime.deps.stores.database.transaction():
        runtime.deps.stores.equity.record(NOON, equity)
        told = Reconciliation(NOON, True, (), equity)
        runtime.deps.stores.ledger.append(RecordKind.RECONCILIATION, "rec-high", told, at=NOON)


def breached(runtime):
    """The limit is met by whatever asks next to enter: here a person."""
    refused = Service(runtime).order(Ticket(Side.BUY, NIMBO, qty=D(1), stop=D(128)))
    assert not refused.done

    return runtime.deps.stores.control.read().trading_state


def held(runtime):
    return {each.symbol for each in runtime.deps.broker.positions() if each.qty}


def test_the_hard_drawdown_stops_entries_and_says_so_once(runtime):
    assert breached(runtime) is TradingState.REDUCING
    breached(runtime)
    a_cycle(runtime, NIMBO)
    alerts = [each for each in Service(runtime).status().alerts if each.code is AlertCode.DRAWDOWN]
    assert [each.severity for each in alerts] == [Severity.CRITICAL]


def test_a_soft_drawdown_that_becomes_a_hard_one_is_told_as_such(runtime):
    control = runtime.deps.stores.control
    control.tighten(TradingState.REDUCING, by="gates", at=NOON, reason="DRAWDOWN_SOFT")
    breached(runtime)
    assert [each.code for each in Service(runtime).status().alerts] == [AlertCode.DRAWDOWN, AlertCode.REDUCING]


def a_sale(runtime, clock):
    sold = Service(runtime).order(Ticket(Side.SELL, NIMBO, qty=D(1)))
    assert sold.done, sold.note


def a_flatten(runtime, clock):
    assert "nothing is held any more" in Service(runtime).flatten((NIMBO,)).note
    assert held(runtime) == {KORVA}


def an_exit_by_rule(runtime, clock):
    clock.at = LEAVING
    assert [order.side for order in a_cycle(runtime, KORVA).orders] == [Side.SELL]


def a_stop_put_back(runtime, clock):
    for leg in [each for each in runtime.deps.broker.orders() if each.symbol == NIMBO]:
        runtime.deps.broker.cancel(leg.client_order_id)
    runtime.deps.reconciler.sync(clock.now())
    assert protection_of(runtime, NIMBO) == "unprotected"
    clock.wait(minutes=1)
    a_cycle(runtime, KORVA)
    assert protection_of(runtime, NIMBO) == "protected"


def protection_of(runtime, symbol):
    return {each.symbol: each.protection for each in Service(runtime).positions().positions}[symbol]


@pytest.mark.parametrize("exits", [a_sale, a_flatten, an_exit_by_rule, a_stop_put_back])
def test_after_it_whatever_takes_risk_off_still_goes(runtime, clock, exits):
    assert breached(runtime) is TradingState.REDUCING
    exits(runtime, clock)
    assert runtime.deps.stores.control.read().trading_state is TradingState.REDUCING


def sold_and_later(runtime, clock):
    breached(runtime)
    Service(runtime).flatten((NIMBO,))
    clock.at = LATER


def test_no_waiting_and_no_selling_ends_a_drawdown(runtime, clock):
    sold_and_later(runtime, clock)
    with pytest.raises(ManualActionError, match="accept the loss with `sage resume --accept-loss`: the drawdown limit"):
        Service(runtime).resume("global", "")
    assert runtime.deps.stores.control.read().trading_state is TradingState.REDUCING


def test_the_owner_accepts_the_loss_and_goes_on_from_what_is_left(runtime, clock):
    sold_and_later(runtime, clock)
    service = Service(runtime)
    plan = service.resume_plan(accept_loss=True)
    left = runtime.deps.broker.account().equity
    assert plan.findings == ()
    assert f"the high-water mark becomes {left:,.2f}" in plan.loss
    assert service.resume("global", "", plan, accept_loss=True).trading_state is TradingState.ACTIVE
    stores = runtime.deps.stores
    assert stores.equity.performance(LATER, equity=left).peak_equity == left
    (entry,) = stores.ledger.entries(subject=HIGH_WATER, kind=RecordKind.CONTROL)
    assert {name: D(value) for name, value in entry.body["accepted_loss"].items()} == {"from": D(120_000), "to": left}
    assert (entry.body["by"], service.status().ramp) == ("owner", D("0.25"))
    assert check_books(stores.database, stores.equity).findings == ()
    with stores.database.transaction():
        stores.equity.lower_mark(left - 1)
    found = check_books(stores.database, stores.equity).findings
    assert [each.table for each in found] == ["high_water"], "a mark that nobody accepted is found"


def test_a_yes_is_to_no_larger_loss_than_was_shown_and_to_nothing_that_was_not_asked(runtime, clock):
    sold_and_later(runtime, clock)
    service = Service(runtime)
    plan: Any = service.resume_plan(accept_loss=True)
    with pytest.raises(ManualActionError, match="the loss is larger by now"):
        service.resume("global", "", replace(plan, mark=plan.mark * D("1.02")), accept_loss=True)
    with pytest.raises(ManualActionError, match="not resumed: it had differed"):
        service.resume("global", "", replace(plan, findings=("it had differed",)), accept_loss=True)
    assert runtime.deps.stores.ledger.entries(subject=HIGH_WATER) == ()
    assert service.resume("global", "", plan, accept_loss=True).trading_state is TradingState.ACTIVE


def test_the_next_drawdown_is_measured_from_there(runtime, clock):
    sold_and_later(runtime, clock)
    Service(runtime).resume("global", "", accept_loss=True)
    assert loss_breaches(runtime) == ()
    with pytest.raises(UsageError, match="no drawdown has reached its limit"):
        Service(runtime).resume("global", "", accept_loss=True)


def test_what_the_day_has_lost_is_not_accepted_away(tmp_path, clock):
    with a_runtime(tmp_path, clock=clock) as runtime:
        runtime.deps.stores.equity.record(NOON.replace(day=16), D(120_000))
        assert set(loss_breaches(runtime)) >= {"G1", "G3"}
        with pytest.raises(ManualActionError, match="wait for the next session"):
            Service(runtime).resume("global", "", accept_loss=True)
        assert runtime.deps.stores.ledger.entries(subject=HIGH_WATER) == ()


def test_a_profit_that_was_given_back_keeps_nobody_from_resuming(tmp_path, clock):
    """The best of the day was 110,000, and all of its profit is gone again (G5)."""
    wide = a_policy(tmp_path / "wide", max_drawdown_pct=50, soft_drawdown_pct=40)
    with a_runtime(tmp_path, clock=clock, policy=wide) as runtime:
        a_cycle(runtime, NIMBO)
        runtime.deps.stores.equity.record(NOON, D(110_000))
        failed = {row.gate for row in Service(runtime).risk().risk if row.state == "failed" and row.gate[0] == "G"}
        assert failed == {"G5"}
        runtime.deps.stores.control.tighten(TradingState.REDUCING, by="breaker", at=NOON, reason="rejects")
        assert Service(runtime).resume("global", "").trading_state is TradingState.ACTIVE
