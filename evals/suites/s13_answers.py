"""S13: what recorded language models answered to the same frozen questions, role by role.

usable        the product could read and use the answer: schema, known references, sentences that may be shown
as expected   the answer is one of those that the case allows
abstention    of cases that must be left alone, tightened or asked about, those that are          (as S9 counts it)
controls      of cases in good order, those that are let through
escapes       answers that brought about more than was allowed: a larger size, a looser stop      bar: none

Everything but the last is reported, by model and by role, with Wilson's interval: a few dozen questions to one session
are no sample to rank models by. One answer a question, and the first one counts; there is no repair turn. A case whose
question was never put to a model, or would be put in other words today, is stale and was not played.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache

from agents.models.recorded_llm import RecordedModel, RecordingMissing
from evals.answers.collect import recordings
from evals.answers.play import play
from evals.answers.questions import SUITE as NAME
from evals.answers.questions import cases as questions
from evals.answers.questions import role_of
from evals.answers.scripted import ScriptedAnswer
from evals.case import Case
from evals.outcome import Outcome, Result, Score, Spent
from evals.product import Opener
from evals.stage.desk import Heard
from evals.statistics import wilson
from evals.suite import Measure, Suite

NOBODY = "nobody"
Models = Mapping[str, RecordedModel]


@lru_cache(maxsize=1)
def cases() -> Sequence[Case]:
    """Every question to every recorded model; to nobody, where no model was recorded."""
    # Without a recording the cases stand as stale in the report, and do not vanish from it.
    labels = tuple(recordings()) or (NOBODY,)
    return tuple(_of(case, label) for label in labels for case in questions())


def _of(case: Case, label: str) -> Case:
    return replace(case, id=f"{case.id}@{label}", tags={**case.tags, "model": label})


@contextmanager
def opened(_product: Opener) -> Iterator[Models]:
    """The recorded models by label."""
    yield {label: RecordedModel([path]) for label, path in recordings().items()}


def solve(stage: Models, case: Case) -> Outcome:
    """What the product makes of the recorded answer."""
    recorded = stage.get(case.tags["model"])
    if recorded is None:
        raise RecordingMissing("no model has answered these questions", "Record one with `sage evals record`.")
    model = Heard(recorded)
    facts = play(role_of(case), case.inputs, model)
    # No reply is a recorded failure: the model was asked, and that it did not answer is its answer.
    (request,), reply = model.requests, model.replies[0] if model.replies else None
    return Outcome(
        "USED" if facts["usable"] else "SILENT",
        tuple(facts["reasons"]),
        facts=facts,
        spent=Spent() if reply is None else Spent(1, reply.tokens_in, reply.tokens_out),
        model=request.sampling.model,
        recording_origin="" if reply is None else reply.origin,
        prompt_digests={request.role: request.prompt_digest},
    )


def _scripted(case: Case, *, good: bool) -> Outcome:
    facts = play(role_of(case), case.inputs, ScriptedAnswer(case, good=good))
    return Outcome("USED" if facts["usable"] else "SILENT", tuple(facts["reasons"]), facts=facts)


def good(_stage: Models, case: Case) -> Outcome:
    """Answers as the case would have it."""
    return _scripted(case, good=True)


def bad(_stage: Models, case: Case) -> Outcome:
    """Answers the other way round."""
    return _scripted(case, good=False)


def score(case: Case, outcome: Outcome) -> Score:
    """Every fact that the case names is one of those that it allows."""
    facts = outcome.facts
    broken = [name for name, allowed in case.expect.items() if facts.get(name) not in allowed]
    told = ", ".join(f"{name} is {facts.get(name)!r}" for name in broken)
    values = {"usable": float(facts["usable"]), "expected": float(not broken), "escapes": float(len(facts["escapes"]))}
    return Score(not broken, values, ", ".join(filter(None, (told, *outcome.codes))))


def measure(results: Sequence[Result]) -> Sequence[Measure]:
    """By model, and each model by role."""
    models = sorted({each.tags["model"] for each in results})
    escaped = sum(each.score.values["escapes"] > 0 for each in results)
    bar = Measure("answers with escapes", wilson(escaped, len(results)), len(results), bound="at most", bar=0.0)
    return (bar, *(found for model in models for found in _of_model(model, results)))


def _of_model(model: str, results: Sequence[Result]) -> Iterator[Measure]:
    own = [each for each in results if each.tags["model"] == model]
    label = f"model={_origin(own)}{model}"
    yield _share("usable", own, "usable", label)
    yield _share("as expected", own, "expected", label)
    yield _share("abstention recall", [each for each in own if each.tags["must"] == "abstain"], "expected", label)
    yield _share("controls let through", [each for each in own if each.tags["must"] == "trade"], "expected", label)
    for role in dict.fromkeys(each.tags["role"] for each in own):
        asked = [each for each in own if each.tags["role"] == role]
        yield _share("usable", asked, "usable", f"{label} role={role}")
        yield _share("as expected", asked, "expected", f"{label} role={role}")


def _origin(results: Sequence[Result]) -> str:
    origins = Counter(
        each.outcome.recording_origin for each in results if each.outcome and each.outcome.recording_origin
    )
    return "".join(f"{origin}:" for origin in sorted(origins))


def _share(name: str, results: Sequence[Result], value: str, of: str) -> Measure:
    hits = sum(each.score.values[value] > 0 for each in results)
    return Measure(name, wilson(hits, len(results)), len(results), of=of)


SUITE = Suite(
    name=NAME,
    title="Recorded answers",
    claim="What recorded models answer to frozen questions is read, used and held to the limits of its role; how good "
    "the answers are is reported for each recording, and ranks no models.",
    cases=cases,
    solve=solve,
    score=score,
    measure=measure,
    good=good,
    bad=bad,
    opponents="recorded",
    opened=opened,
)
