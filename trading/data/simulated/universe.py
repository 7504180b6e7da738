"""The companies of the simulated market, all invented, and what is scripted for them.

A *stretch* is one regime of a price: until ``last_day`` the price makes its way to ``level`` (cents a share, in shares
of that time) while it swings by about ``swing`` basis points a session. Trends walk there; ranges and volatile
stretches are pulled toward it.

A *story* is one piece of news: who hears what and when, and by how many basis points (``impact``) the price moves over
the bars that follow it. Noise and hostile texts are stories with an impact of zero, so they cannot tell the future.
The days of ``SCRIPTED`` have no stories but the ones below: around 2026-03-17 every seed shows the same scene.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple

from domain.context.news import Strength, Topic
from domain.market import Symbol
from domain.signals import Regime

FIRST_DAY = date(2025, 1, 2)
LAST_DAY = date(2026, 10, 30)
SCRIPTED = (date(2026, 3, 12), date(2026, 3, 17))
"""First and last day without random stories."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One regime; ``volume`` in per cent of the company's usual volume."""

    last_day: date
    regime: Regime
    level: int
    swing: int
    volume: int = 100


@dataclass(frozen=True, slots=True)
class Story:
    """One piece of news. ``text`` names its template in texts.toml, ``copies`` how many other sources repeat it.

    ``social`` marks a post. ``impact`` in basis points; the price starts to move after ``at``, never before.
    """

    symbol: Symbol
    at: datetime
    text: str
    topic: Topic = Topic.OTHER
    sign: int = 0
    strength: Strength = Strength.LOW
    impact: int = 0
    copies: int = 0
    social: bool = False


@dataclass(frozen=True, slots=True)
class Halt:
    """Trading stopped for ``steps`` steps of 15 minutes from ``at`` on."""

    at: datetime
    steps: int
    reason: str


@dataclass(frozen=True, slots=True)
class Split:
    """``ratio`` new shares for an old one, from the opening of ``day`` on; announced three weeks before."""

    day: date
    ratio: int


@dataclass(frozen=True, slots=True)
class Company:
    """One listed company. ``start``, ``dividend`` in cents, ``volume`` in shares a session, ``beta`` in per cent.

    ``reports`` is the first report day; the others follow every 13 weeks. ``dividend`` is paid four times a year.
    """

    symbol: Symbol
    name: str
    sector: str
    product: str
    start: int
    spread: int
    volume: int
    beta: int
    reports: date
    stretches: tuple[Stretch, ...]
    lot: int = 1
    dividend: int = 0
    fractionable: bool = True
    splits: tuple[Split, ...] = ()
    halts: tuple[Halt, ...] = ()
    stories: tuple[Story, ...] = ()


class Listing(NamedTuple):
    """What stands beside a share: first day, size in millions, what a lender asks for in per cent, and its borrow."""

    listed_on: date
    market_cap: int
    margin: int
    easy_to_borrow: bool = True


def _at(text: str) -> datetime:
    # The script is written in UTC; the opening on 2026-03-17 is at 13:30.
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _stretches(*rows: tuple[str, Regime, int, int] | tuple[str, Regime, int, int, int]) -> tuple[Stretch, ...]:
    return tuple(Stretch(date.fromisoformat(row[0]), *row[1:]) for row in rows)


UP, DOWN, RANGE, VOLATILE = Regime.TREND_UP, Regime.TREND_DOWN, Regime.RANGE, Regime.VOLATILE
_CALDO, _DRAVE, _GLIMR, _HEXAR = Symbol("CALDO"), Symbol("DRAVE"), Symbol("GLIMR"), Symbol("HEXAR")
_KORVA, _MARLO, _NIMBO, _OSTRE = Symbol("KORVA"), Symbol("MARLO"), Symbol("NIMBO"), Symbol("OSTRE")
_PELMA, _TARQU, _VERDA, _ZEPHY = Symbol("PELMA"), Symbol("TARQU"), Symbol("VERDA"), Symbol("ZEPHY")

# Prices are cents, written with the dot where people put it: 52_10 is 52.10.
CALDO = Company(
    _CALDO, "Calderstone Foods", "Consumer Staples", "packaged grains", 52_10, 4, 2_400_000, 40, date(2025, 2, 11),
    _stretches(
        ("2025-06-30", RANGE, 53_00, 55),
        ("2025-10-31", UP, 56_20, 60),
        ("2026-01-30", DOWN, 54_40, 60),
        ("2026-06-30", RANGE, 54_60, 48),
        ("2026-10-30", RANGE, 53_80, 60),
    ),
    dividend=38,
    stories=(
        Story(_CALDO, _at("2026-03-16T13:20:00"), "caldo_dividend"),
        Story(_CALDO, _at("2026-03-17T13:58:00"), "hostile_hidden"),
    ),
)  # fmt: skip

DRAVE = Company(
    _DRAVE, "Dravenport Airways", "Industrials", "regional flights", 28_40, 7, 5_800_000, 140, date(2025, 1, 23),
    _stretches(
        ("2025-04-30", DOWN, 23_10, 190),
        ("2025-08-29", UP, 29_30, 170),
        ("2025-12-31", RANGE, 27_60, 160),
        ("2026-04-10", DOWN, 20_90, 150),
        ("2026-07-31", RANGE, 21_60, 170),
        ("2026-10-30", UP, 26_20, 170),
    ),
    stories=(Story(_DRAVE, _at("2026-03-16T14:05:00"), "drave_fuel", Topic.SUPPLY, -1, Strength.MEDIUM, -80),),
)  # fmt: skip

GLIMR = Company(
    _GLIMR, "Glimmer Ridge Mining", "Materials", "copper concentrate", 11_30, 52, 140_000, 110, date(2025, 2, 20),
    _stretches(
        ("2025-07-31", RANGE, 11_00, 230),
        ("2026-01-23", RANGE, 11_60, 210),
        ("2026-03-11", UP, 13_50, 105),
        ("2026-04-30", UP, 14_60, 80),
        ("2026-10-30", VOLATILE, 13_90, 300),
    ),
    lot=10, fractionable=False,
    stories=(Story(_GLIMR, _at("2026-03-16T18:10:00"), "glimr_shipment", Topic.SUPPLY, 1, Strength.LOW, 50),),
)  # fmt: skip

HEXAR = Company(
    _HEXAR, "Hexarion Semiconductors", "Technology", "power chips", 612_00, 5, 1_900_000, 150, date(2025, 1, 30),
    _stretches(
        ("2025-05-30", RANGE, 604_00, 210),
        ("2025-09-12", UP, 820_00, 180),
        ("2025-11-28", VOLATILE, 214_00, 300, 130),
        ("2026-04-30", RANGE, 209_00, 170),
        ("2026-08-31", UP, 246_00, 180),
        ("2026-10-30", DOWN, 221_00, 210),
    ),
    splits=(Split(date(2025, 9, 15), 4),),
    stories=(Story(_HEXAR, _at("2026-03-17T13:10:00"), "hexar_panel", Topic.OPINION),),
)  # fmt: skip

KORVA = Company(
    _KORVA, "Korvale Robotics", "Industrials", "sorting robots", 54_20, 6, 3_100_000, 115, date(2025, 1, 28),
    _stretches(
        ("2025-05-30", DOWN, 47_00, 150),
        ("2025-09-30", UP, 58_00, 140),
        ("2026-01-09", RANGE, 57_20, 120),
        ("2026-04-17", UP, 64_60, 85),
        ("2026-07-31", RANGE, 65_00, 130),
        ("2026-10-30", DOWN, 58_50, 160),
    ),
    stories=(
        Story(_KORVA, _at("2026-03-17T11:45:00"), "korva_order", Topic.PRODUCT, 1, Strength.LOW, 45),
        Story(_KORVA, _at("2026-03-17T14:32:00"), "hostile_notice"),
    ),
)  # fmt: skip

MARLO = Company(
    _MARLO, "Marlowe Basin Insurance", "Financials", "crop insurance", 114_00, 4, 1_600_000, 60, date(2025, 2, 6),
    _stretches(
        ("2025-07-31", RANGE, 116_00, 80),
        ("2025-11-28", UP, 124_00, 75),
        ("2026-07-31", RANGE, 122_50, 65),
        ("2026-10-30", DOWN, 115_00, 90),
    ),
    dividend=71,
)  # fmt: skip

NIMBO = Company(
    _NIMBO, "Nimbus Harbor Software", "Technology", "records software", 98_40, 5, 4_200_000, 120, date(2025, 2, 4),
    _stretches(
        ("2025-04-30", RANGE, 101_00, 120),
        ("2025-08-29", UP, 124_00, 125),
        ("2025-11-28", DOWN, 112_00, 160),
        ("2026-01-16", RANGE, 114_00, 115),
        ("2026-04-10", UP, 131_00, 95),
        ("2026-06-30", VOLATILE, 128_00, 230),
        ("2026-08-31", DOWN, 116_00, 150),
        ("2026-10-30", UP, 127_00, 120),
    ),
    stories=(
        Story(_NIMBO, _at("2026-03-17T12:20:00"), "nimbo_hospitals", Topic.PRODUCT, 1, Strength.LOW, 40),
        Story(_NIMBO, _at("2026-03-17T14:10:00"), "nimbo_post", Topic.OPINION, 1, social=True),
    ),
)  # fmt: skip

OSTRE = Company(
    _OSTRE, "Ostrel Retail Group", "Consumer Discretionary", "home goods", 41_00, 6, 2_700_000, 90, date(2025, 2, 18),
    _stretches(
        ("2025-06-30", RANGE, 40_20, 140),
        ("2025-10-31", DOWN, 36_90, 140),
        ("2025-12-31", UP, 40_60, 130),
        ("2026-03-09", RANGE, 40_40, 100),
        ("2026-03-16", DOWN, 36_60, 40),
        ("2026-06-30", RANGE, 40_00, 120),
        ("2026-10-30", RANGE, 41_20, 130),
    ),
    stories=(Story(_OSTRE, _at("2026-03-16T15:30:00"), "ostre_meeting", Topic.OTHER),),
)  # fmt: skip

PELMA = Company(
    _PELMA, "Pelmara Biologics", "Health Care", "infusion therapies", 71_00, 6, 2_200_000, 85, date(2025, 1, 14),
    _stretches(
        ("2025-05-30", VOLATILE, 74_00, 240),
        ("2025-09-30", UP, 86_00, 150),
        ("2026-03-11", RANGE, 84_50, 120),
        ("2026-03-16", UP, 84_00, 90, 210),
        ("2026-05-29", UP, 99_00, 140, 160),
        ("2026-10-30", VOLATILE, 95_00, 240),
    ),
    halts=(Halt(_at("2025-07-22T15:00:00"), 3, "news pending"),),
    stories=(
        Story(_PELMA, _at("2026-03-17T11:05:00"), "pelma_guidance", Topic.GUIDANCE, 1, Strength.HIGH, 380, copies=1),
        Story(_PELMA, _at("2026-03-17T13:50:00"), "pelma_rating", Topic.RATING, 1, Strength.MEDIUM, 60),
        Story(_PELMA, _at("2026-03-17T14:20:00"), "pelma_post", Topic.GUIDANCE, 1, Strength.MEDIUM, social=True),
    ),
)  # fmt: skip

TARQU = Company(
    _TARQU, "Tarquent Payments", "Financials", "card processing", 182_00, 5, 1_500_000, 95, date(2025, 3, 18),
    _stretches(
        ("2025-06-30", UP, 204_00, 130),
        ("2025-10-31", VOLATILE, 198_00, 210),
        ("2026-01-23", RANGE, 196_00, 110),
        ("2026-04-07", UP, 220_00, 70),
        ("2026-07-31", DOWN, 191_00, 170),
        ("2026-10-30", RANGE, 193_00, 140),
    ),
    stories=(
        Story(_TARQU, _at("2026-03-16T20:40:00"), "tarqu_chain", Topic.PRODUCT, 1, Strength.MEDIUM, 50),
        Story(_TARQU, _at("2026-03-17T11:20:00"), "tarqu_preview", Topic.RATING, 1, Strength.MEDIUM, 40),
    ),
)  # fmt: skip

VERDA = Company(
    _VERDA, "Verdalis Grid Power", "Utilities", "grid storage", 23_70, 8, 1_800_000, 45, date(2025, 2, 25),
    _stretches(
        ("2025-08-29", UP, 25_90, 85),
        ("2026-01-30", RANGE, 25_40, 75),
        ("2026-06-30", RANGE, 25_70, 45),
        ("2026-10-30", UP, 27_30, 85),
    ),
    dividend=21,
)  # fmt: skip

ZEPHY = Company(
    _ZEPHY, "Zephyrine Games", "Communication Services", "online games", 31_00, 12, 7_400_000, 135, date(2025, 2, 13),
    _stretches(
        ("2025-06-30", VOLATILE, 29_00, 320),
        ("2025-12-31", VOLATILE, 37_00, 340),
        ("2026-06-12", VOLATILE, 33_50, 300),
        ("2026-10-30", VOLATILE, 18_20, 320),
    ),
    splits=(Split(date(2026, 6, 15), 2),),
    halts=(
        Halt(_at("2025-10-08T14:30:00"), 2, "volatility pause"),
        Halt(_at("2026-02-11T15:00:00"), 4, "news pending"),
    ),
    stories=(Story(_ZEPHY, _at("2026-03-17T14:41:00"), "hostile_pump", social=True),),
)  # fmt: skip

INDEX = Company(
    Symbol("INDEX"), "All of the simulated market", "", "", 1_000_00, 1, 0, 100, LAST_DAY, stretches=(),
)  # fmt: skip
"""What every company's price has in common, as an index of its own. It can be looked at and not traded."""

LISTINGS: Mapping[Symbol, Listing] = {
    _CALDO: Listing(date(1987, 5, 14), 4_900, 25),
    _DRAVE: Listing(date(2009, 9, 22), 2_100, 30),
    _GLIMR: Listing(date(2016, 3, 8), 480, 50, easy_to_borrow=False),
    _HEXAR: Listing(date(1999, 11, 2), 61_000, 25),
    _KORVA: Listing(date(2014, 6, 17), 7_800, 25),
    _MARLO: Listing(date(1993, 10, 5), 13_200, 25),
    _NIMBO: Listing(date(2017, 4, 26), 18_500, 25),
    _OSTRE: Listing(date(2004, 2, 11), 3_600, 30),
    _PELMA: Listing(date(2019, 7, 18), 5_400, 35),
    _TARQU: Listing(date(2011, 12, 7), 27_000, 25),
    _VERDA: Listing(date(2001, 1, 23), 3_300, 25),
    _ZEPHY: Listing(date(2021, 3, 11), 2_900, 40, easy_to_borrow=False),
}
"""Of every company."""

COMPANIES = (CALDO, DRAVE, GLIMR, HEXAR, KORVA, MARLO, NIMBO, OSTRE, PELMA, TARQU, VERDA, ZEPHY)
"""All companies, by symbol."""
