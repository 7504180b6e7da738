"""What a sentence claims in words, held against the record: symbol, time, side and trend here, the rest beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from agents.claims.endings import faults_of_ending
from agents.claims.figures import ClaimFault
from agents.claims.lexicon import ACRONYMS, TIMES
from agents.claims.meaning import words
from agents.claims.roles import faults_of_gates, faults_of_roles
from agents.claims.scope import denied
from agents.claims.sizes import faults_of_sizes
from agents.record import Record
from domain.evidence import Evidence
from domain.orders import Side

_CLAUSE = re.compile(r"[;.:]\s|, (?:and|but|so|which|while)\b|\bbut\b|\bso\b")
_CAPITALS = re.compile(r"\b[A-Z][A-Z0-9]{1,9}(?:[./-][A-Z0-9]{1,4})?\b")


_BUYS = words(r"buy(?:ing)?", r"bought", r"go(?:ing)? long", r"long position", r"purchas\w+")
_SELLS = words(r"sell(?:ing)?", r"sold", r"go(?:ing)? short", r"short position", r"short sale", r"(?:a|the) sale of")
_NO_SIDE = words(
    r"buying power",
    r"buy[- ]?backs?",
    r"buying? (?:rating|interest|pressure)",
    r"sell(?:ing)?[- ]?(?:off|rating|pressure|interest)",
)


def faults_of_outcome(sentence: str, record: Record, known: Mapping[str, Evidence]) -> Iterator[ClaimFault]:
    """What is wrong with what one sentence says happened."""
    yield from _strangers(sentence, record, known)
    yield from _dated(sentence, known)
    yield from _side(sentence, record)
    yield from _trend(sentence, record, known)
    yield from faults_of_sizes(sentence, known)
    clauses = _CLAUSE.split(sentence)
    yield from faults_of_roles(sentence, clauses, record)
    yield from faults_of_gates(sentence, clauses, record, known)
    yield from faults_of_ending(sentence, clauses, record)


def _strangers(sentence: str, record: Record, known: Mapping[str, Evidence]) -> Iterator[ClaimFault]:
    subject = record.decision.candidate.symbol
    named = dict.fromkeys(_CAPITALS.findall(sentence))
    if named.keys() <= {subject}:
        return
    quoted = " ".join(str(item.value) for item in known.values() if isinstance(item.value, str))
    gates = {ref.split(".")[1] for ref in known if ref.startswith("gate.")}
    for word in named:
        if word not in {subject, *ACRONYMS, *gates} and not re.search(rf"\b{re.escape(word)}\b", quoted):
            yield ClaimFault("symbol", f"{word} is not {subject}")


def _dated(sentence: str, known: Mapping[str, Evidence]) -> Iterator[ClaimFault]:
    times = list(TIMES.finditer(sentence))
    quoted = " ".join(item.value.lower() for item in known.values() if isinstance(item.value, str)) if times else ""
    for found in times:
        if found[0].lower() not in quoted:
            yield ClaimFault("time", f"nothing on record is of {found[0].lower()}")


def _side(sentence: str, record: Record) -> Iterator[ClaimFault]:
    bare = _NO_SIDE.sub("", sentence)
    own, other = (_BUYS, _SELLS) if record.decision.candidate.side is Side.BUY else (_SELLS, _BUYS)
    found = other.search(bare)
    if found is not None and own.search(bare) is None:
        yield ClaimFault("side", f"{found[0].lower()}, which is the other side")


def _trend(sentence: str, record: Record, known: Mapping[str, Evidence]) -> Iterator[ClaimFault]:
    """An uptrend where the regime is a downtrend, and the other way round; a range contradicts neither."""
    item = known.get(f"regime@{record.decision.candidate.symbol}")
    other = _AGAINST_TREND.get(str(item.value)) if item is not None else None
    found = other.search(sentence) if other is not None else None
    if found is not None and not denied(sentence, found.start()):
        yield ClaimFault("direction", f"{found[0].lower()}, which is the other way")


_AGAINST_TREND = {
    "trend_down": words(r"uptrend", r"upward (?:trend|move|chart)", r"trend is (?:up|rising)", r"rising trend"),
    "trend_up": words(r"downtrend", r"downward (?:trend|move|chart)", r"trend is (?:down|falling)", r"falling trend"),
}
