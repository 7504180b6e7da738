"""Groups C and E: what holds for every size gate of the whole book, whatever book Hypothesis comes up with."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.case import Case
from domain.orders import Side
from domain.verdicts import Outcome, Verdict
from policies.evaluate import evaluate
from policies.gates.returns import EXACT, root_down, root_up
from policies.limits import BY_NAME
from tests.builders.policies import AAPL, MSFT, XOM, D, a_case, a_policy, a_view, an_order, held, verdict, working

CAPS: dict[str, tuple[str, int]] = {
    "C9": ("max_cluster_pct_equity", 200),
    "C10": ("max_beta_exposure_pct", 200),
    "C12": ("max_heat_pct", 30),
    "C13": ("max_var_pct", 20),
    "C13_es": ("max_es_pct", 20),
    "C14": ("target_volatility_pct", 60),
    "C17": ("max_overnight_gross_pct", 300),
    "C17_weekend": ("max_weekend_gross_pct", 300),
    "E10": ("max_recent_volume_pct", 5),
}
rhos = st.integers(-100, 100).map(lambda value: D(value) / 100)
sigmas = st.integers(1, 500).map(lambda value: D(value) / 10_000)
betas = st.integers(-200, 300).map(lambda value: D(value) / 100)


@st.composite
def risky_cases(draw: st.DrawFn, *, same_way: bool) -> Case:
    """Books of three symbols in any direction, the order's own flat or in its direction where that is asked for."""
    side, qty = draw(st.sampled_from(Side)), draw(st.integers(1, 600))
    mine = draw(st.integers(0, 300)) * side.sign if same_way else draw(st.integers(-300, 300))
    positions = {
        **held(mine, stop_loss=D(200 - 20 * side.sign)),
        **held(draw(st.integers(-200, 200)), MSFT, stop_loss=D(draw(st.integers(150, 250)))),
        **held(draw(st.integers(0, 200)), XOM),
    }
    orders = [
        working(
            draw(st.integers(1, 200)), side=side if same_way and symbol == AAPL else draw(st.sampled_from(Side)),
            symbol=symbol, limit_price=D(draw(st.integers(180, 220))), stop_loss=D(draw(st.integers(150, 250))),
        )
        for symbol in draw(st.lists(st.sampled_from((AAPL, MSFT, XOM)), max_size=3))
    ]  # fmt: skip
    one, two, three = draw(rhos), draw(rhos), draw(rhos)
    told = {AAPL: {MSFT: one, XOM: two}, MSFT: {XOM: three}, XOM: {}}
    views = {
        symbol: a_view(symbol, daily_sigma=draw(sigmas), beta=draw(betas), correlations=told[symbol])
        for symbol in (AAPL, MSFT, XOM)
    }
    order = an_order(side=side, qty=D(qty), limit_price=D(200), stop_loss=D(200 - draw(st.integers(1, 40)) * side.sign))
    case = a_case(order, positions=positions, open_orders=tuple(orders), view=views[AAPL], others=(views[MSFT],))
    market = replace(case.market, symbols=views, next_session=None, session=None)
    return replace(case, market=market)


@given(st.data(), st.sampled_from(sorted(CAPS)), risky_cases(same_way=True), st.integers(1, 600))
def test_a_larger_order_never_passes_where_a_smaller_is_denied(data, gate, case, more):
    name, high = CAPS[gate]
    policy = a_policy(**{name: D(data.draw(st.integers(0, high * 10))) / 10, "allow_short": True})
    small = next(found for found in evaluate(case, policy).verdicts if found.gate == gate)
    larger = replace(case, order=replace(case.order, qty=case.order.qty + more))
    large = next(found for found in evaluate(larger, policy).verdicts if found.gate == gate)
    if small.outcome is Outcome.DENY:
        assert large.outcome is Outcome.DENY


@given(st.data(), st.sampled_from(sorted(CAPS)), risky_cases(same_way=False))
def test_what_is_offered_passes_and_is_the_most_that_does(data, gate, case):
    """The cap is what some smaller order comes to, so that there is something to offer."""
    name = CAPS[gate][0]
    smaller = D(data.draw(st.integers(1, int(case.order.qty))))

    def said(qty: Decimal, cap: Decimal) -> Verdict:
        asked = replace(case, order=replace(case.order, qty=qty))
        return verdict(gate, asked, **{name: cap, "allow_short": True, "oversize": "reduce"})

    cap = said(smaller, BY_NAME[name].high).value
    if not isinstance(cap, Decimal) or cap > BY_NAME[name].high:
        return
    found = said(case.order.qty, cap)
    assert found.outcome in (Outcome.PASS, Outcome.REDUCE)
    if found.outcome is Outcome.REDUCE:
        assert found.quantity is not None
        assert smaller <= found.quantity < case.order.qty
        assert said(found.quantity, cap).outcome is Outcome.PASS
        assert said(found.quantity + 1, cap).outcome is not Outcome.PASS


@given(st.decimals(min_value=0, max_value=10**20, places=8))
def test_roots_never_flatter(square):
    low, high = root_down(square), root_up(square)
    assert EXACT.multiply(low, low) <= square <= EXACT.multiply(high, high)
    assert low <= high <= low * (1 + D("1e-26"))
