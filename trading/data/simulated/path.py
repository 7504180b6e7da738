"""The price path of one company: whole numbers only, so that it is the same on every machine and Python.

A session has steps of 15 minutes (26, or 14 before an early close). The price is kept in millionths of a dollar and
moves by parts per billion: the way to the level of its stretch, its share of the market's move, noise (the sum of four
uniform 16-bit numbers, close to normal) and the push of the news. News heard between sessions moves the opening by
two fifths and the eight steps after it by the rest; news heard inside a session moves the eight steps after it. No
step of a halt trades; what would have moved the price meanwhile moves its reopening.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import NamedTuple

from domain.context.news import Strength
from domain.market import Session
from domain.signals import Regime
from trading.data.simulated.universe import Company, Stretch

STEP = timedelta(minutes=15)
HEARD = timedelta(minutes=5)
"""Every feed has shown a story this long after it was told; no price moves on it before."""
MICROS_A_CENT = 10_000
BILLION = 10**9
PPB_A_BP = 100_000

_SPREAD_OF_NOISE = 37_837  # standard deviation of the sum of four uniform 16-bit numbers
_NEWS_STEPS = 8
_VOLUME_BOOST = {Strength.LOW: 15, Strength.MEDIUM: 60, Strength.HIGH: 150}
_PULL = {Regime.RANGE: 10, Regime.VOLATILE: 20}


class Step(NamedTuple):
    """One traded step (or a whole session): prices in cents, volume in shares, ``spare`` random bits for the quote."""

    open: int
    high: int
    low: int
    close: int
    volume: int
    spare: int


class SessionPath(NamedTuple):
    """One session: its steps, None where trading was halted, all of them as one, and the last price in millionths."""

    session: Session
    steps: tuple[Step | None, ...]
    whole: Step | None
    last: int


class Push(NamedTuple):
    """What news does to one session, in parts per billion: to the opening, to each step; and volume in per cent."""

    gap: int
    steps: list[int]
    volume: list[int]


class PriceStory(NamedTuple):
    """The part of a story that the price hears."""

    at: datetime
    impact: int
    strength: Strength


def step_count(session: Session) -> int:
    """Steps of a session."""
    return (session.closes_at - session.opens_at) // STEP


def market_moves(seed: int, session: Session, release: int | None) -> tuple[int, ...]:
    """The whole market's move in each step, first the one over night; ``release`` is the step of a macro release."""
    rng = Random(f"{seed}/market/{session.day}")
    moves = [_noise(rng.getrandbits(64), 20 * PPB_A_BP)]
    moves += [_noise(rng.getrandbits(64), 9 * PPB_A_BP) for _ in range(step_count(session))]
    if release is not None:
        moves[min(release, len(moves) - 1)] += _noise(rng.getrandbits(64), 50 * PPB_A_BP)
    return tuple(moves)


def push_of(told: Sequence[PriceStory], previous: Session | None, session: Session) -> Push:
    """What the stories heard since the last step of the session before do to this one."""
    count = step_count(session)
    push = Push(0, [0] * count, [100] * count)
    since = previous.closes_at - STEP if previous is not None else session.opens_at - timedelta(days=1)
    gap = 0
    for story in told:
        heard, ppb = story.at + HEARD, story.impact * PPB_A_BP
        if not since < heard <= session.closes_at - STEP:
            continue
        overnight = heard <= session.opens_at
        # Rounded up: floor division of the negative distance gives the first step that begins after the news was heard.
        first = 0 if overnight else -((session.opens_at - heard) // STEP)
        gap += ppb * 2 // 5 if overnight else 0
        touched = range(first, min(first + _NEWS_STEPS, count))
        for place in touched:
            # Spread over the steps that are left: what is told late moves the price as far, only faster.
            push.steps[place] += (ppb * 3 // 5 if overnight else ppb) // len(touched)
            push.volume[place] += _VOLUME_BOOST[story.strength]
    return push._replace(gap=gap)


def walk(
    company: Company, seed: int, session: Session, start: int, *, stretch: Stretch, sessions_left: int,
    market: tuple[int, ...], push: Push, halted: frozenset[int],
) -> SessionPath:  # fmt: skip
    """One session from the last price ``start`` (after any split or dividend) on."""
    rng = Random(f"{seed}/{company.symbol}/{session.day}")
    count = step_count(session)
    way = (stretch.level * MICROS_A_CENT - start) * BILLION // start // _pace(stretch, sessions_left)
    swing = stretch.swing * PPB_A_BP
    busy = company.volume * stretch.volume * (80 + rng.randrange(41)) // 10_000
    night = way // 4 + _noise(rng.getrandbits(64), swing * 35 // 100) + push.gap + market[0] * company.beta // 100
    price = start + start * night // BILLION
    drift, sway = way * 3 // 4 // count, swing * 19 // 100
    steps: list[Step | None] = []
    for place in range(count):
        # One draw a step, also in a halt and cut up by shifts: 0-63 the noise, 64-95 the wicks, 96-111 the volume, the
        # rest for the quote. A later step never depends on what an earlier one used.
        bits = rng.getrandbits(128)
        before = price
        moved = drift + _noise(bits, sway) + push.steps[place] + market[place + 1] * company.beta // 100
        price += price * moved // BILLION
        volume = busy * _hour_of_day(place, count) * push.volume[place] * (68 + (bits >> 96 & 63)) // count // 1_000_000
        lots = volume // company.lot * company.lot
        steps.append(None if place in halted else _step(before, price, sway, bits, lots))
    return SessionPath(session, tuple(steps), over_steps(steps), price)


def walk_of_market(session: Session, start: int, market: tuple[int, ...]) -> SessionPath:
    """One session of the index: the market's own moves, with no swing, news or volume beside them."""
    price = start + start * market[0] // BILLION
    steps: list[Step | None] = []
    for moved in market[1:]:
        # Without sway and bits the index has no wicks and no spare bits: nothing about it is drawn beside its moves.
        before, price = price, price + price * moved // BILLION
        steps.append(_step(before, price, 0, 0, 0))
    return SessionPath(session, tuple(steps), over_steps(steps), price)


def lowest_by(path: SessionPath, at: datetime) -> int | None:
    """The lowest price in cents of the steps that had ended by then; None where none had traded."""
    ended = (at - path.session.opens_at) // STEP
    return min((step.low for step in path.steps[: max(0, ended)] if step is not None), default=None)


def _pace(stretch: Stretch, sessions_left: int) -> int:
    """Over how many sessions the way to the level is spread: at least three; a steady pull where there is no trend."""
    return max(3, min(sessions_left, _PULL.get(stretch.regime, sessions_left)))


def _step(before: int, after: int, sway: int, bits: int, volume: int) -> Step:
    """Prices in whole cents; the wicks reach up to half a typical move beyond open and close."""
    top, bottom = (after, before) if after > before else (before, after)
    top += before * (sway * (bits >> 64 & 0xFFFF) >> 17) // BILLION
    bottom -= before * (sway * (bits >> 80 & 0xFFFF) >> 17) // BILLION
    cent = MICROS_A_CENT
    return Step(before // cent, top // cent, bottom // cent, after // cent, volume, bits >> 112)


def _noise(bits: int, spread: int) -> int:
    """A number around 0 with standard deviation ``spread``, from 64 random bits."""
    # 131,070 is the mean of the sum: four times half of 65,535.
    total = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48 & 0xFFFF) - 131_070
    return total * spread // _SPREAD_OF_NOISE


def _hour_of_day(place: int, count: int) -> int:
    """Per cent of the usual volume: busy after the opening and before the close, calm at noon."""
    return 65 + 105 * (2 * place - count + 1) ** 2 // count**2


def stretch_at(company: Company, day: date) -> Stretch:
    """The stretch that holds on ``day``; the last one from its end on."""
    return next((stretch for stretch in company.stretches if day <= stretch.last_day), company.stretches[-1])


def over_steps(steps: Sequence[Step | None]) -> Step | None:
    """Several steps as one, exactly: first open, highest high, lowest low, last close, all volume."""
    traded = [each for each in steps if each is not None]
    if not traded:
        return None
    opens, highs, lows, closes, volumes, spares = zip(*traded, strict=True)
    return Step(opens[0], max(highs), min(lows), closes[-1], sum(volumes), spares[-1])
