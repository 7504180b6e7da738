"""What a sentence claims happened, held against the record: side, symbol, roles, gates, approval, order and fills."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from agents.claims.figures import Fault
from agents.claims.lexicon import ACRONYMS, NEGATION, TIMES
from agents.record import Record
from domain.decisions import Action, Ruling, Stance
from domain.evidence import Evidence
from domain.orders import Side
from domain.verdicts import Outcome

_CLAUSE = re.compile(r"[;.:]\s|, (?:and|but|so|which|while)\b|\bbut\b|\bso\b")
_CAPITALS = re.compile(r"\b[A-Z][A-Z0-9]{1,9}(?:[./-][A-Z0-9]{1,4})?\b")


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(patterns) + r")\b", re.IGNORECASE)


_BUYS = _words(r"buy(?:ing)?", r"bought", r"go(?:ing)? long", r"long position", r"purchas\w+")
_SELLS = _words(r"sell(?:ing)?", r"sold", r"go(?:ing)? short", r"short position", r"short sale")
_NO_SIDE = _words(
    r"buying power",
    r"buy[- ]?backs?",
    r"buying? (?:rating|interest|pressure)",
    r"sell(?:ing)?[- ]?(?:off|rating|pressure|interest)",
)
_PASSED = _words(
    r"passed", r"allowed", r"cleared", r"let (?:it )?(?:through|pass)", r"raised no objection", r"approved"
)
_REFUSED = _words(r"refused?s?", r"den(?:y|ied|ies)", r"rejected", r"stopped", r"blocked", r"objected", r"vetoed")
_LESS = _words(r"allows? less", r"cut", r"reduced", r"smaller", r"shrank", r"shrunk")
_SUPPORTED = _words(
    r"supported", r"was for", r"in favou?r", r"backed", r"agreed", r"wanted (?:it|the full)", r"endorsed"
)
_AGAINST = _words(
    r"(?:was|spoke|advised) against", r"opposed", r"advised? to skip", r"wanted to skip", r"declined", r"rejected"
)
_BLOCKED = _words(r"blocked", r"vetoed", r"refused", r"rejected")
_ALLOWED = _words(r"allowed", r"no objection", r"cleared", r"approved", r"let it (?:through|pass)")
_APPROVAL = _words(r"approval", r"a person(?:'s)?", r"human", r"owner(?:'s)?")
_ASKS = _words(r"need(?:s|ed)?", r"require[sd]?", r"waits?", r"waiting", r"asks?", r"sent to", r"must be", r"goes to")
_FILLED = _words(r"filled", r"executed", r"bought", r"sold", r"acquired", r"purchased", r"settled", r"secured")
_SENT = _words(r"(?:order|trade|it) (?:was|has been|is) (?:sent|placed|submitted|routed)", r"order stands")
_TAKEN = _words(r"was taken(?: in full)?", r"decision was to take", r"decided to take", r"decider took")
_LEFT = _words(
    r"was not taken", r"was skipped", r"decision was to skip", r"decided to skip", r"was delayed", r"was abandoned"
)


def faults_of_outcome(sentence: str, record: Record, known: Mapping[str, Evidence]) -> Iterator[Fault]:
    """What is wrong with what one sentence says happened."""
    yield from _strangers(sentence, record, known)
    yield from _dated(sentence, known)
    yield from _side(sentence, record)
    for clause in _CLAUSE.split(sentence):
        yield from _gates(clause, record)
        yield from _roles(clause, record)
        yield from _approval(clause, record)
        yield from _ending(clause, record)


def _strangers(sentence: str, record: Record, known: Mapping[str, Evidence]) -> Iterator[Fault]:
    subject = record.decision.candidate.symbol
    quoted = " ".join(str(item.value) for item in known.values() if isinstance(item.value, str))
    for word in dict.fromkeys(_CAPITALS.findall(sentence)):
        if word != subject and word not in ACRONYMS and not re.search(rf"\b{re.escape(word)}\b", quoted):
            yield Fault("symbol", f"{word} is not {subject}")


def _dated(sentence: str, known: Mapping[str, Evidence]) -> Iterator[Fault]:
    quoted = " ".join(item.value.lower() for item in known.values() if isinstance(item.value, str))
    for found in TIMES.finditer(sentence):
        if found[0].lower() not in quoted:
            yield Fault("time", f"nothing on record is of {found[0].lower()}")


def _side(sentence: str, record: Record) -> Iterator[Fault]:
    bare = _NO_SIDE.sub("", sentence)
    own, other = (_BUYS, _SELLS) if record.decision.candidate.side is Side.BUY else (_SELLS, _BUYS)
    found = other.search(bare)
    if found is not None and own.search(bare) is None:
        yield Fault("side", f"{found[0].lower()}, which is the other side")


def _gates(clause: str, record: Record) -> Iterator[Fault]:
    if not re.search(r"\bgates?\b", clause, re.IGNORECASE) or re.search(r"\d[^.;]*\bpassed\b", clause):
        return  # how many passed is a claim about a number
    outcome = record.evaluation.outcome if record.evaluation is not None else None
    passed, refused = _claimed(_PASSED, clause), _claimed(_REFUSED, clause)
    if passed and outcome in (None, Outcome.DENY):
        yield Fault("gates", "the gates did not pass it")
    if refused and outcome is not Outcome.DENY:
        yield Fault("gates", "no gate refused it")
    if _claimed(_LESS, clause) and outcome in (None, Outcome.PASS, Outcome.DENY):
        yield Fault("gates", "no gate made it smaller")


def _roles(clause: str, record: Record) -> Iterator[Fault]:
    advice, inspection = record.decision.advice, record.decision.inspection
    # A sentence may speak of both; then only what follows a role's name is about it.
    about_advisor = _about(clause, r"advisor", r"inspector|gates?|decision|decider")
    if about_advisor and advice is not None:
        skips = advice.stance is Stance.SKIP
        if (_claimed(_SUPPORTED, about_advisor) and skips) or (_claimed(_AGAINST, about_advisor) and not skips):
            yield Fault("role", "the advisor said otherwise")
    about_inspector = _about(clause, r"inspector", r"advisor|gates?|decision|decider")
    if about_inspector and inspection is not None:
        blocks = inspection.ruling is Ruling.BLOCK
        if (_claimed(_BLOCKED, about_inspector) and not blocks) or (_claimed(_ALLOWED, about_inspector) and blocks):
            yield Fault("role", "the inspector ruled otherwise")


def _about(clause: str, name: str, others: str) -> str:
    found = re.search(rf"\b{name}\b(?P<rest>.*)", clause, re.IGNORECASE)
    return re.split(rf"\b(?:{others})\b", found["rest"], flags=re.IGNORECASE)[0] if found else ""


def _approval(clause: str, record: Record) -> Iterator[Fault]:
    if not _APPROVAL.search(clause) or not _ASKS.search(clause):
        return
    evaluation = record.evaluation
    needed = record.decision.needs_approval or (evaluation is not None and evaluation.outcome is Outcome.NEED_APPROVAL)
    if (NEGATION.search(clause) is None) != needed:
        yield Fault("approval", "a person is asked" if needed else "no person is asked")


def _ending(clause: str, record: Record) -> Iterator[Fault]:
    if _claimed(_FILLED, clause) and not record.fills:
        yield Fault("fill", "nothing was filled")
    if _claimed(_SENT, clause) and record.order is None:
        yield Fault("order", "no order was sent")
    action = record.decision.action
    if _TAKEN.search(clause) and not NEGATION.search(clause) and action in (Action.SKIP, Action.DELAY):
        yield Fault("decision", "it was not taken")
    if _LEFT.search(clause) and action in (Action.TAKE, Action.SHRINK):
        yield Fault("decision", "it was taken")


def _claimed(words: re.Pattern[str], clause: str) -> bool:
    """Said, and not said not to be."""
    found = words.search(clause)
    return found is not None and NEGATION.search(clause[: found.start()]) is None
