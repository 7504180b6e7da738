"""All gates, in the order in which their verdicts are listed. The order changes no outcome.

To add one: write its file beside its family (rule in words with a worked number, a frozen dataclass of limits,
``check``), name it in the group's ``__init__``, its limits in ``policies/limits.py``, a breach in
``policies/breaches/`` and a table test.
"""

from __future__ import annotations

from collections.abc import Mapping

from policies.gate import Gate
from policies.gates import broker, control, exposure, loss, market, model, rate, validity

GATES: tuple[Gate, ...] = (
    *control.GATES,
    *validity.GATES,
    *exposure.GATES,
    *broker.GATES,
    *market.GATES,
    *rate.GATES,
    *loss.GATES,
    *model.GATES,
)

BY_ID: Mapping[str, Gate] = {gate.id: gate for gate in GATES}
