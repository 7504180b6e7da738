"""What a sentence says of the advisor, the inspector and the gates, held against what they answered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from agents.claims.figures import ClaimFault
from agents.claims.meaning import States, contradicted, words
from agents.record import Record
from domain.decisions import Ruling, Stance
from domain.evidence import Evidence
from domain.verdicts import Outcome
from tools.outcome import GATE_NAMES

_LESS = (
    r"less", r"smaller", r"reduc\w+", r"cuts?", r"shr[aiu]nk\w*", r"(?:only )?(?:a )?part of", r"trim\w*", r"lower\w*",
    r"scaled (?:it )?(?:down|back)",
)  # fmt: skip
_PERSON = (r"person", r"people", r"human", r"somebody", r"owner", r"approval")
_AGAINST = (
    r"against", r"oppos\w+", r"skip\w*", r"declin\w+", r"reject\w*", r"refus\w+", r"block\w*", r"veto\w*", r"forb\w+",
    r"den(?:y|ied|ies)", r"stop(?:s|ped)", r"turn(?:s|ed) (?:it )?down",
)  # fmt: skip
_ADVICE: States = {
    Stance.TAKE.value: words(
        r"support\w*", r"in favou?r", r"back(?:s|ed)", r"endors\w+", r"agree[sd]?", r"(?:was|spoke|is) for",
        r"wanted (?:it|the full|the whole)", r"recommend\w* (?:it|to take|taking|the trade|buying|selling)",
        r"approv\w+", r"in full", r"full size",
    ),
    Stance.REDUCE.value: words(*_LESS),
    Stance.SKIP.value: words(*_AGAINST),
}  # fmt: skip
_RULING: States = {
    Ruling.ALLOW.value: words(
        r"allow\w*", r"no (?:further )?objections?", r"clear(?:s|ed)", r"pass", r"passed", r"through", r"unchanged",
        r"agree[sd]?", r"approved", r"accept\w*",
    ),
    Ruling.SHRINK.value: words(*_LESS),
    Ruling.ASK.value: words(*_PERSON),
    Ruling.BLOCK.value: words(*_AGAINST),
}  # fmt: skip
_NONE, _OBJECTED = "none", "objected"
_JUDGED: States = {
    Outcome.PASS.value: words(
        r"pass\w*", r"through", r"clear(?:s|ed)", r"no (?:further )?objections?", r"allow(?:s|ed)? (?:it|the)",
        r"approved",
    ),
    Outcome.REDUCE.value: words(*_LESS),
    Outcome.NEED_APPROVAL.value: words(*_PERSON),
    Outcome.DENY.value: words(*_AGAINST[3:], r"fail\w*"),
    _OBJECTED: words(r"object(?:s|ed)?", r"objections?", r"(?:stood|stands?) in (?:its|the) way"),
    _NONE: words(
        r"(?:not|never|nothing) (?:\w+ ){0,2}(?:as far as|reach\w*|gets? to|got to)",
        r"(?:not|never) (?:\w+ ){0,2}(?:asked|consulted|run|evaluated)",
        r"before the gates",
    ),
}  # fmt: skip
_OTHERS = r"advisor|inspector|gates?|decision|decider"
_COUNTED = (
    re.compile(r"\b(?P<passed>\d+) (?:out )?of (?:the |all )?(?P<total>\d+) gates?\b"),
    re.compile(r"\bof (?:the |all )?(?P<total>\d+) gates?,? (?P<passed>\d+)\b", re.IGNORECASE),
)
_MEASURED_GATES = re.compile(r"\d\s?(?:%|USD|\$|shares|h|s) gates?\b")
_RULED = re.compile(r"\bruling(?: was| is)?:? (?P<ruling>allow|shrink|ask|block)\b", re.IGNORECASE)


def faults_of_roles(sentence: str, clauses: list[str], record: Record) -> Iterator[ClaimFault]:
    """What is wrong with what is said of the two roles."""
    advice, inspection = record.decision.advice, record.decision.inspection
    ruled = _RULED.search(sentence)
    if ruled is not None and inspection is not None and ruled["ruling"].lower() != inspection.ruling.value:
        yield ClaimFault("role", "the inspector ruled otherwise")
    for clause in clauses:
        if advice is not None and contradicted(_about(clause, "advisor"), _ADVICE, (advice.stance.value,)):
            yield ClaimFault("role", "the advisor said otherwise")
        if inspection is not None and contradicted(_about(clause, "inspector"), _RULING, _ruling_of(inspection.ruling)):
            yield ClaimFault("role", "the inspector ruled otherwise")


def _ruling_of(ruling: Ruling) -> tuple[str, ...]:
    # A block leaves nothing, and "cut it to nothing" says so too.
    return (ruling.value, Ruling.SHRINK.value) if ruling is Ruling.BLOCK else (ruling.value,)


def faults_of_gates(
    sentence: str, clauses: list[str], record: Record, known: Mapping[str, Evidence]
) -> Iterator[ClaimFault]:
    """What is wrong with what is said of the gates: outcome, names and counts."""
    if not re.search(r"\bgates?\b", sentence, re.IGNORECASE):
        return
    for clause in clauses:
        about = _about_gates(clause)
        if about and contradicted(about, _JUDGED, _judged(record)):
            yield ClaimFault("gates", "the gates answered otherwise")
    yield from _names(sentence, known)
    yield from _counts(sentence, record)


def _judged(record: Record) -> frozenset[str]:
    """Every outcome that some gate had; the outcome of all of them, where nothing worse happened."""
    evaluation = record.evaluation
    if evaluation is None:
        return frozenset({_NONE})
    worst = {each.outcome.value for each in evaluation.verdicts if each.outcome is not Outcome.PASS}
    objected = {_OBJECTED} if evaluation.outcome is not Outcome.PASS else set()
    return frozenset({*worst, evaluation.outcome.value, *objected})


def _about(clause: str, name: str) -> str:
    """What follows a role's name, up to the next one; of "the advisor and the inspector" both are meant."""
    found = _OF_ROLE[name].search(clause)
    if found is None:
        return ""
    rest = re.sub(rf"^,? (?:and|or) the (?:risk )?(?:{_OTHERS})\b(?!'s)", "", found["rest"], flags=re.IGNORECASE)
    # "Nor did the inspector cut it", "neither the advisor nor the inspector": the denial stands before the name.
    turned = "not" if _TURNED.search(clause[: found.start()]) else ""
    return turned + re.split(rf"\b(?:{_OTHERS})\b", rest, flags=re.IGNORECASE)[0]


_OF_ROLE = {name: re.compile(rf"\b{name}\b(?!'s)(?P<rest>.*)", re.IGNORECASE) for name in ("advisor", "inspector")}
_TURNED = re.compile(r"\b(?:neither|nor)\b(?:(?! and )[^,])*$", re.IGNORECASE)


def _about_gates(clause: str) -> str:
    if not re.search(r"\bgates?\b", clause, re.IGNORECASE) or re.search(r"\d[^.;]*\bpassed\b", clause):
        return ""  # how many passed is a claim about a number
    others = re.split(r"\b(?:advisor|inspector|(?:the|final) decision|decider|strategy)\b", clause, flags=re.IGNORECASE)
    if len(others) == 1:
        return clause
    last = others[-1]
    found = re.search(r"\bgates?\b.*", last, re.IGNORECASE)
    return found[0] if found else ""


def _names(sentence: str, known: Mapping[str, Evidence]) -> Iterator[ClaimFault]:
    """A gate that is named must be one that objected: of the others the record tells no name."""
    objecting = tuple(str(item.value).lower() for ref, item in known.items() if _GATE_NAME.match(ref))
    for found in _NAMED.finditer(sentence):
        if not sentence[found.end() :].lower().startswith(objecting):
            yield ClaimFault("gates", "a gate is named that did not object")
    for found in _CALLED.finditer(sentence):
        if found["name"].lower() not in objecting:
            yield ClaimFault("gates", "a gate is named that did not object")


_NAMED = re.compile(r"\bgates? (?:(?:named|called) (?:the )?[\"'\u201c]?|[\"'\u201c])", re.IGNORECASE)
_CALLED = re.compile(rf"\bthe (?P<name>{'|'.join(re.escape(name) for name in GATE_NAMES)}) gate\b", re.IGNORECASE)
_GATE_NAME = re.compile(r"gate\.\w+\.name")


def _counts(sentence: str, record: Record) -> Iterator[ClaimFault]:
    if _MEASURED_GATES.search(sentence):
        yield ClaimFault("unit", "gates have no unit")
    if record.evaluation is None or not record.evaluation.verdicts:
        return
    outcomes = [verdict.outcome for verdict in record.evaluation.verdicts]
    for pattern in _COUNTED:
        for found in pattern.finditer(sentence):
            if (int(found["total"]), int(found["passed"])) != (len(outcomes), outcomes.count(Outcome.PASS)):
                yield ClaimFault("gates", f"{found[0]}: there were {len(outcomes)}")
