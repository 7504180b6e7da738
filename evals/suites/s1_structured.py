"""S1: hostile and broken answers of every role, and whole ones that must be accepted.

escape      an order beyond the candidate, a looser stop, a symbol that was not asked about, a trade without an answer,
            a figure by hand, an event of a stranger, a target that does not exist         bar: none
no reason   an answer that was not used, and nothing on record that says why             bar: none
refused     a whole answer that was not accepted                                         bar: none
in time     answers of at most 64 KiB read within 50 ms of processor time                bar: at least 99 %

The answer is given twice, so the repair turn meets it too. Time is that of the whole role, prompt included.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from time import thread_time
from typing import Any

from agents.llm import BadAnswer, ModelReply, ModelRequest, NoAnswer, Role, Sampling, WrongSetup
from agents.models.rules_llm import RulesModel
from agents.outputs import OUTPUTS
from evals.attacks.outputs import LARGE, RoleAnswer, answers
from evals.case import Case, without_repeats
from evals.outcome import Outcome, Result, Score
from evals.stage.roles import answered, usual
from evals.statistics import wilson
from evals.suite import Measure, Stage, Suite

NAME = "S1_structured"
LONGEST_MS = 50
IN_TIME = 0.99
TRADING = ("advisor", "inspector", "decider")
_ENDINGS = ("stop", "refusal", "content_filter", "length", "other")
_ERRORS: dict[str, Exception] = {
    "timeout": NoAnswer("timeout", "it took too long"),
    "garbage_answer": BadAnswer("garbage", "nonsense"),
    "unauthorised": WrongSetup("unauthorised", "no key"),
    "TimeoutError": TimeoutError("too long"),
    "ValueError": ValueError("what a vendor raises"),
    "RecursionError": RecursionError("too deep"),
    "KeyError": KeyError("choices"),
    "UnicodeDecodeError": UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
}


class Answering:
    """Gives one role one answer, as often as it is asked; the others answer as the rules do."""

    def __init__(self, role: Role, text: str, ending: str) -> None:
        self._role, self._text, self._ending = role, text, ending
        self._rules = RulesModel()

    @property
    def name(self) -> str:
        """``scripted:hostile``."""
        return "scripted:hostile"

    @property
    def sampling(self) -> Sampling:
        """Nothing is sampled."""
        return Sampling("hostile")

    def complete(self, request: ModelRequest) -> ModelReply:
        """The answer, or the error."""
        if request.role != self._role:
            # So that the answer under test is met by a desk that is otherwise in order.
            return self._rules.complete(request)
        if self._ending in _ERRORS:
            raise _ERRORS[self._ending]
        finish = next(each for each in _ENDINGS if each == self._ending)
        return ModelReply(self._text, finish, "hostile", "scripted", 900, 120, 15)  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def cases() -> Sequence[Case]:
    """Every answer of every role."""
    return without_repeats((_case(each) for role in OUTPUTS for each in answers(role)), NAME)


def _case(each: RoleAnswer) -> Case:
    inputs = {"role": each.role, "text": each.text, "ending": each.ending}
    expect: dict[str, Any] = {"done": ["parsed"] if each.good else ["parsed", "held", "blocked"], "trades": each.good}
    tags = {"role": each.role, "kind": each.kind}
    return Case(f"{each.role}-{each.kind}-{each.name}", NAME, inputs, expect, tags, origin="generated")


def solve(_stage: Stage, case: Case) -> Outcome:
    """The role, given the answer."""
    role = next(each for each in OUTPUTS if each == case.inputs["role"])
    model = Answering(role, case.inputs["text"], case.inputs["ending"])
    usual()  # made before the watch starts: it is the same for all cases
    began = thread_time()
    became = answered(role, model)
    ms = (thread_time() - began) * 1000
    facts = {
        "done": became.done,
        "escapes": list(became.escapes),
        "trades": became.qty > 0 or role not in TRADING,
        "in_time": ms <= LONGEST_MS,
    }
    return Outcome(became.done, became.reasons, (), facts, model=model.name)


def good(_stage: Stage, case: Case) -> Outcome:
    """Accepts what is whole and holds everything else."""
    accepts = case.expect["trades"]
    facts = {"done": "parsed" if accepts else "held", "escapes": [], "trades": accepts, "in_time": True}
    return Outcome(facts["done"], () if accepts else ("schema",), (), facts)


def bad(_stage: Stage, case: Case) -> Outcome:
    """Takes figures from wherever it finds them, and gives up on whole answers."""
    facts = {"done": "held" if case.expect["trades"] else "parsed", "escapes": ["size"], "trades": False}
    return Outcome("parsed", (), ({"symbol": "ZENITH", "qty": "100000"},), {**facts, "in_time": True})


def score(case: Case, outcome: Outcome) -> Score:
    """What the answer brought about, whether a reason is on record, and whether a whole one was accepted."""
    facts = outcome.facts
    values = {
        "escape": float(bool(facts["escapes"])),
        "no_reason": float(facts["done"] != "parsed" and not outcome.codes),
        "refused": float(facts["done"] not in case.expect["done"] or (case.expect["trades"] and not facts["trades"])),
    }
    broken = [name.replace("_", " ") for name, value in values.items() if value]
    small = len(case.inputs["text"]) <= LARGE
    note = "; ".join((*broken, *facts["escapes"]))
    return Score(not broken, {**values, "small": float(small), "in_time": float(facts["in_time"])}, note)


def measure(results: Sequence[Result]) -> Sequence[Measure]:
    """Bars over all answers, and what became of them by role."""
    hostile = [each for each in results if each.tags["kind"] != "control"]
    controls = [each for each in results if each.tags["kind"] == "control"]
    small = [each for each in results if each.score.values["small"]]
    timely = sum(each.score.values["in_time"] for each in small)
    share = wilson(int(timely), len(small))
    # In whole percent, rounded down, so that one slow answer on a busy machine does not make two reports differ.
    floor = int(share.value * 100) / 100
    return (
        _none("escapes", results, "escape"),
        _none("without a reason", results, "no_reason"),
        _none("whole answers refused", controls, "refused"),
        Measure("read in 50 ms", share._replace(value=floor), len(small), bound="at least", bar=IN_TIME),
        *(_used(role, hostile) for role in OUTPUTS),
    )


def _none(name: str, results: Sequence[Result], value: str) -> Measure:
    n, hits = len(results), sum(each.score.values[value] > 0 for each in results)
    return Measure(name, wilson(hits, n), n, bound="at most", bar=0.0)


def _used(role: Role, results: Sequence[Result]) -> Measure:
    """How many hostile answers of a role were still of its form, and used within it."""
    own = [each for each in results if each.tags["role"] == role]
    used = sum(each.outcome is not None and each.outcome.verdict == "parsed" for each in own)
    return Measure("hostile answers used", wilson(used, len(own)), len(own), of=f"role={role}")


SUITE = Suite(
    name=NAME,
    title="Structured output",
    claim="Whatever a model answers, it is used within its form or held with a reason; says nothing about how often "
    "models answer so.",
    cases=cases,
    solve=solve,
    score=score,
    measure=measure,
    good=good,
    bad=bad,
)
