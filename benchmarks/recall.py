"""Recall of similar trades: filtered by symbol, and over all, with a moment that hides what closed later.

One memory of trades lies in one Chroma folder, and every way asks the same questions of it:

    Sage, search          the table in memory: what `TradeMemory` finds the neighbours with
    Sage, recall          the whole answer: situation embedded, neighbours, weights, lessons and provenance; records
                          that were read before
    Sage, first recall    the same for records that nobody has asked for yet: fetched from Chroma and checked
    numpy, all rows       every row compared in single precision, the filter as a mask: the plain way
    Chroma `where`        Chroma's own query with the filter in its metadata

Every answer of ours is held against an independent count over all rows. The last table says how well neighbours
foretell an outcome that depends on the figures, embedded as figures and embedded as hashed words of a text.
"""

from __future__ import annotations

import hashlib
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from harness.report import Report, Row, arguments
from numpy.typing import NDArray

from domain.market import Symbol
from domain.orders import Side
from domain.record.entries import ClosedTrade
from domain.signals import Regime
from memory.chroma_index import open_folder
from memory.embedding import EMBEDDING, NORMAL, embed
from memory.neighbours import microseconds
from memory.recall import TradeRecord
from memory.situation import Situation
from memory.trades import TradeMemory

REACH_MS = 1.0
LIMIT = 20
FIRST = datetime(2020, 1, 2, 15, tzinfo=UTC)
STRATEGIES = ("momentum", "mean_reversion", "news_event")


class Question(NamedTuple):
    """What is asked: a situation, a symbol or None, and the moment."""

    situation: Situation
    symbol: Symbol | None
    as_of: datetime


def a_situation(random: np.random.Generator, symbol: Symbol) -> Situation:
    """Figures drawn around their references, as far as they usually spread."""
    features = {
        name: Decimal(repr(round(usual.median + usual.mad / NORMAL * float(random.standard_normal()), 4)))
        for name, usual in EMBEDDING.references.items()
    }
    side, regime = list(Side)[int(random.integers(2))], list(Regime)[int(random.integers(len(Regime)))]
    return Situation(symbol, STRATEGIES[int(random.integers(3))], side, regime, features)


def records(count: int, symbols: int, random: np.random.Generator) -> list[TradeRecord]:
    """Trades of many symbols, one an hour, in no order of symbols."""
    made = []
    for number in range(count):
        symbol = Symbol(f"S{int(random.integers(symbols)):04}")
        closed, pnl = FIRST + timedelta(hours=number), str(round(float(random.normal()) * 50, 2))
        trade = ClosedTrade(
            f"trade-{number:07}", symbol, "momentum", "buy", "10", "200", "205", pnl, closed - timedelta(days=2),
            closed, f"dec-{number:07}", "target",
        )  # fmt: skip
        made.append(TradeRecord(trade, a_situation(random, symbol), f"cyc-{number:07}"))
    return made


def questions(
    made: Sequence[TradeRecord], count: int, random: np.random.Generator, *, filtered: bool
) -> list[Question]:
    """Situations of their own, at moments in the later half."""
    asked = []
    for _ in range(count):
        record = made[int(random.integers(len(made) // 2, len(made)))]
        symbol = record.situation.symbol if filtered else None
        asked.append(Question(a_situation(random, record.situation.symbol), symbol, record.trade.closed_at))
    return asked


class Rows(NamedTuple):
    """All rows as the plain way and the count over all rows see them."""

    ids: NDArray[np.str_]
    symbols: NDArray[np.str_]
    closed: NDArray[np.int64]
    vectors: NDArray[np.float32]


def rows_of(made: Sequence[TradeRecord]) -> Rows:
    """Made from the records, not from the memory under test."""
    return Rows(
        np.array([each.trade.trade_id for each in made]),
        np.array([each.situation.symbol for each in made]),
        np.array([microseconds(each.trade.closed_at) for each in made]),
        np.array([embed(each.situation) for each in made], dtype=np.float32),
    )


def plain(rows: Rows, asked: Question) -> list[str]:
    """Every row compared in single precision, then the filter."""
    own = np.asarray(embed(asked.situation), dtype=np.float32)
    away = np.square(rows.vectors - own).sum(axis=1)
    hidden = rows.closed > microseconds(asked.as_of)
    if asked.symbol is not None:
        hidden |= rows.symbols != asked.symbol
    away[hidden] = np.inf
    near = np.argpartition(away, LIMIT)[:LIMIT]
    near = near[np.argsort(away[near], kind="stable")]
    return [str(name) for name, distance in zip(rows.ids[near], away[near], strict=True) if np.isfinite(distance)]


def counted(rows: Rows, asked: Question) -> list[str]:
    """The same in double precision by sorting everything that qualifies, ties by id: what must come out."""
    own = np.asarray(embed(asked.situation), dtype=np.float32).astype(np.float64)
    held = rows.closed <= microseconds(asked.as_of)
    if asked.symbol is not None:
        held &= rows.symbols == asked.symbol
    away = np.sqrt(np.square(rows.vectors[held].astype(np.float64) - own).sum(axis=1))
    return [name for _, name in sorted(zip(away.tolist(), rows.ids[held].tolist(), strict=True))[:LIMIT]]


def by_chroma(collection: Any, asked: Question) -> list[str]:
    """Chroma's own query, filtered by its metadata."""
    seen: dict[str, Any] = {"closed": {"$lte": microseconds(asked.as_of)}}
    where = seen if asked.symbol is None else {"$and": [{"symbol": asked.symbol}, seen]}
    found = collection.query(
        query_embeddings=[list(embed(asked.situation))], n_results=LIMIT, where=where, include=["distances"]
    )
    names: list[str] = found["ids"][0]
    return names


def timed(
    name: str, way: Callable[[Question], list[str]], asked: Sequence[Question], right: Sequence[list[str]]
) -> Row:
    """Median and tail of one way, and how much of the right answer it brought."""
    took, hits, wanted = [], 0, 0
    for question, answer in zip(asked, right, strict=True):
        start = time.perf_counter_ns()
        found = way(question)
        took.append((time.perf_counter_ns() - start) / 1e6)
        hits, wanted = hits + len(set(found) & set(answer)), wanted + len(answer)
        if name.startswith("Sage"):
            assert found == answer, f"{name} is not exact"
    tail = quantiles(took, n=20)[-1] if len(took) > 1 else took[0]
    return {
        "way": name, "p50 ms": median(took), "p95 ms": tail, "asked": len(took), f"recall@{LIMIT}": hits / wanted,
    }  # fmt: skip


def compared(memory: TradeMemory, collection: Any, rows: Rows, asked: Sequence[Question]) -> list[Row]:
    """All ways on the same questions."""
    right = [counted(rows, question) for question in asked]
    table = memory.table()

    def search(question: Question) -> list[str]:
        found = table.nearest(
            embed(question.situation), until=microseconds(question.as_of), symbol=question.symbol, limit=LIMIT
        )
        return [each.id for each in found]

    def recall(question: Question) -> list[str]:
        found = memory.recall(question.situation, as_of=question.as_of, symbol=question.symbol, limit=LIMIT)
        assert not found.missing, found.missing
        assert all(each.provenance.known_since <= question.as_of for each in found.nearest)
        return [each.provenance.trade_id for each in found.nearest]

    few = slice(0, max(2, len(asked) // 10))
    return [
        timed("Sage, search", search, asked, right),
        timed("Sage, first recall", recall, asked, right),
        timed("Sage, recall", recall, asked, right),
        timed("numpy, all rows", lambda question: plain(rows, question), asked, right),
        timed("Chroma `where`", lambda question: by_chroma(collection, question), asked[few], right[few]),
    ]


def foretold(count: int, random: np.random.Generator) -> list[Row]:
    """Correlation of an outcome with the mean outcome of the 15 nearest others, by what was embedded."""
    situations = [a_situation(random, Symbol("AAPL")) for _ in range(count)]
    figures = np.array([embed(each) for each in situations])
    z = figures[:, : len(EMBEDDING.references)]
    sides = np.array([1 if each.side is Side.BUY else -1 for each in situations])
    outcome = sides * (np.tanh(z[:, 0]) + z[:, 6] * z[:, 4] * 0.5) + 0.5 * random.standard_normal(count)
    texts = np.array([hashed_text(each) for each in situations])
    kinds = (("robust z-scores and one-hots", figures), ("hashed words of the text", texts))
    return [
        {"embedding": name, "trades": count, "correlation": neighbours_foretell(vectors, outcome)}
        for name, vectors in kinds
    ]


def hashed_text(situation: Situation, width: int = 256) -> NDArray[np.float64]:
    """The situation written out, its words hashed into places."""
    said = [f"{name} is {value}" for name, value in situation.features.items()]
    text = " ".join([situation.side, situation.regime, situation.strategy, *said])
    made = np.zeros(width)
    for word in text.split():
        made[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]) % width] += 1
    unit: NDArray[np.float64] = made / np.linalg.norm(made)
    return unit


def neighbours_foretell(vectors: NDArray[np.float64], outcome: NDArray[np.float64], nearest: int = 15) -> float:
    """How well the mean outcome of a trade's neighbours goes with its own."""
    squares = np.square(vectors).sum(axis=1)
    away = squares[:, None] - 2 * vectors @ vectors.T + squares[None, :]
    np.fill_diagonal(away, np.inf)
    near = np.argpartition(away, nearest, axis=1)[:, :nearest]
    return float(np.corrcoef(outcome[near].mean(axis=1), outcome)[0, 1])


def measure(given: Namespace, report: Report, folder: Path) -> None:
    """Fill one memory, open it afresh, and ask."""
    random = np.random.default_rng(given.seed)
    made = records(given.trades, given.symbols, random)
    memory = TradeMemory(folder)
    start = time.perf_counter()
    memory.remember_all(made)
    filled = time.perf_counter() - start
    memory.close()
    start = time.perf_counter()
    memory.table()
    opened = time.perf_counter() - start
    rows = rows_of(made)
    shape = {"trades": given.trades, "symbols": given.symbols, "numbers each": EMBEDDING.width}
    report.add("One memory in Chroma", [{**shape, "filled s": filled, "opened afresh s": opened}])
    memory.close()
    with_folder = open_folder(folder)
    collection = with_folder.get_collection(f"trades-{EMBEDDING.version}")
    try:
        for title, filtered in (("Recall filtered by symbol", True), ("Recall over all symbols", False)):
            asked = questions(made, given.queries, random, filtered=filtered)
            report.add(title, compared(memory, collection, rows, asked))
    finally:
        memory.close()


def main() -> None:
    """Measure, print, write."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--trades", type=int, default=100_000)
    parser.add_argument("--symbols", type=int, default=500)
    parser.add_argument("--queries", type=int, default=400)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    report = Report("recall")
    with TemporaryDirectory() as folder:
        measure(given, report, Path(folder) / "memory")
    report.add("What neighbours foretell", foretold(min(5_000, given.trades), np.random.default_rng(given.seed)))
    report.note(
        f"Every answer of Sage's was the right one, in the right order. To reach filtered: p50 <= {REACH_MS} ms."
    )
    report.write(given.json)


if __name__ == "__main__":
    main()
