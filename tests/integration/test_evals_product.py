"""The product as suites open it: their model, their limits and their news, in a home of its own."""

from __future__ import annotations

from decimal import Decimal

from agents.models.rules_llm import RulesModel
from composition.opening import product_for_evals
from evals.suites.s3_cycles import Delivery
from tests.builders.market import NOON
from tests.builders.runtime import SCENE


def test_a_suite_plays_on_its_own_limits_and_news(tmp_path):
    news = Delivery()
    news.channel, news.texts = "headline", ("A plant is opened in Ghent.",) * 5
    with product_for_evals(tmp_path, RulesModel(), limits={"max_order_notional": 500}, news=news) as product:
        report = product.cycle(SCENE, NOON)
        assert product.deps.policy.limits["max_order_notional"] == Decimal(500)
    sent = [Decimal(order["qty"]) * Decimal(order["limit_price"]) for order in report["orders"]]
    assert sent
    assert max(sent) <= 500
    assert {row["texts"] for row in report["seen"]} == {1}
    assert report["model"] == "rules"
