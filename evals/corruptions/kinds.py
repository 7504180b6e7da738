"""The 24 kinds of corruption, each applied to one true explanation with chance of its own."""

from __future__ import annotations

import random

from evals.corruptions.figures import FIGURE_KINDS, figures_of, with_figure
from evals.corruptions.telling import TrueExplanation
from evals.corruptions.words import WORD_KINDS, Shown

KINDS = (*FIGURE_KINDS, *WORD_KINDS)


def corrupted(kind: str, told: TrueExplanation, chance: random.Random) -> Shown | None:
    """The sentences with one thing wrong; None where there is nothing of that kind to get wrong."""
    true = told.shown()
    made = WORD_KINDS[kind](chance, told) if kind in WORD_KINDS else _figure(kind, told, chance)
    return None if made is None or made == true else made


def _figure(kind: str, told: TrueExplanation, chance: random.Random) -> Shown | None:
    spots = figures_of(told)
    chance.shuffle(spots)
    for row, ref in spots:
        shown = FIGURE_KINDS[kind](chance, told, ref)
        if shown is not None and shown != told.show(f"{{{ref}}}"):
            sentence = with_figure(told, row, ref, shown)
            return tuple(sentence if number == row else each for number, each in enumerate(told.shown()))
    return None
