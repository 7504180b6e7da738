"""One symbol, day by day: what strategies propose at a close is bought at the next opening, by roles or without them.

    asked   at every second close
    entry   at the next opening, the share of the proposal that the roles leave; without roles all of it
    exit    at the stop or the target inside a day, or at the next opening after the signal has turned
    cost    5 basis points a side (slippage; FINSABER's figure)

Returns are per unit of the full proposal, so an entry at half of it earns and risks half.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from agents.llm import LanguageModel
from domain.decisions import MonitorReport
from domain.money import ZERO
from domain.signals import CandidateKind, TradeCandidate
from evals.quality.episode import WARM_UP, Episode, known_on, seen
from evals.stage.desk import asker_of, decided
from evals.stage.world import CYCLE
from tools.environment import Environment
from trading.portfolio.sizing import SizingRule
from trading.strategies.registry import STRATEGY_NAMES
from trading.strategies.screen import screen

COST = 0.0005
EVERY = 2
"""Closes from one look to the next; indicators of every close would take most of the suite's time."""
CALM = MonitorReport("normal", "none", (), "code")
SIZING = SizingRule(risk_pct=Decimal("0.3"))
Share = Callable[[Environment, TradeCandidate], Decimal]
"""How much of a proposal is taken: 0 to 1."""


class Day(NamedTuple):
    """What is known at the close of bar ``place``: a proposal, if any, and whether the signal has turned."""

    place: int
    env: Environment
    proposal: TradeCandidate | None
    turned: bool


class Trade(NamedTuple):
    """A round trip by days; ``share`` of the proposal, ``gain`` of its price net of cost."""

    entered: int
    left: int
    share: float
    gain: float


@dataclass(frozen=True, slots=True)
class EpisodeResult:
    """What an episode came to. ``asked`` are the days with a proposal and the share of it that was taken."""

    trades: tuple[Trade, ...]
    asked: tuple[tuple[Day, Decimal], ...]

    @property
    def gain(self) -> float:
        """The sum of all gains."""
        return sum(trade.share * trade.gain for trade in self.trades)


def days_of(episode: Episode) -> tuple[Day, ...]:
    """Every day from the end of the warm-up on; the last two have nothing to trade on any more."""
    return tuple(day_of(episode, place) for place in range(WARM_UP, len(episode.bars) - 2, EVERY))


def day_of(episode: Episode, place: int) -> Day:
    """One of them."""
    env = known_on(episode, place)
    (signal,) = env.signals.values()
    found = screen(
        cycle_id=CYCLE,
        signals=(signal,),
        alerts=(),
        book=env.book,
        market=env.market,
        sizing=SIZING,
        enabled=STRATEGY_NAMES,
    )
    entry = next((each for each in found if each.kind is CandidateKind.ENTRY), None)
    return Day(place, env, entry, signal.direction <= 0)


def all_of_it(_env: Environment, _candidate: TradeCandidate) -> Decimal:
    """The strategies alone."""
    return Decimal(1)


def by_roles(model: LanguageModel) -> Share:
    """What advisor, inspector and decider leave."""

    def share(env: Environment, candidate: TradeCandidate) -> Decimal:
        return decided(asker_of(model), seen(env), CALM, candidate).qty / candidate.qty

    return share


def trade(episode: Episode, days: Sequence[Day], share: Share) -> EpisodeResult:
    """Trade an episode; a new position is only opened when the last one is closed."""
    made: list[Trade] = []
    asked: list[tuple[Day, Decimal]] = []
    for day in days:
        if day.proposal is None or (made and day.place < made[-1].left):
            continue
        taken = share(day.env, day.proposal)
        asked.append((day, taken))
        if taken > ZERO:
            made.append(_round_trip(episode, days, day.place, day.proposal, float(taken)))
    return EpisodeResult(tuple(made), tuple(asked))


def _round_trip(episode: Episode, days: Sequence[Day], place: int, proposal: TradeCandidate, share: float) -> Trade:
    turned = {day.place for day in days if day.turned}
    first = place + 1
    paid = float(episode.bars[first].open)
    for now in range(first, len(episode.bars)):
        bar = episode.bars[now]
        if now > first and now - 1 in turned:
            return _closed(first, now, share, paid, float(bar.open))
        # Of a bar that touches both nobody knows what came first: it counts as stopped, the worse of the two.
        if proposal.stop_loss is not None and bar.low <= proposal.stop_loss:
            # A day that opens beyond the stop sells at its opening.
            return _closed(first, now, share, paid, float(min(bar.open, proposal.stop_loss)))
        if proposal.take_profit is not None and bar.high >= proposal.take_profit:
            return _closed(first, now, share, paid, float(max(bar.open, proposal.take_profit)))
    return _closed(first, len(episode.bars) - 1, share, paid, float(episode.bars[-1].close))


def _closed(first: int, day: int, share: float, paid: float, got: float) -> Trade:
    return Trade(first, day, share, got / paid - 1 - 2 * COST)


def held(episode: Episode) -> float:
    """Buy at the first opening after the warm-up, hold to the end."""
    return float(episode.bars[-1].close) / float(episode.bars[WARM_UP + 1].open) - 1 - 2 * COST


def at_random(episode: Episode, like: EpisodeResult, *, seed: int, rounds: int = 50) -> float:
    """The mean of random entries with the same number, lengths and shares as another's."""
    chance, total = random.Random(f"{seed} {episode.symbol}"), 0.0
    for _ in range(rounds):
        for each in like.trades:
            length = max(1, each.left - each.entered)
            first = chance.randrange(WARM_UP + 1, max(WARM_UP + 2, len(episode.bars) - length))
            last = min(first + length, len(episode.bars) - 1)
            total += each.share * (float(episode.bars[last].open) / float(episode.bars[first].open) - 1 - 2 * COST)
    return total / rounds
