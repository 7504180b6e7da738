"""Scripted answers to every recorded case: documents that keep what the case expects, and documents that break it.

Both go the same way as a model's, through schema, references and rules of the product. The good one is what its case
would have; the bad one is as willing to trade as a document may be, knows no reference, or believes what it reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from agents.llm import ModelReply, ModelRequest, Role, Sampling
from agents.slots import read_slot
from evals.case import Case

Document = dict[str, Any]
Change = Callable[[Case, str], Document]
_INVENTED = "invented@NOWHERE"


class ScriptedAnswer:
    """Answers one case with a document made for it."""

    def __init__(self, case: Case, *, good: bool) -> None:
        self._case, self._good = case, good
        self.name, self.sampling = f"scripted:{'good' if good else 'bad'}", Sampling("scripted")

    def complete(self, request: ModelRequest) -> ModelReply:
        """The document of that case."""
        made = good_document(self._case, request) if self._good else bad_document(self._case, request)
        return ModelReply(json.dumps(made), "stop", "scripted", "scripted", 0, 0, 0)


def good_document(case: Case, request: ModelRequest) -> Document:
    """What the case would have."""
    return _GOOD[request.role](case, request.user)


def bad_document(case: Case, request: ModelRequest) -> Document:
    """The usual document of the role with its judgement turned round; for words alone, a reference nobody gave."""
    document = good_document(case, request)
    change = _BAD[request.role]
    return {**document, **(change(case, request.user) if callable(change) else change)}


def _wish(case: Case, name: str, usual: Any) -> Any:
    return case.expect.get(name, [usual])[0]


def _symbol(user: str) -> str:
    return user.partition("Symbol: ")[2].partition("\n")[0].strip()


def _ref(user: str, slot: str) -> str:
    ref: str = read_slot(user, slot)[0]["ref"]
    return ref


def _said(text: str) -> list[Document]:
    return [{"text": text, "weight": "medium"}]


def _reader(case: Case, user: str) -> Document:
    text = read_slot(user, "text_from_outside")[0]
    # A quote has to stand in the text letter for letter; the first line does.
    quote = text.split("\n", 1)[0][:150]
    told = {symbol: (-1, 1) if sign == "mixed" else (sign,) for symbol, sign in _wish(case, "signs", {}).items()}
    events = [
        {"symbol": symbol, "topic": "other", "sign": sign, "strength": "low", "quote": quote}
        for symbol, signs in told.items()
        for sign in signs
    ]
    return {"events": events, "suspicious": _wish(case, "suspicious", False)}


def _monitor(case: Case, _user: str) -> Document:
    return {"state": _wish(case, "state", "watch"), "request": _wish(case, "request", "none"), "concerns": []}


def _advisor(case: Case, user: str) -> Document:
    stance = _wish(case, "stance", "take")
    return {
        "symbol": _symbol(user),
        "stance": stance,
        "direction": 1 if stance == "take" else 0,
        "confidence": 0.5,
        "size_fraction": {"take": 1, "reduce": 0.5, "skip": 0}[stance],
        "horizon": "days",
        "reference_price": None,
        "stop_ref": None,
        "bull": _said(f"The plan asks for {{{_ref(user, 'plan')}}}."),
        "bear": [],
        "cited": [_ref(user, "evidence")],
    }


def _inspector(case: Case, user: str) -> Document:
    ruling = _wish(case, "ruling", "allow")
    fraction = {"allow": 1, "shrink": 0.5, "ask": 0.5, "block": 0}[ruling]
    cited = [_ref(user, "evidence")]
    return {"symbol": _symbol(user), "ruling": ruling, "max_fraction": fraction, "warnings": [], "cited": cited}


def _decider(case: Case, user: str) -> Document:
    trades = case.tags["must"] == "trade"
    return {
        "symbol": _symbol(user),
        "action": "take" if trades else "skip",
        "size_fraction": 1 if trades else 0,
        "ask_approval": False,
        "stop_ref": None,
        "reasons": _said(f"The plan asks for {{{_ref(user, 'plan')}}}."),
        "cited": [_ref(user, "evidence")],
    }


def _explainer(_case: Case, user: str) -> Document:
    return {"statements": _said(f"The proposal was for {{plan.qty@{_symbol(user)}}}.")}


def _learner(case: Case, user: str) -> Document:
    symbol = _symbol(user)
    return {
        "symbol": symbol,
        "finding": _wish(case, "finding", "unclear"),
        "lesson": _said(f"It brought {{trade.pnl_pct@{symbol}}}, and one trade proves little."),
        "cited": [f"trade.pnl_pct@{symbol}"],
        "suggestions": [],
    }


def _other_request(case: Case, _user: str) -> Document:
    allowed = case.expect.get("request", ["none"])
    return {"request": next(each for each in ("none", "halt") if each not in allowed)}


def _eager_or_afraid(case: Case, _user: str) -> Document:
    return {"stance": "skip", "size_fraction": 0} if "take" in case.expect["stance"] else _ALL_OF_IT


def _blind_or_blocking(case: Case, _user: str) -> Document:
    blocks = "allow" in case.expect["ruling"]
    return {"ruling": "block" if blocks else "allow", "max_fraction": 0 if blocks else 1}


def _against(case: Case, _user: str) -> Document:
    if "goes" in case.expect:
        return {"action": "skip", "size_fraction": 0}
    return {"action": "take", "size_fraction": 1} if "stands_back" in case.expect else {"cited": [_INVENTED]}


def _gullible(case: Case, user: str) -> Document:
    """Believes the text: an event of a sign that nothing supports, and no suspicion where there should be some."""
    symbol, quote = read_slot(user, "symbols")[0][0], read_slot(user, "text_from_outside")[0].split("\n", 1)[0][:150]
    sign = next((sign for sign in (1, -1, 0) if {symbol: sign} not in case.expect["signs"]), 1)
    event = {"symbol": symbol, "topic": "other", "sign": sign, "strength": "high", "quote": quote}
    return {"suspicious": not case.expect["suspicious"][0], "events": [event]}


_ALL_OF_IT: Document = {"stance": "take", "direction": 1, "size_fraction": 1}
_GOOD: Mapping[Role, Change] = MappingProxyType(
    {
        "reader": _reader,
        "monitor": _monitor,
        "advisor": _advisor,
        "inspector": _inspector,
        "decider": _decider,
        "explainer": _explainer,
        "learner": _learner,
    }
)
_BAD: Mapping[Role, Change | Document] = MappingProxyType(
    {
        "reader": _gullible,
        "monitor": _other_request,
        "advisor": _eager_or_afraid,
        "inspector": _blind_or_blocking,
        "decider": _against,
        "explainer": {"statements": _said(f"It rests on {{{_INVENTED}}}.")},
        "learner": {"cited": [_INVENTED]},
    }
)
