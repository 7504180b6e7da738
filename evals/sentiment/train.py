"""Train the scorer of headlines on SEntFiN and tell how it does on the fifth of it that it never saw.

    python -m evals.sentiment.train ../shared/data/sentiment/sentfin.csv [--write]

Soft-max regression by full-batch Adam with L2, all from one seed, so that the same data give the same bytes. A headline
is held out by the CRC-32 of its words: what differs in case or in a number stays on one side. The settings were chosen
on every eighth of the headlines that are trained on (``--choose``), never on those held out.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.sentiment.sets import Labelled, held_out, sentfin
from trading.signals.headlines import LABELS, PLACES, Model, features, read, softmax

ROUNDS, RATE, DECAY = 120, 0.25, 1e-4
_TARGET = Path(__file__).parents[2] / "trading/signals/headlines.npz"
_Matrix = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]


def train(rows: list[Labelled], decay: float = DECAY, rounds: int = ROUNDS) -> Model:
    """The model of these headlines."""
    line, place, count = _matrix(rows)
    wanted = np.zeros((len(LABELS), len(rows)), dtype=np.float32)
    wanted[[LABELS.index(row.label) for row in rows], range(len(rows))] = 1
    weights = np.zeros((len(LABELS), PLACES + 1), dtype=np.float32)  # the last place is the bias
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, rounds + 1):
        scores = np.stack([np.bincount(line, own[place] * count, len(rows)) + own[-1] for own in weights])
        off = (softmax(scores.astype(np.float32)) - wanted) / len(rows)
        slope = np.stack([np.append(np.bincount(place, own[line] * count, PLACES), own.sum()) for own in off])
        slope[:, :-1] += decay * weights[:, :-1]
        first = (0.9 * first + 0.1 * slope).astype(np.float32)
        second = (0.99 * second + 0.01 * slope**2).astype(np.float32)
        rate = RATE * (1 - step / (rounds + 1))
        weights = weights - rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-6)
        weights = weights.astype(np.float32)
    return Model(weights[:, :-1], weights[:, -1])


def _matrix(rows: list[Labelled]) -> _Matrix:
    made = [features(row.headline, row.entity) for row in rows]
    line = np.repeat(np.arange(len(rows)), [len(places) for places, _ in made])
    return line, np.concatenate([places for places, _ in made]), np.concatenate([counts for _, counts in made])


def share_right(model: Model, rows: list[Labelled]) -> float:
    """Accuracy."""
    return sum(read(row.headline, row.entity, model).label == row.label for row in rows) / max(len(rows), 1)


def write(model: Model, path: Path) -> None:
    """A byte a weight."""
    # 127 is the largest of a signed byte: one step fits the largest weight of either sign.
    step = np.float32(np.abs(model.weights).max() / 127)
    rounded = np.rint(model.weights / step).astype(np.int8)
    np.savez_compressed(path, weights=rounded, step=step, bias=model.bias)


def main() -> None:
    """Train, tell, and write where asked."""
    parser = argparse.ArgumentParser(description="Train the scorer of headlines.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--write", action="store_true", help="write the weights that ship with the code")
    parser.add_argument("--choose", action="store_true", help="compare settings on a part of the training headlines")
    asked = parser.parse_args()
    rows = sentfin(asked.path)
    seen = [row for row in rows if not held_out(row)]
    if asked.choose:
        for decay in (3e-5, 1e-4, 2e-4, 4e-4):
            model = train([row for number, row in enumerate(seen) if number % 8], decay)
            print(f"decay {decay:g}: {share_right(model, [row for row in seen[::8] if row.single]):.4f}")
        return
    model = train(seen)
    for words, single in (("one name", True), ("several names", False)):
        part = [row for row in rows if held_out(row) and row.single is single]
        print(f"held out, {words}: {share_right(model, part):.4f} of {len(part)}")
    if asked.write:
        write(model, _TARGET)
        print(f"{_TARGET.stat().st_size:,} bytes in {_TARGET.name}")


if __name__ == "__main__":
    main()
