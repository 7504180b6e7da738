"""``sage reproduce`` on a screen."""

from __future__ import annotations

from rich.console import RenderableType

from domain.verdicts import Outcome
from interfaces.cli.rendering.cells import heading, lines, screen, section, short, table, words
from interfaces.telling.gates.gate_words import meaning
from interfaces.telling.gates.refusing import ANSWERED
from interfaces.views.plain import quantity
from interfaces.views.reproduction import FateRow, ReproductionView


def screen_of(view: ReproductionView) -> RenderableType:
    """Equal or where it parts, and with a what-if what each decision was and would be."""
    title = heading(f"Cycle {short(view.cycle_id, 40)}", "equal" if view.ok else "NOT EQUAL")
    if view.ok:
        told = lines(words(f"The same in every byte: {', '.join(view.compared)}."), words(f"digest {view.digest}"))
    else:
        digests = f"recorded {view.digest[:16]}, again {view.digest_again[:16]}"
        told = lines(words(f"First difference: {view.difference}"), words(digests))
    if not view.asked:
        return screen(title, told)
    made = table("symbol", "was", "would be", "because")
    for row in view.changes:
        told_now = _fate(row.would_be) if row.changed else "the same"
        made.add_row(words(row.symbol), words(_fate(row.was)), words(told_now), words(_why(row.would_be, row.changed)))
    asked = section(f"With {', '.join(view.asked)}", made)
    return screen(title, told, asked, lines(*map(words, view.notes)))


def _fate(row: FateRow) -> str:
    judged = ANSWERED[Outcome(row.outcome)] if row.outcome in set(Outcome) else row.outcome
    return f"{row.action} {quantity(row.qty)}, {judged}{f' {quantity(row.goes)}' if row.goes else ''}"


def _why(row: FateRow, changed: bool) -> str:
    return "; ".join(map(meaning, row.codes)) or "no code" if changed else ""
