"""Orders by hand go the way of all orders: gates, permit, outbox, ledger; and a refusal says what would pass."""

from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from rich.console import Console

from domain.case import Mode
from domain.errors import UsageError
from domain.orders import OrderStatus, OrderType, Origin, Side, TimeInForce
from domain.record.entries import RecordKind
from domain.verdicts import Outcome
from interfaces.acting.consent import as_shown
from interfaces.acting.ordering import Ticket
from interfaces.cli import render
from interfaces.service import Service
from interfaces.telegram_bot.screens import gates
from interfaces.telegram_bot.screens.pieces import Screen
from tests.builders.execution import HandClock
from tests.builders.runtime import NIMBO, a_policy, a_runtime
from trading.bus.messages import BusTopic
from trading.execution.changes import OrderChange
from trading.execution.guard import protection_of_books
from trading.execution.protection import Cover

D = Decimal
BUY = Ticket(Side.BUY, NIMBO, qty=D(10), stop=D(128), target=D(145))
RESTING = replace(BUY, limit=D("130.00"), stop=D(125))
SELL = Ticket(Side.SELL, NIMBO, qty=D(4))


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def runtime(tmp_path, clock):
    with a_runtime(tmp_path, clock=clock) as runtime:
        yield runtime


def by_hand(runtime) -> Any:
    """The use cases, as Any: a test knows which parts of a view are there."""
    return Service(runtime)


@pytest.fixture
def service(runtime):
    return by_hand(runtime)


def drawn(screen):
    """What either face shows, in one line."""
    if isinstance(screen, Screen):
        return screen.plain
    console = Console(width=200)
    with console.capture() as held:
        console.print(screen)
    return " ".join(held.get().split())


def orders_of(runtime):
    return runtime.deps.stores.orders.newest(50)


def test_a_buy_passes_the_gates_and_rests_its_protection(runtime, service):
    view = service.order(BUY)
    assert (view.done, view.order.status, view.order.origin, view.outcome) == (
        True, OrderStatus.FILLED, Origin.MANUAL, Outcome.PASS,
    )  # fmt: skip
    kinds = [entry.kind for entry in runtime.deps.stores.ledger.entries(subject=view.order.client_order_id)]
    assert kinds[0] is RecordKind.VERDICTS
    assert RecordKind.ORDER in kinds
    (held,) = service.positions().positions
    assert (held.qty, held.stop_loss, held.protection, held.protected_qty) == (10, 128, "protected", 10)


def test_asking_sends_nothing_and_leaves_no_order(runtime, service):
    view = service.order(BUY, what_if=True)
    assert (view.outcome, view.order, view.done) == (Outcome.PASS, None, False)
    assert orders_of(runtime) == ()
    assert runtime.deps.stores.ledger.entries(kind=RecordKind.VERDICTS) == ()


def test_the_same_words_at_the_same_moment_are_one_order(runtime, service):
    first, again = service.order(BUY), service.order(BUY)
    assert first.order.client_order_id == again.order.client_order_id
    assert service.positions().positions[0].qty == 10


REFUSED = {
    "too_large": (replace(BUY, qty=D(1000)), "C1"),
    "without_a_stop": (replace(BUY, stop=None, target=None), "B8"),
    "stop_on_the_wrong_side": (replace(BUY, stop=D(140)), "B8"),
    "off_the_tick": (replace(BUY, limit=D("133.001")), "B3"),
    "far_from_the_price": (replace(BUY, limit=D(200)), "E6"),
    "a_type_the_policy_forbids": (replace(BUY, type=OrderType.TRAILING_STOP, trail=D(5)), "B4"),
    "a_time_the_policy_forbids": (replace(BUY, tif=TimeInForce.FOK), "B4"),
    "nothing_held_to_sell": (SELL, "D3"),
}


@pytest.mark.parametrize(("ticket", "gate"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_names_its_gates_and_sends_nothing(runtime, service, ticket, gate):
    view = service.order(ticket)
    assert not view.done
    assert view.outcome in (Outcome.DENY, Outcome.NEED_APPROVAL)
    assert gate in {each.gate for each in view.why.objections}
    assert orders_of(runtime) == ()


def test_the_nearest_order_that_would_pass_is_named_and_passes(service):
    view = service.order(replace(BUY, qty=D(1000)))
    nearest = view.why.nearest_qty
    assert 10 < nearest < 1000
    assert service.order(replace(BUY, qty=nearest), what_if=True).outcome in (Outcome.PASS, Outcome.NEED_APPROVAL)


def test_a_kill_stops_orders_by_hand_too(runtime, service):
    service.kill("drill", flatten=False)
    view = service.order(BUY)
    assert not view.done
    assert "A1" in {each.gate for each in view.why.objections}


@pytest.fixture
def asking(tmp_path, clock):
    """Every order of more than 1,000 USD wants a person's yes."""
    policy = a_policy(tmp_path / "policy", approval_required_above_notional=1000)
    with a_runtime(tmp_path / "home", clock=clock, policy=policy) as runtime:
        yield runtime


def test_where_a_yes_is_needed_nothing_leaves_without_it(asking):
    view = by_hand(asking).order(BUY)
    assert (view.waits, view.done, view.outcome) == (True, False, Outcome.NEED_APPROVAL)
    assert orders_of(asking) == ()


def test_the_yes_is_on_record_before_the_order_and_bound_to_it(asking):
    view = by_hand(asking).order(BUY, confirmed=True)
    assert view.order.status is OrderStatus.FILLED
    ledger = asking.deps.stores.ledger
    (yes,) = ledger.entries(kind=RecordKind.APPROVAL)
    sent = ledger.entries(subject=view.order.client_order_id, kind=RecordKind.ORDER)
    assert yes.body["by"] == "owner"
    assert yes.seq < sent[0].seq


def test_a_yes_lifts_no_hard_limit(asking):
    shown = by_hand(asking).order(replace(BUY, qty=D(1000)), what_if=True)
    view = by_hand(asking).order(replace(BUY, qty=D(1000)), confirmed=True)
    assert view.order.qty == shown.final_qty == shown.why.nearest_qty < 80
    assert by_hand(asking).order(replace(BUY, limit=D(200)), confirmed=True).done is False


def test_a_sale_of_what_is_held_only_reduces_and_its_rest_stays_protected(runtime, service, clock):
    service.order(BUY)
    clock.wait(minutes=1)
    view = service.order(SELL)
    assert (view.order.reduce_only, view.order.status) == (True, OrderStatus.FILLED)
    (left,) = protection_of_books(runtime.deps.stores.orders).values()
    assert (left.held, left.covered, left.cover) == (D(6), D(6), Cover.LASTING)


def test_more_than_is_held_is_never_sold(service, clock):
    service.order(BUY)
    clock.wait(minutes=1)
    view = service.order(replace(SELL, qty=D(11)))
    assert view.order.qty == 10
    assert view.note == "the gates cut it from 11 to 10: no more of NIMBO is left to close"
    assert all(each.qty >= 0 for each in service.positions().positions)


def test_a_sale_of_nothing_is_told_in_one_sentence_and_the_gates_only_to_who_asks(service):
    because = "to sell it would be a short sale, which the policy does not allow (short sale, D3, allow_short)"
    told = f"no NIMBO is held: {because}"
    view, asked = service.order(SELL), service.order(SELL, what_if=True)
    assert (view.note, asked.note) == (told, "nothing was sent: this was only asked")
    assert {"B8", "D3"} <= {each.gate for each in view.why.objections}, "scripts get all of them"
    for screen, more in ((render.ticket, partial(render.ticket, verbose=True)), (gates.ticket, None)):
        for each in (view, asked):
            short = drawn(screen(each))
            assert short.casefold().count(told.casefold()) == 1
            assert "B8" not in short
            assert more is None or "protective stop (B8)" in drawn(more(each))


def test_a_stop_and_a_target_rest_behind_what_is_held(runtime, service, clock):
    service.order(replace(BUY, target=None))
    clock.wait(minutes=1)
    pair = Ticket(Side.SELL, NIMBO, qty=D(10), stop=D(129), target=D(150), tif=TimeInForce.GTC)
    view = service.order(pair)
    assert view.done
    assert (view.order.limit_price, view.order.stop_loss, view.order.reduce_only) == (150, 129, True)
    assert view.order.parent_id is not None, "it protects, so an exit may take its place"


def test_one_exit_alone_behind_a_sale_is_asked_about(service, clock):
    service.order(BUY)
    clock.wait(minutes=1)
    with pytest.raises(UsageError, match="both a stop and a target"):
        service.order(replace(SELL, stop=D(120)))


AT_MARKET = replace(BUY, type=OrderType.MARKET)


def test_an_entry_at_market_goes_as_the_limit_that_was_judged(runtime, service):
    view = service.order(AT_MARKET)
    # The ask is 133.10 and the policy says 0.2 %: what was judged, what was sent and what is told are one price.
    (said,) = runtime.deps.stores.ledger.entries(kind=RecordKind.VERDICTS)
    assert (view.order.type, view.order.tif, view.order.status) == (
        OrderType.LIMIT, TimeInForce.DAY, OrderStatus.FILLED,
    )  # fmt: skip
    assert said.body["intent"]["type"] == "limit"
    assert D(said.body["intent"]["limit_price"]) == view.order.limit_price == service.order(BUY).order.limit_price
    for screen in (render.ticket, gates.ticket):
        assert f"goes as a limit order, at {view.order.limit_price} at most, 0.2 % beyond the quote" in drawn(
            screen(view)
        )


@pytest.mark.parametrize(
    ("limits", "kind"),
    [
        pytest.param({"market_slippage_pct": 0.5}, OrderType.LIMIT, id="as_far_as_the_policy_says"),
        pytest.param({"market_slippage_pct": None}, OrderType.MARKET, id="a_policy_that_says_nothing"),
        pytest.param({"allowed_order_types": ["market"]}, OrderType.MARKET, id="a_policy_without_limit_orders"),
    ],
)
def test_the_policy_says_whether_an_entry_at_market_becomes_a_limit(tmp_path, clock, limits, kind):
    policy = a_policy(tmp_path / "policy", **limits)
    with a_runtime(tmp_path / "home", clock=clock, policy=policy) as runtime:
        asked = by_hand(runtime).order(AT_MARKET, what_if=True)
        agents = by_hand(runtime).order(BUY, what_if=True)
    assert asked.intent.type is kind
    assert (asked.turned != "") is (kind is OrderType.LIMIT)
    assert asked.intent.limit_price in (None, agents.intent.limit_price)


def test_an_exit_at_market_stays_one(service, clock):
    service.order(BUY)
    clock.wait(minutes=1)
    view = service.order(replace(SELL, type=OrderType.MARKET))
    assert (view.order.type, view.order.limit_price, view.turned) == (OrderType.MARKET, None, "")
    assert view.order.status is OrderStatus.FILLED


def test_the_yes_to_an_entry_at_market_is_to_the_limit_that_was_shown(service):
    shown = service.ask_order(AT_MARKET)
    asked = as_shown(AT_MARKET, shown.intent, shown.final_qty)
    assert "goes as a limit order" in shown.turned
    assert (asked.type, asked.limit) == (OrderType.LIMIT, shown.intent.limit_price)


def test_an_amount_buys_no_more_than_it_pays_for(service):
    view = service.order(replace(BUY, qty=None, amount=D(1000)))
    assert view.order.qty * view.order.limit_price <= 1000
    assert view.order.qty == 7
    with pytest.raises(UsageError, match="buys no share"):
        service.order(replace(BUY, qty=None, amount=D(1)))


def test_an_amount_buys_parts_of_shares_where_policy_and_instrument_take_them(tmp_path, clock):
    policy = a_policy(tmp_path / "policy", allow_fractional=True)
    with a_runtime(tmp_path / "home", clock=clock, policy=policy) as runtime:
        view = by_hand(runtime).order(replace(BUY, qty=None, amount=D(1000)))
        assert 7 < view.order.qty < D("7.6")
        assert view.order.status is OrderStatus.FILLED


def test_a_working_order_is_cancelled_once(service):
    name = service.order(RESTING).order.client_order_id
    view = service.cancel_order(name)
    assert (view.done, view.order.status) == (True, OrderStatus.CANCELED)
    with pytest.raises(UsageError, match="canceled already"):
        service.cancel_order(name)


def test_the_beginning_of_an_id_is_enough_where_it_is_one_orders_alone(service):
    name = service.order(RESTING).order.client_order_id
    assert service.cancel_order(name[:8]).done


@pytest.mark.parametrize("name", ["ord-none", "last"])
def test_an_order_that_nobody_knows_is_not_cancelled(service, name):
    with pytest.raises(UsageError, match="there is no order"):
        service.cancel_order(name)


def test_protection_is_moved_and_not_cancelled(runtime, service):
    service.order(BUY)
    stop = next(order for order in runtime.deps.stores.orders.open() if order.leg == "stop")
    with pytest.raises(UsageError, match="protects"):
        service.cancel_order(stop.client_order_id)
    moved = service.replace_order(stop.client_order_id, OrderChange(trigger_price=D(129)))
    assert moved.done, moved.note
    assert moved.order.trigger_price == 129
    with pytest.raises(UsageError, match="less protection"):
        service.replace_order(moved.order.client_order_id, OrderChange(trigger_price=D(120)))


def test_a_replaced_order_takes_the_place_of_the_old_one(runtime, service):
    name = service.order(RESTING).order.client_order_id
    view = service.replace_order(name, OrderChange(limit_price=D("130.50"), qty=D(8)))
    assert (view.done, view.order.limit_price, view.order.qty) == (True, D("130.50"), 8)
    assert runtime.deps.stores.orders.get(name).status is OrderStatus.REPLACED


def test_a_replacement_is_judged_too(runtime, service):
    name = service.order(RESTING).order.client_order_id
    view = service.replace_order(name, OrderChange(qty=D(1000)))
    assert not view.done
    assert view.note.startswith("the gates refuse it: orders of this size need a person's approval (mode, A2)")
    assert runtime.deps.stores.orders.get(name).status is OrderStatus.ACCEPTED


def test_a_limit_order_has_no_stop_price_to_change(service):
    name = service.order(RESTING).order.client_order_id
    with pytest.raises(UsageError, match="no stop price of its own"):
        service.replace_order(name, OrderChange(trigger_price=D(120)))


def lose_the_stops(runtime):
    """Somebody takes them out at the broker, and the mode lets nothing be sent in their place."""
    for order in runtime.deps.stores.orders.open():
        runtime.deps.broker.cancel(order.client_order_id)
    runtime.deps.stores.control.set_mode(Mode.OBSERVE, by="owner", at=runtime.deps.clock.now())
    runtime.deps.reconciler.reconcile(runtime.deps.clock.now())


def test_a_lost_stop_is_shown_wherever_one_looks_and_told_on_the_bus(runtime, service):
    service.order(BUY)
    assert service.status().unprotected == ()
    lose_the_stops(runtime)
    heard = []
    runtime.bus.subscribe(BusTopic.RISK_ALERT, lambda message: heard.append(message.body.words))
    told = "NIMBO: 10 held, 0 covered by a stop, planned at 128"
    assert service.status().unprotected == service.risk().unprotected == (told,)
    (held,) = service.positions().positions
    assert (held.protection, held.protected_qty) == ("unprotected", 0)
    service.cycle((NIMBO,), runtime.deps.clock.now())
    assert told in heard
