"""One order through all gates, every answer kept, in microseconds.

Two policies: the conservative profile, and one that sets every limit there is, so that the whole catalogue runs. Two
books: an empty one, and one of four holdings and four working orders. Three questions, which cost differently:

    fresh snapshot    the first order on a book and a market that nobody has asked about yet. What the desk pays for
                      each order, because it reads everything again before each. What REACH_US is for
    further symbol    an order in another symbol on an unchanged snapshot that has answered before
    further order     another quantity in a symbol that has been asked about: what a search for the largest order asks

All of them end with every verdict told in full. Beside them in the same run:

    floor             the same number of comparisons of Decimals in a plain loop, and nothing else; and as many gates of
                      one comparison each, asked and told in full like all others: what no gate can be cheaper than
    nautilus_trader   `submit_order` as a strategy sees it (risk engine, execution engine, queue), about ten checks, on
                      a cache that its engine keeps up to date; in an environment of its own, see
                      harness/environments.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from harness.environments import interpreter, run_peer, takes_peers
from harness.report import Report, Row, arguments
from harness.timing import per_call_us

from domain.book import Position
from domain.case import Case
from domain.ids import ClientOrderId, DecisionId
from domain.market import Symbol
from domain.orders import Order, OrderStatus, OrderType, Origin, Side, TimeInForce
from policies.answers import ask
from policies.breaches import BREACHES, good_case
from policies.codes import ReasonCode
from policies.evaluate import evaluate
from policies.gate import Answer, BoundGate, Group, Reads, at_most
from policies.gates.catalogue import GATES
from policies.limits import LIMITS, Kind
from policies.measures.standing import Standing
from policies.measures.worst_case import WorstCase, worst_case
from policies.policy import Policy, load_policy, policy_from_limits

REACH_US = 25.0
HELD = 4
WORKING = 4
OTHERS = 100
NAMES = [Symbol(f"SYM{number}") for number in range(OTHERS)]
CHOSEN: Mapping[str, Any] = {
    "mode": "auto", "oversize": "reduce", "account_id": "self-test", "universe": ["AAPL", *NAMES],
    "restricted": ["XOM"], "allowed_asset_classes": ["equity"], "allowed_order_types": ["limit"],
    "allowed_tif": ["day"],
    "released_models": ["rules"], "released_prompts": ["d1"], "max_account_age_s": 30, "max_quote_age_s": 5,
    "max_signal_age_s": 300, "max_stop_distance_pct": 20, "price_collar_pct": 10,
}  # fmt: skip


def every_limit() -> Policy:
    """A policy that sets every limit, most of them as loose as they may be: all gates run and measure."""
    loosest: dict[Kind, Any] = {Kind.REQUIRE: True, Kind.ALLOW: False}
    found = {
        limit.name: loosest.get(limit.kind, limit.low if limit.kind is Kind.AT_LEAST else limit.high)
        for limit in LIMITS
    }
    policy = policy_from_limits({**found, **CHOSEN}, "every limit")
    assert policy.enforced == tuple(gate.id for gate in GATES), "a gate is not enforced"
    return policy


def a_working_order(case: Case, number: int) -> Order:
    """A buy of another symbol that rests at the broker."""
    return Order(
        client_order_id=ClientOrderId(f"ord-{number}"),
        decision_id=DecisionId(f"dec-{number}"),
        symbol=Symbol(f"WORK{number}"),
        side=Side.BUY,
        qty=Decimal(10),
        type=OrderType.LIMIT,
        tif=TimeInForce.DAY,
        status=OrderStatus.ACCEPTED,
        created_at=case.now,
        updated_at=case.now,
        strategy="momentum",
        origin=Origin.AGENT,
        limit_price=Decimal(50),
        stop_loss=Decimal(45),
    )


def in_a_market(case: Case, others: Sequence[Symbol]) -> Case:
    """The case with views of further symbols, which all move together a little."""
    view = case.market.symbols[case.order.symbol]
    names = [case.order.symbol, *others]
    views = {
        name: replace(
            view,
            instrument=None if view.instrument is None else replace(view.instrument, symbol=name),
            quote=None if view.quote is None else replace(view.quote, symbol=name),
            correlations={other: Decimal("0.3") for other in names if other != name},
        )
        for name in names
    }
    return replace(case, market=replace(case.market, symbols=views))


def a_used_book(case: Case) -> Case:
    """The case with a few holdings and a few orders on the way, with stops; its market knows all of them."""
    held = [Symbol(f"HELD{number}") for number in range(HELD)]
    orders = tuple(a_working_order(case, number) for number in range(WORKING))
    positions = {name: Position(name, Decimal(100), Decimal(90), Decimal(100), stop_loss=Decimal(80)) for name in held}
    book = replace(case.book, positions=positions, open_orders=orders, recent_orders=orders, orders_today=WORKING)
    return replace(in_a_market(case, [*held, *(order.symbol for order in orders), *NAMES]), book=book)


def further_symbols(case: Case, policy: Policy, count: int) -> list[tuple[Case, Standing]]:
    """Orders in one symbol after the other, each on a snapshot that has answered for all symbols before it."""
    found: list[tuple[Case, Standing]] = []
    while len(found) < count:
        standing = Standing(case, policy)
        evaluate(case, policy, standing)
        found += [(in_symbol(case, name), standing) for name in NAMES]
    return found[:count]


def in_symbol(case: Case, symbol: Symbol) -> Case:
    """The same order in another symbol, with a proposal of its own."""
    proposal = None if case.proposal is None else replace(case.proposal, asked_symbol=symbol)
    return replace(case, order=replace(case.order, symbol=symbol), proposal=proposal)


def further_orders(case: Case, policy: Policy, count: int) -> list[tuple[Case, Standing]]:
    """One and two shares in turn, on a snapshot that has answered for the symbol."""
    standing = Standing(case, policy)
    quantities = [replace(case, order=replace(case.order, qty=Decimal(qty))) for qty in (1, 2)]
    return [(quantities[number % 2], standing) for number in range(count)]


def refused_cases(policy: Policy) -> list[Case]:
    """For each gate of the policy the case that it must stop, where there is one."""
    good = good_case(policy)
    found = (BREACHES[gate](good, policy.limits) for gate in policy.enforced)
    return [case for case in found if case is not None]


def comparisons(figures: Sequence[tuple[Decimal, Decimal]]) -> int:
    """The floor: compare and count, nothing else."""
    passed = 0
    for value, limit in figures:
        if value <= limit:
            passed += 1
    return passed


def smallest_gates(count: int) -> Group:
    """As many gates that do no more than compare a figure with a limit."""

    def check(case: Any, worst: Any, limits: Any) -> Answer:
        return at_most("X1", ReasonCode.ORDER_QTY, limits, case)

    names = ("X1",) * count
    return Group(((check, Decimal(1000)),) * count, (), names)


def row(name: str, taken_us: Sequence[float], *, checks: int | None = None, reach: float | None = None) -> Row:
    """One line of the table."""
    cuts = quantiles(taken_us, n=20)
    return {
        "what": name,
        "median us": round(median(taken_us), 2),
        "p95 us": round(cuts[18], 2),
        "us a check": None if checks is None else round(median(taken_us) / checks, 3),
        "cases": len(taken_us),
        "reach us": reach,
    }


def ours(policy: Policy, count: int) -> list[Row]:
    """Good cases through ``evaluate``, on both books, in every way."""
    rows: list[Row] = []
    for title, case in books(policy).items():
        fresh = per_call_us(lambda asked: evaluate(asked, policy), [case] * count)
        named = f"{policy.profile}, {len(policy.gates)} gates, {title}"
        rows.append(row(f"{named}: fresh snapshot", fresh, checks=len(policy.gates), reach=REACH_US))
        for kind, asked in (("symbol", further_symbols), ("order", further_orders)):
            taken = per_call_us(lambda pair: evaluate(pair[0], policy, pair[1]), asked(case, policy, count))
            rows.append(row(f"{named}: further {kind}", taken, checks=len(policy.gates)))
    return rows


def books(policy: Policy) -> dict[str, Case]:
    """The good case in an empty and in a used book; every way of asking passes it and keeps every verdict."""
    good = in_a_market(good_case(policy), NAMES)
    found = {"empty book": good, f"{HELD} held and {WORKING} working": a_used_book(good)}
    for case in found.values():
        for asked, standing in ((case, None), *further_symbols(case, policy, 2), *further_orders(case, policy, 2)):
            said = evaluate(asked, policy, standing)
            assert said.codes == (), f"the good case is refused: {said.codes}"
            assert len(said.verdicts) == len(policy.gates), "a verdict is missing"
    return found


def refusals(policy: Policy, count: int) -> list[Row]:
    """One refused case a gate, and the floor."""
    refused = refused_cases(policy)
    taken = per_call_us(lambda asked: evaluate(asked, policy), refused * max(1, count // len(refused)))
    rows = [row(f"{policy.profile}, one refused case a gate, fresh snapshot", taken, checks=len(policy.gates))]
    for checks in (20, len(GATES)):
        figures = [(Decimal(number), Decimal(1000)) for number in range(checks)]
        floor = per_call_us(comparisons, [figures] * count)
        rows.append(row(f"floor, {checks} comparisons of Decimals", floor, checks=checks))
        group = smallest_gates(checks)
        told = per_call_us(lambda value, group=group: ask(group, value, None), [Decimal(1)] * count)
        rows.append(row(f"floor, {checks} gates of one comparison, told in full", told, checks=checks))
    return rows


def parts(policy: Policy, count: int) -> list[Row]:
    """The figures that all gates share, the three groups of gates, and the ten dearest gates, on the used book."""
    case = a_used_book(good_case(policy))
    holdings = Standing(case, policy).holdings

    def shared(asked: Case) -> WorstCase:
        return worst_case(asked, policy.slippage, allow_fractional=policy.allow_fractional)

    def shared_later(asked: Case) -> WorstCase:
        return worst_case(asked, policy.slippage, allow_fractional=policy.allow_fractional, holdings=holdings)

    rows: list[Row] = [
        {"part": name, "median us": round(median(per_call_us(figures, [case] * count)), 2)}
        for name, figures in (("worst_case, fresh book", shared), ("worst_case, known book", shared_later))
    ]
    worst = shared(case)
    found: dict[str, float] = {}
    for gate in policy.gates:

        def judge(asked: Case, gate: BoundGate = gate) -> object:
            return gate.check(asked, worst, gate.limits)

        found[gate.id] = median(per_call_us(judge, [case] * count))
    for reads in Reads:
        group = [gate.id for gate in policy.gates if gate.reads is reads]
        together = round(sum(found[gate] for gate in group), 2)
        rows.append({"part": f"all {len(group)} gates that read {reads}", "median us": together})
    dearest = sorted(found, key=lambda name: -found[name])[:10]
    return [*rows, *({"part": f"gate {name}", "median us": round(found[name], 2)} for name in dearest)]


def nautilus(folder: Path, count: int, report: Report) -> list[Row]:
    """The peer's own measurement, where it is installed."""
    python = interpreter(folder, "nautilus_trader")
    if python is None:
        report.note(f"nautilus_trader is not in {folder}: skipped (how to install it: harness/environments.py).")
        return []
    told = run_peer(python, "nautilus_submit.py", [str(count)])
    return [row(f"nautilus_trader {told['version']}, submit_order", told["us"])]


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    takes_peers(parser)
    parser.add_argument("--count", type=int, default=3000, help="cases of each kind")
    chosen = parser.parse_args()
    report = Report("gates")
    usual, full = load_policy("conservative"), every_limit()
    rows = [*ours(full, chosen.count), *ours(usual, chosen.count), *refusals(usual, chosen.count)]
    report.add("One order through all gates, audited", [*rows, *nautilus(chosen.peers, chosen.count, report)])
    report.add("Where the time goes, measured part by part", parts(full, min(chosen.count, 300)))
    report.write(chosen.json)


if __name__ == "__main__":
    main()
