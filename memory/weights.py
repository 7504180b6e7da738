"""How much a remembered trade still counts: it fades with age, and counts less where its like has gone both ways.

    weight = 0.5 ^ (age / half-life) x agreement
    agreement = max(won, lost) / (won + lost), over the recalled trades of the same situation, itself included

Worked number: half-life 180 days; a trade that won 90 days ago and one that lost today, in the same situation:
agreement 1/2 for both, so 0.5 ^ 0.5 x 0.5 = 0.353553 and 1 x 0.5 = 0.5. Both stay in view. All of a situation lose
the same share, so its own win rate is what it was; only beside what has always gone one way does it weigh less.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

HALF_LIFE = timedelta(days=180)
SAME_SITUATION = 1.0
"""Situations at most this far apart are one: one figure moved by a sigma, or all of twenty by a fifth of one."""
_PLACES = 6


class Weight(NamedTuple):
    """What a trade counts, in (0, 1]; ``contradicted`` where its situation ended both in a profit and in a loss."""

    value: Decimal
    contradicted: bool


def weights(
    vectors: NDArray[np.float32], signs: Sequence[int], ages: Sequence[timedelta], half_life: timedelta = HALF_LIFE
) -> tuple[Weight, ...]:
    """One weight a row of ``vectors``; ``signs`` are 1 for won, -1 for lost, 0 for even."""
    if not len(signs):
        return ()
    together = _same(vectors)
    results = np.array(signs)
    won, lost = together @ (results > 0), together @ (results < 0)
    found = zip(won.tolist(), lost.tolist(), ages, strict=True)
    return tuple(weight_of(int(up), int(down), age, half_life) for up, down, age in found)


def weight_of(won: int, lost: int, age: timedelta, half_life: timedelta) -> Weight:
    """The weight of a trade of that age whose situation ended ``won`` times in a profit, ``lost`` times in a loss."""
    agreement = max(won, lost) / (won + lost) if won + lost else 1.0
    value = float(0.5 ** (age / half_life)) * agreement
    # However old, what is shown was counted: a weight of nothing would make a mean of nothing.
    return Weight(max(round(Decimal(repr(value)), _PLACES), Decimal(1).scaleb(-_PLACES)), bool(won and lost))


def _same(vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """1 where two rows are one situation, else 0; (rows, rows)."""
    # Few rows, all against all: the recalled trades, not the memory.
    exact = vectors.astype(np.float64)
    apart = np.square(exact[:, None, :] - exact[None, :, :]).sum(axis=2)
    together: NDArray[np.int64] = (apart <= SAME_SITUATION**2).astype(np.int64)
    return together
