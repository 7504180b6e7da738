"""A deterministic stand-in for every role. It is NOT a language model and never called one.

It answers from the same data slots a model would read, by fixed thresholds, so that everything runs offline without a
key, and so that models have a baseline to beat. Thresholds, for an entry:

    advisor    skips below a signed score of 0.05 or against the direction; takes all from 0.25 on; half in between,
               in a volatile regime, or when fewer than 30 % of at least five similar trades won
    inspector  blocks: halt, earnings within 24 h, no quote, spread above 1 %; halves: earnings within 72 h, spread
               above 0.5 %, drawdown from 5 %, an open position
    decider    the smaller of the two; asks where the inspector asks
    monitor    tightens on unreconciled books, mounting losses or a drawdown; otherwise reports
    reader     a small lexicon of topics and signs; texts that address machines are suspicious
    learner    finds by result, thesis and ending; asks to review a strategy of which fewer than 30 % of at least five
               similar trades won
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from agents.llm import ModelReply, ModelRequest, Role, Sampling
from agents.quarantine import addresses_machines
from agents.slots import figures, read_slot
from domain.errors import DataQualityError
from domain.money import ONE, ZERO, decimal_of

Document = dict[str, Any]
_HALF = Decimal("0.5")
_DIRECTIONS = {"down": -1, "none": 0, "up": 1}
_FAINT, _FIRM = Decimal("0.05"), Decimal("0.25")


class RulesModel:
    """The twin that only follows rules."""

    @property
    def name(self) -> str:
        """``rules``, so that nobody takes it for a model."""
        return "rules"

    @property
    def sampling(self) -> Sampling:
        """Nothing is sampled."""
        return Sampling("rules")

    def complete(self, request: ModelRequest) -> ModelReply:
        """The role's document by rule; always answers."""
        text = json.dumps(_RULES[request.role](request.user), ensure_ascii=False, sort_keys=True)
        return ModelReply(text, "stop", "rules", "rules", 0, 0, 0)


class _Facts:
    """The figures of one prompt: numbers by their name without symbol, None where unknown."""

    def __init__(self, user: str) -> None:
        lines = [line for name in ("evidence", "plan", "facts") for line in read_slot(user, name)]
        self.values: Mapping[str, Any] = figures(lines)
        self.symbol = _line(user, "Symbol")
        self._names = {ref.partition("@")[0]: ref for ref in self.values}

    def number(self, name: str) -> Decimal | None:
        """The figure as a number."""
        return _number(self.values.get(self._names.get(name, "")))

    def word(self, name: str) -> str:
        """The figure as a closed word; empty when unknown."""
        value = self.values.get(self._names.get(name, ""))
        return value if isinstance(value, str) else ""

    def flag(self, name: str) -> bool:
        """True only where the figure is."""
        return self.values.get(self._names.get(name, "")) is True

    def refs(self, *names: str) -> list[str]:
        """The references of those names that carry a value."""
        found = (self._names.get(name) for name in names)
        return [ref for ref in found if ref is not None and self.values[ref] is not None]


def _advise(user: str) -> Document:
    facts, candidate = _Facts(user), read_slot(user, "candidate")[0]
    sign = 1 if candidate["side"] == "buy" else -1
    score, direction = facts.number("signal.score"), _DIRECTIONS.get(facts.word("signal.direction"))
    if score is None or direction is None or sign * score < _FAINT or sign * direction < 0:
        fraction = ZERO
    else:
        weak = sign * score < _FIRM or facts.word("regime") == "volatile" or _poor_record(facts)
        fraction = _HALF if weak else ONE
    return {
        "symbol": facts.symbol,
        "stance": "skip" if fraction == ZERO else "take" if fraction == ONE else "reduce",
        "direction": direction or 0,
        "confidence": _json_number(facts.number("signal.confidence") or ZERO),
        "size_fraction": _json_number(fraction),
        "horizon": "days",
        "reference_price": _json_number(facts.number("quote.ask" if sign > 0 else "quote.bid")),
        "stop_ref": None,
        "bull": _sentences(
            facts, ("The combined signal stands at", "signal.score"), ("Reward to risk is", "plan.reward_risk")
        ),
        "bear": _sentences(facts, ("Ordinary daily movement is", "atr14"), ("Relative strength stands at", "rsi14")),
        "cited": facts.refs("signal.score", "signal.direction", "signal.confidence"),
    }


def _inspect(user: str) -> Document:
    facts = _Facts(user)
    warnings = list(_warnings(facts))
    fraction = min((limit for _, limit in warnings), default=ONE)
    return {
        "symbol": facts.symbol,
        "ruling": "block" if fraction == ZERO else "allow" if fraction == ONE else "shrink",
        "max_fraction": _json_number(fraction),
        "warnings": [warning for warning, _ in warnings][:6],
        "cited": facts.refs("quote.spread_pct", "halted", "event.earnings_in"),
    }


def _warnings(facts: _Facts) -> Iterator[tuple[Document, Decimal]]:
    earnings, spread = facts.number("event.earnings_in"), facts.number("quote.spread_pct")
    if facts.flag("halted"):
        yield _warning(facts, "halted", "critical", "halted"), ZERO
    if facts.number("quote.ask") is None or spread is None:
        yield _warning(facts, "data_stale", "critical"), ZERO
    elif spread > _HALF:
        yield _warning(facts, "spread_wide", "caution", "quote.spread_pct"), ZERO if spread > ONE else _HALF
    if earnings is not None and earnings <= 72:
        near = earnings <= 24
        yield (
            _warning(facts, "earnings_soon", "critical" if near else "caution", "event.earnings_in"),
            ZERO if near else _HALF,
        )
    if (facts.number("book.drawdown_pct") or ZERO) >= 5:
        yield _warning(facts, "drawdown", "caution", "book.drawdown_pct"), _HALF
    if (facts.number("position.qty") or ZERO) != ZERO:
        yield _warning(facts, "concentration", "caution", "position.qty"), _HALF


def _warning(facts: _Facts, kind: str, severity: str, *names: str) -> Document:
    refs = facts.refs(*names)
    about = facts.symbol if any(ref.endswith(f"@{facts.symbol}") for ref in refs) else None
    return {"kind": kind, "severity": severity, "refs": refs, "symbol": about}


def _decide(user: str) -> Document:
    facts = _Facts(user)
    # null stands where a role has not spoken.
    advice, inspection = (read_slot(user, name)[0] or {} for name in ("advice", "inspection"))
    limits = (_number(advice.get("size_fraction", 1)), _number(inspection.get("max_fraction", 1)))
    fraction = min(limit if limit is not None else ZERO for limit in limits)
    agreed = "Advisor and inspector leave this much of it; the signal stands at"
    return {
        "symbol": facts.symbol,
        "action": "skip" if fraction == ZERO else "take" if fraction == ONE else "shrink",
        "size_fraction": _json_number(fraction),
        "ask_approval": inspection.get("ruling") == "ask",
        "stop_ref": None,
        "reasons": _sentences(facts, (agreed, "signal.score"))
        or [_sentence("The rules follow advisor and inspector.")],
        "cited": facts.refs("signal.score"),
    }


def _monitor(user: str) -> Document:
    findings = read_slot(user, "findings")
    kinds = {finding["kind"] for finding in findings}
    grave = bool(kinds & {"unreconciled", "loss_limit", "drawdown"})
    return {
        "state": "watch" if grave else "normal",
        "request": "tighten" if grave else "none",
        "concerns": [
            {"kind": item["kind"], "severity": "caution", "refs": item["refs"], "symbol": item["symbol"]}
            for item in findings[:12]
        ],
    }


def _explain(user: str) -> Document:
    facts, record = _Facts(user), read_slot(user, "record")[0]
    verdicts = {"take": "It was taken as proposed", "shrink": "It was taken in part", "delay": "It was put off"}
    words = verdicts.get(record["action"], "It was not taken")
    told = [
        *_sentences(facts, (f"The {record['strategy'].replace('_', ' ')} strategy proposed", "plan.qty")),
        *_sentences(facts, ("The signal stood at", "signal.score"), ("The stop would stand at", "plan.stop")),
        *(_sentences(facts, (f"{words}: decided were", "size.decided")) or [_sentence(f"{words}.")]),
    ]
    return {"statements": told}


def _learn(user: str) -> Document:
    facts, record = _Facts(user), read_slot(user, "record")[0]
    targets = read_slot(user, "targets")[0]
    found = _sentences(facts, ("The trade brought", "trade.pnl_pct"), ("Its stop stood at", "plan.stop"))
    strategy = record["strategy"]
    suggested = _poor_record(facts) and strategy in targets["strategy"]
    asked = _sentences(facts, ("Of similar trades only this share won:", "memory.win_rate"))
    return {
        "symbol": facts.symbol,
        "finding": _found(record),
        "lesson": found or [_sentence("There is no figure to speak of.")],
        "cited": facts.refs("trade.pnl_pct", "plan.stop"),
        "suggestions": [{"subject": "strategy", "target": strategy, "change": "review", "reasons": asked}] * suggested,
    }


def _found(record: Mapping[str, Any]) -> str:
    if record["result"] == "won":
        return "as_expected" if record["thesis"] == "with_signal" else "by_luck"
    late = record["result"] == "even" or record["ending"] == "time"
    return "timing_wrong" if late else "thesis_wrong"


_TOPICS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (topic, re.compile(rf"\b({words})", re.IGNORECASE))
    for topic, words in (
        ("earnings", "earnings|quarterly|profit|revenue|eps|results"),
        ("guidance", "guidance|outlook|forecast|raises? its view|expects"),
        ("rating", "upgrad|downgrad|price target|overweight|underweight|initiat|analyst"),
        ("merger", "merger|acqui|takeover|buyout|bid for"),
        ("legal", "lawsuit|sues?\\b|probe|investigat|fine[ds]?\\b|settle|antitrust|recall|fda|regulator"),
        ("management", "ceo|cfo|chief executive|resign|steps down|appoints?"),
        ("capital", "buyback|dividend|offering|debt|bond|split"),
        ("supply", "shortage|supplier|supply|factory|plant|strike|outage"),
        ("product", "launch|unveil|product|contract|order from|partnership|patent|approval"),
        ("macro", "fed\\b|inflation|tariff|rates?\\b|jobs report|gdp"),
    )
)
_GOOD = re.compile(
    r"\b(beats?|tops?|surg\w+|jump\w*|record|strong\w*|raises?|upgrad\w+|wins?|approv\w+|growth|gains?|rall\w+|"
    r"exceed\w*|boost\w*|expands?|soar\w*|profit rises)\b",
    re.IGNORECASE,
)
_BAD = re.compile(
    r"\b(miss\w*|cuts?|falls?|fell|drop\w*|plung\w+|weak\w*|warn\w*|downgrad\w+|lawsuit|sues?|probe|recall\w*|loss\w*|fraud|"
    r"halt\w*|delay\w*|slump\w*|resign\w*|layoffs?|bankrupt\w*|shortage|outage)\b",
    re.IGNORECASE,
)
_OPINION = re.compile(r"\b(i think|imo|my view|to the moon|bullish|bearish|buy the dip|rumou?r)\b", re.IGNORECASE)
_STRONG = re.compile(r"\b(surg|soar|plung|fraud|bankrupt|takeover|halt|record)\w*", re.IGNORECASE)


def _read(user: str) -> Document:
    symbols, text = read_slot(user, "symbols")[0], read_slot(user, "text_from_outside")[0]
    headline = text.split("\n", 1)[0][:300].strip()
    suspicious = addresses_machines(text)
    events = [] if suspicious or not headline else list(_events(symbols, headline))
    return {"events": events[:8], "suspicious": suspicious}


def _events(symbols: list[str], headline: str) -> Iterator[Document]:
    topic = next((name for name, words in _TOPICS if words.search(headline)), "other")
    sign = _sign(headline)
    if _OPINION.search(headline):
        topic = "opinion"
    if topic == "other" and sign == 0:
        return
    named = [symbol for symbol in symbols if re.search(rf"\b{re.escape(symbol)}\b", headline)]
    strength = "low" if topic == "opinion" else "high" if _STRONG.search(headline) else "medium"
    for symbol in named or symbols:
        yield {"symbol": symbol, "topic": topic, "sign": sign, "strength": strength, "quote": headline}


def _sign(text: str) -> int:
    balance = len(_GOOD.findall(text)) - len(_BAD.findall(text))
    return (balance > 0) - (balance < 0)


def _say_nothing(_user: str) -> Document:
    """Rules cannot talk; the records answer for themselves."""
    return {"move": "answer", "tool": None, "words": [], "statements": [], "cards": []}


_RULES: Mapping[Role, Callable[[str], Document]] = MappingProxyType(
    {
        "reader": _read,
        "monitor": _monitor,
        "advisor": _advise,
        "inspector": _inspect,
        "decider": _decide,
        "explainer": _explain,
        "learner": _learn,
        "chat": _say_nothing,
    }
)


def _poor_record(facts: _Facts) -> bool:
    trades, won = facts.number("memory.trades"), facts.number("memory.win_rate")
    return trades is not None and won is not None and trades >= 5 and won < Decimal("0.3")


def _sentences(facts: _Facts, *wanted: tuple[str, str]) -> list[Document]:
    return [_sentence(f"{words} {{{ref}}}.") for words, name in wanted for ref in facts.refs(name)]


def _sentence(text: str) -> Document:
    return {"text": text, "weight": "medium"}


def _number(value: object) -> Decimal | None:
    try:
        return decimal_of(value)
    except DataQualityError:
        return None


def _json_number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _line(user: str, name: str) -> str:
    found = re.search(rf"^{name}: (.+)$", user, re.MULTILINE)
    return found.group(1) if found else ""
