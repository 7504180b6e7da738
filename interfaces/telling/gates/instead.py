"""What would have passed instead of what was refused: one sentence at the end of an explanation.

    Up to 12 shares at 13.64 USD would have passed then; order notional (C1) stops the next one.
    No size would have passed then: spread (E7) stands at any size.

It is found by asking the gates again of the recorded case (``whynot.refused_then``), and nothing is made up where none
passes or the case cannot be made again. It is added as the record is told to people, not stored, not shown to models.
"""

from __future__ import annotations

from dataclasses import replace

from domain.decisions import Phase
from domain.money import ZERO
from interfaces.runtime import Runtime
from interfaces.telling.explaining import decisions_for, explain
from interfaces.telling.gates.gate_words import named_gate
from interfaces.telling.gates.whynot import refused_then
from interfaces.views.cycles import ExplainView
from interfaces.views.gates import Basis, WhyNotView
from interfaces.views.plain import amount, quantity

NOT_TOLD = "What would have passed then cannot be told: the recorded case can no longer be made again."


def explained(runtime: Runtime, name: str, phase: Phase | None) -> ExplainView:
    """``explain``, and of each refusal what would have passed, once: with what became of it where that is told."""
    view = explain(runtime, name, phase)
    # The last one of a decision wins: what became of it stands behind why it was decided.
    last = {each.decision_id: place for place, each in enumerate(view.explanations)}
    told = list(view.explanations)
    for decision_id, place in last.items():
        found = next(iter(decisions_for(runtime, decision_id)), None)
        refused = None if found is None else refused_then(runtime, found)
        if refused is not None:
            told[place] = replace(told[place], statements=(*told[place].statements, instead(refused)))
    return replace(view, explanations=tuple(told))


def instead(view: WhyNotView) -> str:
    """The sentence."""
    if view.basis is not Basis.RECORD or view.nearest_qty is None:
        return NOT_TOLD
    if view.nearest_qty == ZERO:
        standing = view.at_any_size or tuple(filter(None, (view.stopped_by,)))
        names = " and ".join(map(named_gate, standing)) or "a gate"
        return f"No size would have passed then: {names} {'stands' if len(standing) < 2 else 'stand'} at any size."
    price = None if view.order is None else view.order.limit_price
    asked = price if view.nearest_price is None else view.nearest_price
    at = "" if asked is None or view.order is None else f" at {amount(asked)} {view.order.currency}"
    shares = f"{quantity(view.nearest_qty)} {'share' if view.nearest_qty == 1 else 'shares'}"
    yes = " with a person's yes" if view.needs_approval else ""
    more = "" if view.stopped_by is None else f"; {named_gate(view.stopped_by)} stops the next one"
    return f"Up to {shares}{at} would have passed then{yes}{more}."
