"""The JSON of the views: names that scripts and dashboards rely on."""

import pytest

from domain.record.canonical import plain
from tests.builders import views

CYCLE = {
    "cycle_id", "as_of", "mode", "model", "policy_digest", "evidence_count", "candidates", "advice", "inspections",
    "decisions", "verdicts", "orders", "fills", "explanations", "model_calls", "timings_ms", "degraded", "ledger_head",
}  # fmt: skip
STATUS = {
    "mode", "trading_state", "kill_switch", "paused", "policy_digest", "prompt_digest", "model", "degraded",
    "reconciled", "last_cycle", "dependencies",
}  # fmt: skip
ORDER = {
    "client_order_id", "decision_id", "parent_id", "symbol", "side", "qty", "filled_qty", "type", "limit_price",
    "status", "broker_status", "broker_id", "created_at", "updated_at", "reason",
}  # fmt: skip
POSITION = {"symbol", "qty", "avg_price", "market_price", "unrealized_pnl", "broker_qty", "as_of"}


@pytest.mark.parametrize(
    ("view", "path", "names"),
    [
        pytest.param(views.a_cycle_report(), (), CYCLE, id="cycle"),
        pytest.param(views.a_cycle_report(), ("decisions", 0), {"symbol", "action", "qty", "reasons"}, id="decision"),
        pytest.param(
            views.a_cycle_report(), ("verdicts", 0), {"gate", "code", "limit", "value", "margin"}, id="verdict"
        ),
        pytest.param(views.a_cycle_report(), ("orders", 0), ORDER, id="order_of_a_cycle"),
        pytest.param(
            views.a_cycle_report(), ("model_calls",), {"count", "tokens_in", "tokens_out", "cost_usd"}, id="model_calls"
        ),
        pytest.param(views.a_status(), (), STATUS, id="status"),
        pytest.param(views.a_status(), ("reconciled",), {"at", "ok", "differences"}, id="reconciled"),
        pytest.param(views.a_status(), ("dependencies", 0), {"name", "ok", "age_s"}, id="dependency"),
        pytest.param(views.some_orders(), ("orders", 0), ORDER, id="order"),
        pytest.param(views.some_positions(), ("positions", 0), POSITION, id="position"),
        pytest.param(views.some_limits(), (), {"profile", "digest", "loaded_at", "limits"}, id="limits"),
        pytest.param(views.a_risk(), ("risk", 0), {"gate", "limit", "value", "headroom_pct", "state"}, id="risk"),
        pytest.param(
            views.some_pending(),
            ("pending", 0),
            {"id", "decision_id", "order", "order_digest", "expires_at", "reasons"},
            id="pending",
        ),
    ],
)
def test_the_names_of_the_contract(view, path, names):
    document = plain(view)
    assert "as_of" in document
    for step in path:
        document = document[step]
    assert names <= set(document)


def test_figures_and_times_are_canonical():
    document = plain(views.some_positions())
    assert document["as_of"] == "2026-03-17T15:00:00Z"
    assert document["positions"][0]["avg_price"] == "187.25"
    assert document["positions"][2]["market_price"] is None
