"""``make reproduce``: simulated homes full of cycles, and every cycle run again from its record, equal in every byte.

python -m tests.simulation.reproduce [--count N] [--from SEED]

A home is drawn from its seed: market, news, moments, and a model that mostly answers as the rules do and else is
silent, declines, breaks its schema, cites what it was not given, or asks for less, each by the digest of the question.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from datetime import timedelta
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from agents.llm import ModelRequest, NoAnswer
from domain.ids import CycleId
from interfaces.service import Service
from interfaces.serving.times import SimulatedTime
from interfaces.telling.runs.reproducing import Otherwise, reproduce
from interfaces.views.reproduction import ReproductionView
from tests.builders.market import NOON
from tests.builders.runtime import SpyModel, a_cycle, a_runtime, a_scripted_reply, the_calendar
from trading.data.simulated_market import SimulatedMarket
from trading.data.simulated_news import SimulatedNews

COUNT, CYCLES_OF_A_HOME = 1_000, 50
SMALLER: dict[str, dict[str, Any]] = {
    "advisor": {"stance": "reduce", "size_fraction": 0.5},
    "inspector": {"ruling": "ask", "max_fraction": 0.7},
    "decider": {"action": "shrink", "size_fraction": 0.6},
}


class Again(NamedTuple):
    """What the second runs of a home came to."""

    cycles: int
    equal: int
    decisions: int
    orders: int
    differences: tuple[str, ...]


def moody(seed: int, request: ModelRequest, answer: dict[str, Any]) -> Any:
    """What the model of a seed says; the same to the same question."""
    # By the question and not by its turn: run again, the questions may come in another order.
    mood = random.Random(f"{seed} {request.digest}").random()
    if mood < 0.05:
        return NoAnswer("timeout", "nobody answered in time")
    if mood < 0.08:
        return a_scripted_reply("", finish="refusal")
    if mood < 0.11:
        return a_scripted_reply(json.dumps(answer)[:40], finish="length")
    if mood < 0.15:
        return "no document at all"
    if mood < 0.19 and "cited" in answer:
        return {**answer, "cited": ["invented@NOWHERE"]}
    return {**answer, **SMALLER.get(request.role, {})} if mood < 0.4 else answer


def a_home_of(folder: Path, seed: int, cycles: int) -> Again:
    """Live so many cycles in ``folder``, then run each of them again."""
    rng, clock = random.Random(seed), SimulatedTime(NOON, lambda _moment: None)
    model, market = SpyModel(partial(moody, seed)), SimulatedMarket(seed, the_calendar())
    news = SimulatedNews(seed, the_calendar())
    with a_runtime(folder, model=model, clock=clock, market=market, news=news) as runtime:
        names, at = [], NOON
        for _ in range(cycles):
            names.append(a_cycle(runtime, *market.symbols(), as_of=at).cycle_id)
            answer_requests(runtime, rng)
            at += timedelta(minutes=rng.choice((45, 180, 1440, 1530, 2880)))
            clock.move(at)
        views = [again(runtime, CycleId(name)) for name in names]
        stores = runtime.deps.stores
        orders = sum(len(stores.orders.of_cycle(name)) for name in names)
    differences = tuple(f"seed {seed}, {view.cycle_id}: {view.difference}" for view in views if not view.ok)
    decided = sum(int(part.split()[0]) for view in views for part in view.compared if part.endswith("decisions"))
    return Again(cycles, sum(view.ok for view in views), decided, orders, differences)


def answer_requests(runtime: Any, rng: random.Random) -> None:
    """A person says yes or no to what waits, or is away."""
    service = Service(runtime)
    for row in service.pending().pending:
        answer = rng.choice((service.approve, service.reject, None))
        if answer is not None:
            answer(row.id, "owner")


def again(runtime: Any, cycle: CycleId) -> ReproductionView:
    """One cycle run again."""
    return reproduce(runtime.deps.stores, cycle, runtime.deps.policy, Otherwise())


def main(arguments: list[str] | None = None) -> int:
    """Live and repeat until enough cycles were compared; 1 where one of them differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.reproduce")
    parser.add_argument("--count", type=int, default=COUNT, help="cycles to run again")
    parser.add_argument("--from", dest="first", type=int, default=1, help="the first seed")
    chosen = parser.parse_args(arguments)
    left, seed, began, made = chosen.count, chosen.first, perf_counter(), []
    while left > 0:
        with tempfile.TemporaryDirectory() as folder:
            made.append(a_home_of(Path(folder), seed, min(left, CYCLES_OF_A_HOME)))
        left, seed = left - made[-1].cycles, seed + 1
    cycles, equal = sum(each.cycles for each in made), sum(each.equal for each in made)
    sys.stdout.write(
        f"{equal} of {cycles} cycles equal in every byte, over {len(made)} homes, "
        f"{sum(each.decisions for each in made)} decisions and {sum(each.orders for each in made)} orders, "
        f"in {perf_counter() - began:.0f} s\n"
    )
    for line in (line for each in made for line in each.differences):
        sys.stdout.write(f"{line}\n")
    return 0 if equal == cycles else 1


if __name__ == "__main__":
    sys.exit(main())
