"""How far beyond the touch an order may pay: by the policy, else by one figure for all."""

from decimal import Decimal

import pytest

from policies.measures.slippage import SLIPPAGE, slippage_of


@pytest.mark.parametrize(
    ("limits", "share"),
    [
        pytest.param({}, SLIPPAGE, id="none_is_set"),
        pytest.param({"market_slippage_pct": Decimal("0.5")}, Decimal("0.005"), id="half_a_percent"),
        pytest.param({"market_slippage_pct": 0}, Decimal(0), id="nothing_is_a_figure_too"),
    ],
)
def test_the_policy_says_how_far(limits, share):
    assert slippage_of(limits) == share
