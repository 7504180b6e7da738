"""The invariants, for whatever order, book and limits Hypothesis comes up with."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from domain.case import Case, Mode, TradingState
from domain.ids import ClientOrderId
from domain.orders import Order, OrderIntent, OrderStatus, OrderType, Origin, Side, TimeInForce
from domain.record.canonical import canonical_json
from domain.verdicts import Evaluation, Outcome
from policies.evaluate import evaluate
from policies.gate import Scope
from policies.gates.catalogue import GATES
from policies.limits import BY_NAME, Kind
from policies.measures.worst_case import worst_case
from policies.permit import PermitOffice
from policies.policy import Policy, load_policy, policy_from_limits, tightens
from tests.builders.policies import (
    MSFT,
    NOW,
    a_case,
    a_control,
    a_quote,
    a_view,
    ago,
    an_account,
    an_instrument,
    an_order,
    counters,
    held,
    working,
)

ALLOWED = (Outcome.PASS, Outcome.REDUCE)
ALWAYS = {gate.id for gate in GATES if gate.scope is Scope.ALWAYS}
LOSS_AND_EXPOSURE = {gate.id for gate in GATES if gate.id[0] in "CG"} | {"A3", "F6", "F7", "E13", "D1"}


def cents(low: int, high: int) -> st.SearchStrategy[Decimal]:
    return st.integers(low * 100, high * 100).map(lambda amount: Decimal(amount) / 100)


whole = st.integers(1, 2000).map(Decimal)
few = st.integers(1, 200).map(Decimal)
qtys = st.one_of(few, few, few, whole, st.sampled_from((Decimal(0), Decimal("0.5"), Decimal(-1))))
prices = cents(150, 250)
sides = st.sampled_from(Side)
statuses = st.sampled_from(OrderStatus)
states = st.sampled_from((TradingState.ACTIVE, TradingState.ACTIVE, TradingState.ACTIVE, TradingState.REDUCING))


@st.composite
def orders(draw: st.DrawFn, qty: st.SearchStrategy[Any] = qtys) -> Any:
    kind = draw(st.sampled_from((OrderType.LIMIT, OrderType.MARKET, OrderType.STOP, OrderType.STOP_LIMIT)))
    return an_order(
        side=draw(sides),
        qty=draw(qty),
        type=kind,
        tif=draw(st.sampled_from(TimeInForce)) if draw(st.integers(0, 9)) == 0 else TimeInForce.DAY,
        limit_price=draw(prices) if kind in (OrderType.LIMIT, OrderType.STOP_LIMIT) else None,
        trigger_price=draw(prices) if kind in (OrderType.STOP, OrderType.STOP_LIMIT) else None,
        stop_loss=draw(st.one_of(st.none(), st.none(), cents(170, 195), cents(170, 230))),
        reduce_only=draw(st.integers(0, 7)) == 0,
        created_at=ago(draw(st.integers(-5, 600))),
    )


@st.composite
def resting(draw: st.DrawFn) -> Order:
    qty = draw(few)
    return working(
        qty,
        side=draw(sides),
        symbol=draw(st.sampled_from(("AAPL", "MSFT"))),
        status=draw(statuses),
        filled_qty=min(qty, draw(st.integers(0, 200).map(Decimal))),
        limit_price=draw(prices),
        client_order_id=ClientOrderId(f"ord-{draw(st.integers(0, 9))}"),
        created_at=ago(draw(st.integers(-5, 4000))),
    )


@st.composite
def cases(draw: st.DrawFn, order: st.SearchStrategy[Any] | None = None) -> Case:
    bid, ask, last, age = draw(cents(195, 200)), draw(cents(200, 205)), draw(cents(190, 210)), draw(st.integers(-3, 9))
    equity, cash, power = draw(cents(50_000, 150_000)), draw(cents(0, 100_000)), draw(cents(0, 900_000))
    instrument = an_instrument(shortable=draw(st.booleans()))
    positions = {**held(draw(st.integers(-300, 300))), **held(draw(st.integers(-300, 300)), MSFT)}
    return a_case(
        draw(orders() if order is None else order),
        account=an_account(equity=equity, cash=cash, buying_power=power),
        lost=counters(consecutive_losses=draw(st.integers(0, 5)), last_loss_at=ago(draw(st.integers(0, 2000)))),
        positions=positions,
        open_orders=tuple(draw(st.lists(resting(), max_size=4))),
        recent_orders=tuple(draw(st.lists(resting(), max_size=3))),
        orders_today=draw(st.integers(0, 60)),
        turnover_today=draw(cents(0, 250_000)),
        view=a_view(quote=a_quote(bid=bid, ask=ask, last=last, at=ago(age)), instrument=instrument),
        others=(a_view(MSFT),),
        control=a_control(trading_state=draw(states)),
    )  # fmt: skip


SOME_LIMITS: dict[str, st.SearchStrategy[Any]] = {
    "max_order_notional": cents(0, 50_000),
    "max_order_qty": st.integers(0, 500),
    "max_position_pct_equity": cents(0, 60),
    "max_position_notional": cents(0, 90_000),
    "max_position_qty": st.integers(0, 600),
    "max_gross_exposure_pct": cents(0, 300),
    "max_net_exposure_pct": cents(0, 300),
    "max_leverage": cents(0, 4),
    "max_sector_pct_equity": cents(0, 200),
    "max_loss_per_trade_pct": cents(0, 5),
    "min_cash_reserve": cents(0, 50_000),
    "min_cash_reserve_pct": cents(0, 50),
    "max_turnover_per_day": cents(0, 400_000),
    "max_buying_power_pct": cents(0, 100),
    "max_open_positions": st.integers(0, 4),
    "max_adv_pct": cents(0, 1),
    "min_adv_value": st.sampled_from((0, 100_000_000, 10**12)),
    "max_orders_per_minute": st.integers(0, 5),
    "max_orders_per_day": st.integers(0, 80),
    "max_active_orders": st.integers(0, 6),
    "max_quote_age_s": st.integers(0, 12),
    "max_clock_skew_s": st.integers(0, 5),
    "max_signal_age_s": st.integers(0, 900),
    "max_spread_pct": cents(0, 5),
    "price_collar_pct": cents(0, 25),
    "market_slippage_pct": cents(0, 3),
    "min_price": cents(0, 300),
    "min_stop_distance_pct": cents(0, 5),
    "max_stop_distance_pct": cents(0, 20),
    "daily_loss_limit_pct": cents(0, 60),
    "max_drawdown_pct": cents(0, 60),
    "max_consecutive_losses": st.integers(0, 6),
    "cooldown_after_loss_s": st.integers(0, 2500),
    "approval_required_above_notional": cents(0, 60_000),
    "allow_short": st.booleans(),
    "require_stop_loss": st.booleans(),
    "forbid_self_cross": st.booleans(),
    "oversize": st.sampled_from(("deny", "reduce")),
    "mode": st.sampled_from(("observe", "paper", "auto")),
    "restricted": st.sampled_from(([], ["AAPL"], ["MSFT"])),
    "universe": st.sampled_from((["AAPL"], ["AAPL", "MSFT"], ["MSFT"])),
}


@st.composite
def limits(draw: st.DrawFn) -> dict[str, Any]:
    """Up to five limits: with all of them at once hardly any order would pass."""
    names = draw(st.lists(st.sampled_from(sorted(SOME_LIMITS)), max_size=5, unique=True))
    return {name: draw(SOME_LIMITS[name]) for name in names}


anything: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.decimals(), st.just([1, 2])
)
STOPS: tuple[dict[str, Any], ...] = (
    {"kill_switch": True},
    {"readable": False},
    {"trading_state": TradingState.HALTED},
)
FIELDS = sorted(set(OrderIntent.__dataclass_fields__) - {"decision_id", "strategy", "leg"})
PARTS = ("equity", "cash", "buying_power", "bid", "ask", "last", "trading_state", "kill_switch")


@given(st.data())
def test_gates_are_total(data):
    """I-02, I-25: whatever a field holds, there is an evaluation, and nonsense never passes."""
    order, case = an_order(), a_case()
    name = data.draw(st.sampled_from(FIELDS))
    value = data.draw(anything)
    found = evaluate(replace(case, order=replace(order, **{name: value})), load_policy("conservative"))
    assert found.outcome in Outcome
    assert canonical_json(found)
    if name in ("symbol", "side", "type", "tif", "created_at"):
        assert found.outcome is Outcome.DENY
    if found.outcome is not Outcome.DENY and name == "qty":
        assert isinstance(value, Decimal)
        assert value.is_finite()
        assert value > 0


@given(st.data())
def test_a_broken_part_of_the_case_never_lets_an_entry_through(data):
    """I-26: missing or malformed account, quote or control figures deny."""
    case, value = a_case(), data.draw(anything)
    part = data.draw(st.sampled_from(PARTS))
    if part in ("equity", "cash", "buying_power"):
        case = replace(case, book=replace(case.book, account=an_account(**{part: value})))
    elif part in ("bid", "ask", "last"):
        case = a_case(view=a_view(quote=a_quote(**{part: value})))
    else:
        case = a_case(control=a_control(**{part: value}))
    assume(not (isinstance(value, Decimal) and value.is_finite()) and value is not False)
    found = evaluate(case, load_policy("conservative"))
    assert found.outcome is Outcome.DENY
    assert canonical_json(found)


@given(cases(orders(whole)), limits(), st.integers(1, 2000))
def test_a_larger_order_is_never_treated_more_kindly(case, raw, more):
    """I-05."""
    policy = policy_from_limits(raw)
    small = evaluate(case, policy)
    large = evaluate(replace(case, order=replace(case.order, qty=case.order.qty + more)), policy)
    if small.outcome is Outcome.DENY and not _blocked_by_form_or_duplicate(small):
        assert large.outcome is Outcome.DENY or large.final_qty < case.order.qty


def _blocked_by_form_or_duplicate(found: Evaluation) -> bool:
    return any(v.outcome is Outcome.DENY and v.gate in {"B2", "F4"} for v in found.verdicts)


@given(cases(), limits(), limits())
def test_tightening_never_lets_more_through(case, raw, other):
    """I-06: a blocked order stays blocked, a smaller quantity stays at most as large."""
    loose = policy_from_limits(raw)
    tight = policy_from_limits({**raw, **{name: _tighter(name, raw.get(name), value) for name, value in other.items()}})
    assume(tightens(loose, tight))
    assume(not any(order.symbol == case.order.symbol for order in case.book.recent_orders))
    before, after = evaluate(case, loose), evaluate(case, tight)
    assert _let_through(after) <= _let_through(before)


def _let_through(found: Evaluation) -> Decimal:
    return found.final_qty if found.outcome in ALLOWED else Decimal(0)


def _tighter(name: str, old: Any, new: Any) -> Any:
    if old is None:
        return new
    kind = BY_NAME[name].kind
    if kind is Kind.AT_MOST:
        return min(old, new)
    if kind is Kind.AT_LEAST:
        return max(old, new)
    return new


@given(cases(), limits(), st.randoms(use_true_random=False))
def test_the_order_of_the_gates_does_not_matter(case, raw, random):
    """I-07."""
    policy = policy_from_limits(raw)
    shuffled = list(policy.gates)
    random.shuffle(shuffled)
    one, two = evaluate(case, policy), evaluate(case, replace(policy, gates=tuple(shuffled)))
    assert (one.outcome, one.final_qty, set(one.codes)) == (two.outcome, two.final_qty, set(two.codes))
    assert set(one.verdicts) == set(two.verdicts)


@given(cases(), limits())
def test_one_more_gate_never_lets_more_through(case, raw):
    """I-06: removing a gate can only let more through."""
    policy = policy_from_limits(raw)
    fewer = replace(policy, gates=tuple(gate for gate in policy.gates if gate.id not in {"C1", "E6", "F1"}))
    full, less = evaluate(case, policy), evaluate(case, fewer)
    if less.outcome is Outcome.DENY:
        assert full.outcome is Outcome.DENY


@given(cases(), limits())
def test_the_same_question_gets_the_same_answer_to_the_byte(case, raw):
    """I-08."""
    one, two = evaluate(case, policy_from_limits(raw)), evaluate(replace(case), policy_from_limits(dict(raw)))
    assert one == two
    assert canonical_json(one) == canonical_json(two)


@given(cases(), limits())
def test_exits_are_not_stopped_by_loss_exposure_or_rest(case, raw):
    """I-09, I-10: and what counts as an exit never crosses zero."""
    policy = policy_from_limits(raw)
    worst = worst_case(case)
    found = evaluate(case, policy)
    if worst.reduces_risk and worst.held is not None:
        assert case.order.qty <= abs(worst.held)
        assert case.order.side.sign * worst.held < 0
        stopped = {v.gate for v in found.verdicts if v.outcome is not Outcome.PASS}
        assert not stopped & LOSS_AND_EXPOSURE
        assert stopped <= ALWAYS


@given(cases(), limits())
def test_nothing_is_approved_beyond_a_limit(case, raw):
    """I-01, I-03, I-11: every figure is recomputed here from scratch, on the quantity that would be sent."""
    policy = policy_from_limits(raw)
    found = evaluate(case, policy)
    if found.outcome not in ALLOWED:
        return
    order, values = replace(case.order, qty=found.final_qty), policy.limits
    assert 0 < order.qty <= case.order.qty
    held_now = case.book.positions[order.symbol].qty
    same_way = sum(o.open_qty for o in case.book.open_orders if o.symbol == order.symbol and o.side is order.side)
    if held_now * order.side.sign < 0 and order.qty <= abs(held_now) - same_way:
        return
    assert not (order.side is Side.SELL and held_now - same_way - order.qty < 0) or values.get("allow_short") is True
    quote = case.market.symbols[order.symbol].quote
    assert quote is not None
    touch = quote.ask if order.side is Side.BUY else quote.bid
    price = order.limit_price or max(touch, order.trigger_price or touch)
    notional, equity = order.qty * price, case.book.account.equity
    assert equity is not None
    assert notional <= values.get("max_order_notional", notional)
    assert order.qty <= values.get("max_order_qty", order.qty)
    if order.side is Side.BUY:
        after = held_now + same_way + order.qty
        assert after <= values.get("max_position_qty", after)
        cash = case.book.account.cash
        assert cash is not None
        buys = (o for o in case.book.open_orders if o.side is Side.BUY)
        reserved = sum((o.open_qty * (o.limit_price or 0) for o in buys), Decimal(0))
        assert cash - reserved - notional >= values.get("min_cash_reserve", cash - reserved - notional)
        assert reserved + notional <= (case.book.account.buying_power or 0)
        value = held_now * quote.ask + notional
        assert value * 100 <= values.get("max_position_pct_equity", value * 100 / equity) * equity + Decimal("1e-20")


class Released:
    """A latch nobody has pulled."""

    def engaged(self) -> bool:
        return False

    def flatten(self) -> str:
        return ""


@given(cases(), limits())
def test_a_permit_exists_exactly_where_the_gates_let_the_order_through(case, raw):
    policy = policy_from_limits(raw)
    office = PermitOffice(b"sixteen bytes at least", Released())
    approved, found = office.issue(case, policy, ClientOrderId("ord-x"))
    assert found == evaluate(case, policy)
    assert (approved is not None) == (found.outcome in ALLOWED)
    if approved is not None:
        assert approved.intent == replace(case.order, qty=found.final_qty)
        office.redeem(approved, now=NOW, control=a_control())


@given(cases(), limits(), st.sampled_from(STOPS))
def test_a_stop_stops_everything(case, raw, stop):
    """I-30, I-32."""
    assert evaluate(replace(case, control=a_control(**stop)), policy_from_limits(raw)).outcome is Outcome.DENY


@given(cases(), limits(), st.sampled_from((Mode.OFF, Mode.OBSERVE)))
def test_modes_that_send_nothing_send_nothing_but_what_a_person_closes(case, raw, mode):
    by_rule = replace(case, order=replace(case.order, origin=Origin.RULE), control=a_control(mode=mode))
    assert evaluate(by_rule, policy_from_limits(raw)).outcome is Outcome.DENY
    by_hand = replace(case, order=replace(case.order, origin=Origin.MANUAL), control=a_control(mode=mode))
    if evaluate(by_hand, policy_from_limits(raw)).outcome in ALLOWED:
        held = case.book.positions[case.order.symbol].qty
        assert held * case.order.side.sign < 0


def test_the_strategies_reach_every_outcome():
    """The properties above would hold for a system that denies everything; this one shows that ours does not."""
    policy: Policy = policy_from_limits({"max_order_qty": 500, "oversize": "reduce"})
    assert evaluate(a_case(), policy).outcome is Outcome.PASS
    assert evaluate(a_case(an_order(qty=Decimal(501))), policy).outcome is Outcome.REDUCE
    assert evaluate(a_case(an_order(qty=Decimal("0.5"))), policy).outcome is Outcome.DENY
