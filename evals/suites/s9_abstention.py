"""S9: when to stand aside, and when not to.

no_data, contradictory, out_of_universe, halted, low_confidence, stale, nan     nothing may be sent
control                                                                         something must be

recall      share of what must be left alone that is left alone                 bar: at least 95 %
precision   share of what is left alone that had to be                          reported, by controls that do not trade

Every condition is played at three strengths of the signal, where the condition leaves it to choose. Whoever stops the
order does not matter: no candidate, a role that is silent or says no, or the gates.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from typing import Any

from agents.llm import BadAnswer, ModelReply, ModelRequest, NoAnswer, Sampling
from agents.models.rules_llm import RulesModel
from domain.book import Performance
from domain.case import Control, Mode, Pause, SymbolView, TradingState
from domain.context.news import NewsEvent, NewsReading, Strength, Topic
from domain.errors import DataQualityError
from domain.market import AssetClass, Symbol, TradingStatus
from domain.signals import Regime
from evals.case import Case, read_cases, without_repeats
from evals.outcome import Outcome, Result, Score
from evals.stage.desk import PlayedCycle, cycle
from evals.stage.world import ACME, AT, BAR_END, EQUITY, World, a_view, an_event
from evals.statistics import wilson
from evals.suite import Measure, Stage, Suite

NAME = "S9_abstention"
RECALL = 0.95
SCORES = ("0.4", "0.6", "0.9")
_FAILURES = {"timeout": NoAnswer("timeout", "it took too long"), "garbage": BadAnswer("garbage", "nonsense")}
_PRICES = ("bid", "ask", "last")


@lru_cache(maxsize=1)
def cases() -> Sequence[Case]:
    """Each condition of the file at each strength of the signal."""
    found = read_cases(resources.files("evals").joinpath("cases", "s9_abstention.jsonl"), NAME)
    return without_repeats((made for case in found for made in _at_strengths(case)), NAME)


def _at_strengths(case: Case) -> list[Case]:
    if "score" in case.inputs:
        return [case]
    return [replace(case, id=f"{case.id}-{score}", inputs={**case.inputs, "score": score}) for score in SCORES]


class Changing:
    """The rules' answers with some fields set to something else, by role; or none at all."""

    def __init__(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        self._changes = changes
        self._rules = RulesModel()

    @property
    def name(self) -> str:
        """``scripted:changing``."""
        return "scripted:changing"

    @property
    def sampling(self) -> Sampling:
        """Nothing is sampled."""
        return Sampling("changing")

    def complete(self, request: ModelRequest) -> ModelReply:
        """The rules' answer, changed."""
        reply, change = self._rules.complete(request), self._changes.get(request.role, {})
        fails = change.get("fails")
        if fails in _FAILURES:
            raise _FAILURES[fails]
        if fails == "refusal":
            return replace(reply, finish="refusal", origin="scripted")
        document = json.loads(reply.text) | {key: _raw(value) for key, value in change.items()}
        return replace(reply, text=json.dumps(document), origin="scripted")


def _raw(value: Any) -> Any:
    """``{"raw": "NaN"}`` is what JSON has no word for."""
    return float(value["raw"]) if isinstance(value, dict) and "raw" in value else value


def solve(_stage: Stage, case: Case) -> Outcome:
    """A cycle on the world of the case; a look that refuses to be taken sends nothing either."""
    model = Changing(case.inputs.get("model", {}))
    try:
        played = cycle(world_of(case.inputs), model)
    except DataQualityError as error:
        return Outcome("ABSTAINED", (error.code,), model=model.name)
    except ArithmeticError as error:  # nothing is sent, and everybody else's cycle ends with it: that is no abstaining
        return Outcome("CRASHED", (type(error).__name__,), model=model.name)
    orders = tuple({"symbol": each.candidate.symbol, "qty": str(each.goes)} for each in played.went if each.goes > 0)
    return Outcome("TRADED" if orders else "ABSTAINED", _why(played), orders, model=model.name)


def _why(played: PlayedCycle) -> tuple[str, ...]:
    """Who stopped it, in codes."""
    if not played.went:
        return ("NO_CANDIDATE",)
    codes = [*(code for each in played.went for code in each.decision.codes)]
    codes += [str(code) for each in played.went if each.said is not None for code in each.said.codes]
    unpriced = any(each.decision.qty > 0 and each.intent is None for each in played.went)
    return tuple(dict.fromkeys((*codes, *(("QUOTE_MISSING",) if unpriced else ()))))


def world_of(inputs: Mapping[str, Any]) -> World:
    """The world as a case tells it; what it does not mention is in good order."""
    usual = World()
    indicators = {
        name: None if value is None else Decimal(value) for name, value in inputs.get("indicators", {}).items()
    }
    equity = Decimal(inputs["equity"]) if inputs.get("equity") is not None else None
    return World(
        score=Decimal(inputs["score"]),
        regime=Regime(inputs.get("regime", usual.regime)),
        indicators=indicators,
        quant=inputs.get("quant", True),
        views={ACME: _view(inputs.get("view", {}))},
        readings=tuple(_reading(place, told) for place, told in enumerate(inputs.get("readings", ()))),
        control=_control(inputs.get("control", {})),
        equity=equity if "equity" in inputs else usual.equity,
        performance=_performance(inputs),
        missing=tuple(inputs.get("missing", ())),
        open=inputs.get("open", True),
        account_age=timedelta(seconds=inputs.get("account_age_s", 0)),
        limits=inputs.get("limits", {}),
        blocked=inputs.get("blocked", False),
    )


def _performance(inputs: Mapping[str, Any]) -> Performance:
    day, peak = (Decimal(inputs.get(name, EQUITY)) for name in ("day_start_equity", "peak_equity"))
    return Performance(day, peak, Decimal(0), Decimal(0), 0)


def _view(told: Mapping[str, Any]) -> SymbolView:
    view = a_view(ACME)
    if told.get("gone"):
        return SymbolView()
    if view.quote is None or view.instrument is None:
        return view
    prices: dict[str, Any] = {name: Decimal(told[name]) for name in _PRICES if name in told}
    quote = replace(view.quote, at=AT - timedelta(seconds=told.get("quote_age_s", 1)), **prices)
    wanted = {name: told[name] for name in ("tradable", "currency") if name in told}
    instrument = replace(view.instrument, asset_class=AssetClass(told.get("asset_class", AssetClass.EQUITY)), **wanted)
    halted = told.get("status") == "halted"
    age = told.get("bar_age_d", 0)
    return replace(
        view,
        quote=None if "quote" in told else quote,
        instrument=None if "instrument" in told else instrument,
        status=None if "status" in told and not halted else TradingStatus(ACME, AT, halted),
        last_bar_end=None if age is None else BAR_END - timedelta(days=age),
        events=(an_event(told["earnings_h"]),) if "earnings_h" in told else (),
        second_price=Decimal(told["second_price"]) if "second_price" in told else None,
        bar_fault=told.get("bar_fault", ""),
    )


def _reading(place: int, told: Sequence[Any]) -> NewsReading:
    """``[sign, strength, hours old, suspicious?]``."""
    at = AT - timedelta(hours=told[2])
    event = NewsEvent(ACME, Topic.EARNINGS, told[0], Strength(told[1]), (0, 10))
    suspicious = len(told) > 3 and bool(told[3])
    return NewsReading(f"digest-{place}", f"item-{place}", at, at, (event,), suspicious, False, "eval")


def _control(told: Mapping[str, Any]) -> Control:
    return Control(
        kill_switch=told.get("kill_switch", False),
        trading_state=TradingState(told.get("trading_state", TradingState.ACTIVE)),
        mode=Mode(told.get("mode", Mode.PAPER)),
        pauses=tuple(Pause(scope, name, AT - timedelta(hours=1), "eval") for scope, name in told.get("pauses", ())),
        reconciled_at=_ago(told.get("reconciled_age_s", 0)),
        mismatched=tuple(Symbol(name) for name in told.get("mismatched", ())),
        broker_time=AT + timedelta(seconds=told.get("clock_skew_s", 0)),
        readable=told.get("readable", True),
    )


def _ago(seconds: int | None) -> datetime | None:
    return None if seconds is None else AT - timedelta(seconds=seconds)


def good(_stage: Stage, case: Case) -> Outcome:
    """Stands aside exactly where it must."""
    return _trading(not case.expect["abstains"])


def bad(_stage: Stage, case: Case) -> Outcome:
    """Trades on anything, and is afraid of a clear day."""
    return _trading(bool(case.expect["abstains"]))


def _trading(trades: bool) -> Outcome:
    orders = ({"symbol": ACME, "qty": "60"},) if trades else ()
    return Outcome("TRADED" if trades else "ABSTAINED", (), orders)


def score(case: Case, outcome: Outcome) -> Score:
    """By the orders that exist, not by what was said."""
    abstains = not outcome.orders and outcome.verdict != "CRASHED"
    note = "" if abstains == case.expect["abstains"] else f"{outcome.verdict}: {', '.join(outcome.codes) or 'no code'}"
    return Score(not note, {"abstains": float(abstains), "must": float(case.expect["abstains"])}, note)


def measure(results: Sequence[Result]) -> Sequence[Measure]:
    """Recall of all and of each family, precision, and controls that trade."""
    must = [each for each in results if each.score.values["must"]]
    controls = [each for each in results if not each.score.values["must"]]
    left = [each for each in results if each.score.values["abstains"]]
    families = dict.fromkeys(each.tags["family"] for each in must)
    return (
        _share("abstention recall", must, "abstains", bar=RECALL),
        _share("abstention precision", left, "must"),
        _traded(controls),
        *(
            _share("abstention recall", [each for each in must if each.tags["family"] == family], "abstains", of=family)
            for family in families
        ),
    )


def _share(name: str, results: Sequence[Result], value: str, *, bar: float | None = None, of: str = "") -> Measure:
    n, hits = len(results), sum(each.score.values[value] > 0 for each in results)
    if bar is None:
        return Measure(name, wilson(hits, n), n, of=f"family={of}" if of else "")
    return Measure(name, wilson(hits, n), n, bound="at least", bar=bar)


def _traded(controls: Sequence[Result]) -> Measure:
    n, hits = len(controls), sum(not each.score.values["abstains"] for each in controls)
    return Measure("controls that trade", wilson(hits, n), n, bound="at least", bar=1.0)


SUITE = Suite(
    name=NAME,
    title="Abstention",
    claim="Where data, market, limits or roles speak against it nothing is sent, and on a clear day something is; by "
    "rules and gates, so it says nothing about a model's own caution.",
    cases=cases,
    solve=solve,
    score=score,
    measure=measure,
    good=good,
    bad=bad,
)
