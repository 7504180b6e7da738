"""For each gate of the catalogue one order that it must stop, made from a case that is good under the same policy.

A breach changes the one thing that its gate looks at. It is None where the policy leaves the gate nothing to stop, such
as lists without a name on them.
"""

from __future__ import annotations

from collections.abc import Mapping

from policies.breaches import broker, control, exposure, loss, market, model, rate, validity
from policies.breaches.case import Breach, good_case

__all__ = ["BREACHES", "good_case"]

BREACHES: Mapping[str, Breach] = {
    **control.BREACHES,
    **validity.BREACHES,
    **exposure.BREACHES,
    **broker.BREACHES,
    **market.BREACHES,
    **rate.BREACHES,
    **loss.BREACHES,
    **model.BREACHES,
}
