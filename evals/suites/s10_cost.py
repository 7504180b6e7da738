"""S10: what one candidate costs in calls and tokens, counted over the recorded answers.

    calls       advisor, inspector, decider and explainer of one candidate            bar: at most 4
    tokens in   of all its questions                                                  bar: at most 12,000
    tokens out  of all its answers                                                    bar: at most 2,000

Texts are read once and shared by all candidates, so the reader and the monitor are counted a cycle and only reported.
Tokens are those on record: a relay's are estimates of four characters a token (``evals/recordings/README.md``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources

from agents.models.recorded_llm import Recorded, read_recordings
from evals.case import Case
from evals.outcome import Outcome, Result, Score, Spent
from evals.statistics import Interval, bootstrap, mean
from evals.suite import Measure, Stage, Suite

NAME = "S10_cost"
MOST_CALLS, MOST_IN, MOST_OUT = 4, 12_000, 2_000
SEED = 7


@lru_cache(maxsize=1)
def recorded() -> dict[str, tuple[Recorded, ...]]:
    """The recorded answers of each candidate of the demo, by symbol."""
    path = resources.files("evals").joinpath("recordings", "demo.jsonl")
    found: defaultdict[str, list[Recorded]] = defaultdict(list)
    for entry in read_recordings([path]).values():
        lines = (line for line in entry.request.user.splitlines() if line.startswith("Symbol: "))
        # Questions that name no symbol are the reader's and the monitor's, which belong to the cycle.
        symbol = next(lines, "").removeprefix("Symbol: ")
        if symbol:
            found[symbol].append(entry)
    return {symbol: tuple(entries) for symbol, entries in sorted(found.items())}


def cases() -> Sequence[Case]:
    """One a candidate."""
    bars = {"calls": MOST_CALLS, "tokens_in": MOST_IN, "tokens_out": MOST_OUT}
    return tuple(
        Case(f"demo-{symbol}", NAME, {"symbol": symbol}, bars, origin="demo recording") for symbol in recorded()
    )


def solve(_stage: Stage, case: Case) -> Outcome:
    """What the product asked about this candidate when it was recorded."""
    entries = recorded()[case.inputs["symbol"]]
    spent = Spent(len(entries), sum(each.tokens_in for each in entries), sum(each.tokens_out for each in entries))
    digests: dict[str, str] = {each.request.role: each.request.prompt_digest for each in entries}
    origins = "+".join(sorted({each.origin for each in entries}))
    return Outcome("COUNTED", spent=spent, model=entries[0].model, recording_origin=origins, prompt_digests=digests)


def good(_stage: Stage, _case: Case) -> Outcome:
    """One short call a role."""
    return Outcome("COUNTED", spent=Spent(4, 6_000, 800))


def bad(_stage: Stage, _case: Case) -> Outcome:
    """A debate among many, as the dearest peers hold it."""
    return Outcome("COUNTED", spent=Spent(20, 90_000, 9_000))


def score(case: Case, outcome: Outcome) -> Score:
    """Whether the candidate stayed inside all three bars."""
    spent = outcome.spent
    values = {"calls": spent.calls, "tokens_in": spent.tokens_in, "tokens_out": spent.tokens_out}
    over = [name for name, value in values.items() if value > case.expect[name]]
    return Score(not over, {name: float(value) for name, value in values.items()}, ", ".join(over))


def measure(results: Sequence[Result]) -> Sequence[Measure]:
    """Means over candidates, each with its interval."""
    bars = {"calls": MOST_CALLS, "tokens_in": MOST_IN, "tokens_out": MOST_OUT}
    return tuple(
        Measure(name.replace("_", " "), _mean(results, name), len(results), name.partition("_")[0], "at most", bar)
        for name, bar in bars.items()
    )


def _mean(results: Sequence[Result], name: str) -> Interval:
    sample = [each.score.values[name] for each in results]
    return bootstrap(sample, mean, seed=SEED) if sample else Interval(0.0, 0.0, 0.0)


SUITE = Suite(
    name=NAME,
    title="Cost of a candidate",
    claim="A candidate costs four short calls at most; says nothing about prices, which change by the month.",
    cases=cases,
    solve=solve,
    score=score,
    measure=measure,
    good=good,
    bad=bad,
    opponents="recorded",
)
