"""One order through all gates of the conservative policy, every verdict kept, in microseconds.

The cases are the good entry of the self-test in a book that has something in it (positions and working orders), and one
case for each gate that must stop it. Beside it in the same run:

    floor             the same number of comparisons of Decimals in a plain loop, and nothing else
    nautilus_trader   `submit_order` as a strategy sees it (risk engine, execution engine, queue), about ten checks;
                      in an environment of its own, see harness/environments.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from statistics import median, quantiles

from harness.environments import interpreter, run_peer, takes_peers
from harness.report import Report, Row, arguments
from harness.timing import per_call_us

from domain.book import Position
from domain.case import Case
from domain.ids import ClientOrderId, DecisionId
from domain.market import Symbol
from domain.orders import Order, OrderStatus, OrderType, Origin, Side, TimeInForce
from policies.breaches import BREACHES, good_case
from policies.evaluate import evaluate
from policies.gate import BoundGate
from policies.policy import Policy, load_policy
from policies.worst_case import WorstCase, worst_case

REACH_US = 25.0
HELD = 4
WORKING = 4


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
    )


def a_used_book(case: Case) -> Case:
    """The case with a few holdings and a few orders on the way; what is held has quotes and sectors too."""
    view = case.market.symbols[case.order.symbol]
    names = [Symbol(f"HELD{number}") for number in range(HELD)]
    orders = tuple(a_working_order(case, number) for number in range(WORKING))
    others = [*names, *(order.symbol for order in orders)]
    views = {
        name: replace(
            view,
            instrument=None if view.instrument is None else replace(view.instrument, symbol=name),
            quote=None if view.quote is None else replace(view.quote, symbol=name),
        )
        for name in others
    }
    book = replace(
        case.book,
        positions={name: Position(name, Decimal(100), Decimal(90), Decimal(100)) for name in names},
        open_orders=orders,
        recent_orders=orders,
        orders_today=WORKING,
    )
    return replace(case, book=book, market=replace(case.market, symbols={**case.market.symbols, **views}))


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
    """Good and refused cases through ``evaluate``."""
    checks = len(policy.gates)
    empty, used = good_case(policy), a_used_book(good_case(policy))
    for case in (empty, used):
        said = evaluate(case, policy)
        assert said.codes == (), f"the good case is refused: {said.codes}"
        assert len(said.verdicts) == checks, "a verdict is missing"
    refused = refused_cases(policy)

    def judge(case: Case) -> object:
        return evaluate(case, policy)

    rows = [
        row(f"Sage, {checks} gates, {title}", per_call_us(judge, cases), checks=checks, reach=reach)
        for title, cases, reach in (
            ("good entry, empty book", [empty] * count, REACH_US),
            (f"good entry, {HELD} held and {WORKING} working", [used] * count, REACH_US),
            ("one refused case a gate", refused * max(1, count // len(refused)), None),
        )
    ]
    figures = [(Decimal(number), Decimal(1000)) for number in range(20)]
    rows.append(row("floor, 20 comparisons of Decimals", per_call_us(comparisons, [figures] * count), checks=20))
    figures = [(Decimal(number), Decimal(1000)) for number in range(checks)]
    floor = per_call_us(comparisons, [figures] * count)
    return [*rows, row(f"floor, {checks} comparisons of Decimals", floor, checks=checks)]


def parts(policy: Policy, count: int) -> list[Row]:
    """What the worst case that all gates share costs, and the ten dearest gates by themselves, on the used book."""
    case = a_used_book(good_case(policy))

    def shared(asked: Case) -> WorstCase:
        return worst_case(asked, policy.slippage, allow_fractional=policy.allow_fractional)

    worst = shared(case)
    found = {"worst_case, once for all gates": median(per_call_us(shared, [case] * count))}
    for gate in policy.gates:

        def judge(asked: Case, gate: BoundGate = gate) -> object:
            return gate.check(asked, worst, gate.limits)

        found[f"gate {gate.id}"] = median(per_call_us(judge, [case] * count))
    first, *gates = found
    dearest = sorted(gates, key=lambda name: -found[name])[:10]
    rows: list[Row] = [{"part": name, "median us": round(found[name], 2)} for name in (first, *dearest)]
    together = round(sum(found[name] for name in gates), 2)
    return [*rows, {"part": f"all {len(gates)} gates together", "median us": together}]


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
    policy = load_policy("conservative")
    rows = [*ours(policy, chosen.count), *nautilus(chosen.peers, chosen.count, report)]
    report.add("One order through all gates, audited", rows)
    report.add("Where the time goes, measured part by part", parts(policy, min(chosen.count, 300)))
    report.write(chosen.json)


if __name__ == "__main__":
    main()
