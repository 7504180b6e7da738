"""The search is exact: the same trades in the same order as comparing each of them, whatever is asked."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.neighbours import Neighbour, Neighbours, distances, microseconds

SYMBOLS, REGIMES = ("AAPL", "MSFT", "BRK.B"), ("trend_up", "range")
WIDTH = 3
WHOLE = st.integers(-3, 3)  # few places, so that equal distances and equal times are common


class Trade(NamedTuple):
    symbol: str
    regime: str
    closed: int
    vector: tuple[int, ...]


trades = st.lists(
    st.builds(
        Trade,
        symbol=st.sampled_from(SYMBOLS),
        regime=st.sampled_from(REGIMES),
        closed=st.integers(0, 6),
        vector=st.tuples(*[WHOLE] * WIDTH),
    ),
    max_size=40,
)


def a_table(rows: list[Trade], first: int = 0) -> Neighbours:
    ids = [f"t{number:03}" for number in range(first, first + len(rows))]
    vectors = np.array([row.vector for row in rows], dtype=np.float32).reshape(len(rows), WIDTH)
    return Neighbours(
        ids, [row.symbol for row in rows], [row.regime for row in rows], [row.closed for row in rows], vectors
    )


def by_comparing_all(rows, vector, until, symbol, regime, limit):
    """Every trade that qualifies, sorted; the oracle shares nothing with the search."""
    qualified = [
        (sum((a - b) ** 2 for a, b in zip(row.vector, vector, strict=True)) ** 0.5, f"t{number:03}")
        for number, row in enumerate(rows)
        if row.closed <= until and symbol in (None, row.symbol) and regime in (None, row.regime)
    ]
    return [(name, distance) for distance, name in sorted(qualified)[:limit]]


asked = st.tuples(
    st.tuples(*[WHOLE] * WIDTH),
    st.integers(-1, 7),
    st.sampled_from([None, *SYMBOLS, "NONE"]),
    st.sampled_from([None, *REGIMES]),
    st.integers(0, 12),
)


@settings(max_examples=50)
@given(trades, trades, st.lists(asked, min_size=1, max_size=4))
def test_the_search_finds_what_comparing_all_finds(rows, more, questions):
    table = a_table(rows).extended(a_table(more, len(rows)))
    for vector, until, symbol, regime, limit in questions:
        found = table.nearest(vector, until=until, symbol=symbol, regime=regime, limit=limit)
        expected = by_comparing_all([*rows, *more], vector, until, symbol, regime, limit)
        assert [(each.id, each.distance) for each in found] == expected
        assert [table.ids[each.row] for each in found] == [each.id for each in found]


@pytest.fixture(scope="module")
def many():
    """More rows than are compared in double precision at once, in knots of near and equal neighbours."""
    random = np.random.default_rng(7)
    rows, width = 6_000, 42
    knots = random.normal(size=(40, width))
    spread = knots[random.integers(0, 40, rows)] + random.choice([0, 1e-4, 1e-6], (rows, 1)) * random.normal(
        size=(rows, width)
    )
    symbols = [SYMBOLS[index] for index in random.integers(0, 3, rows)]
    regimes = [REGIMES[index] for index in random.integers(0, 2, rows)]
    closed = random.integers(0, 1_000, rows).tolist()
    ids = [f"t{number:05}" for number in random.permutation(rows)]
    return Neighbours(ids, symbols, regimes, closed, np.clip(spread, -3, 3).astype(np.float32))


@settings(max_examples=30)
@given(st.integers(0, 5_999), st.integers(0, 1_000), st.sampled_from([None, *SYMBOLS]), st.integers(1, 60))
def test_a_first_look_in_single_precision_loses_no_neighbour(many, row, until, symbol, limit):
    vector = many.vectors[row].tolist()
    held = [
        index for index in range(len(many.ids)) if many.closed[index] <= until and symbol in (None, many.symbols[index])
    ]
    away = distances(many.vectors[held], vector)
    expected = sorted((float(distance), many.ids[index]) for index, distance in zip(held, away, strict=True))[:limit]
    found = many.nearest(vector, until=until, symbol=symbol, limit=limit)
    assert [(each.distance, each.id) for each in found] == expected


def test_names_of_nothing_are_not_collected():
    table = a_table([Trade("AAPL", "range", 1, (0, 0, 0))])
    for number in range(100):
        assert table.nearest((0, 0, 0), until=9, symbol=f"X{number}", limit=3) == ()
    assert table.nearest((0, 0, 0), until=9, symbol="AAPL", limit=3) == (Neighbour(0, "t000", 0.0),)
    assert len(table._parts) == 1


@pytest.mark.parametrize(
    ("until", "symbol", "row"),
    [(5, "AAPL", 2), (4, "AAPL", 0), (0, "AAPL", None), (5, "MSFT", 1), (5, None, 2)],
    ids=["newest", "by_then", "none_yet", "of_the_symbol", "of_any"],
)
def test_the_newest_of_a_symbol(until, symbol, row):
    made = [Trade("AAPL", "range", 1, (0, 0, 0)), Trade("MSFT", "range", 3, (0, 0, 0))]
    table = a_table([*made, Trade("AAPL", "range", 5, (0, 0, 0))])
    assert table.newest(until=until, symbol=symbol) == row


def test_a_time_is_whole_microseconds():
    noon = datetime(2026, 3, 17, 16, tzinfo=UTC)
    assert microseconds(noon + timedelta(microseconds=1)) - microseconds(noon) == 1
    assert microseconds(datetime(1970, 1, 2, tzinfo=UTC)) == 86_400_000_000
