"""Paper venues as ``sage.toml`` sets them: their rules, what of a table belongs to no model chosen, and what they cost.

    slippage = "volatility"      the model, by its name in ``trading.execution.brokers.paper.costs``
    impact_factor = 0.5          a figure of that model; one of another model is refused, because nobody would read it

Part of the composition root, as ``brokers.py`` is.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from domain.money import ZERO
from domain.orders import Side
from interfaces.lazy import rooms_on_first_use

with rooms_on_first_use():
    import composition.sources as sources
    import trading.execution.brokers.paper.broker as paper
    import trading.execution.brokers.paper.costs as costs
    import trading.execution.brokers.paper.fill_model as fill_model
    import trading.execution.brokers.several.route as routing

if TYPE_CHECKING:
    from domain.ids import BrokerName
    from domain.ports import Market
    from settings.brokers import BrokerSettings
    from settings.variables import Settings

FIGURES = {
    "slippage": {
        "linear": ("slippage_bp", "impact_bp"),
        "fixed": ("slippage_bp",),
        "volume_share": ("price_impact",),
        "volatility": ("impact_factor", "sigma"),
    },
    "commission": {
        "per_share": ("commission_per_share", "commission_minimum"),
        "per_trade": ("commission_per_trade",),
        "per_notional": ("commission_bp", "commission_minimum"),
    },
    "fees": {"none": (), "us_sales": (), "own": ("fee_per_million", "fee_per_share")},
    "allow_short": {"false": (), "true": ("max_short_qty",)},
}
"""By the key that chooses a model, then by model: the figures that it reads."""
USUAL = {"slippage": "linear", "commission": "per_share", "fees": "none", "allow_short": "false"}


def unread(terms: BrokerSettings) -> dict[str, str]:
    """Figures of a paper venue that the models chosen do not read, and the choice that each belongs to."""
    found = dict[str, str]()
    for key, models in FIGURES.items():
        figures = dict.fromkeys(name for names in models.values() for name in names)
        for name in figures:
            if name not in models[chosen(terms, key)] and getattr(terms, name) is not None:
                # As a file says it: words in quotes, true without.
                readers = (f'"{model}"' if key != "allow_short" else model for model in models if name in models[model])
                found[name] = f"{key} = {' or '.join(readers)}"
    return found


def chosen(terms: BrokerSettings, key: str) -> str:
    """The model that a table names by this key, or that of the shipped venue."""
    named = getattr(terms, key)
    return USUAL[key] if named is None else str(named).lower()


def account_of(settings: Settings, named: BrokerName, terms: BrokerSettings, prices: Market) -> paper.PaperSettings:
    """The paper account and its venue."""
    usual = paper.PaperSettings()
    return paper.PaperSettings(
        account_id=named.name,
        label=named.label,
        starting_cash=terms.start_cash or settings.start_cash,
        timeframe=sources.timeframe_of(settings, prices),
        rules=rules_of(terms),
        seed=usual.seed if terms.seed is None else terms.seed,
        latency=usual.latency if terms.latency_s is None else timedelta(microseconds=int(terms.latency_s * 1_000_000)),
        next_bar=bool(terms.next_bar),
        reject_probability=known(terms.reject_share, usual.reject_probability),
        extended_hours=bool(terms.extended_hours),
        allow_short=bool(terms.allow_short),
        max_short_qty=terms.max_short_qty,
    )


def rules_of(terms: BrokerSettings) -> fill_model.FillRules:
    """What a paper venue charges; what is not set is as in every other."""
    usual = fill_model.FillRules()
    return fill_model.FillRules(
        commission_per_share=known(terms.commission_per_share, usual.commission_per_share),
        commission_minimum=known(terms.commission_minimum, usual.commission_minimum),
        slippage_bp=known(terms.slippage_bp, usual.slippage_bp),
        impact_bp=known(terms.impact_bp, usual.impact_bp),
        participation=known(terms.participation, usual.participation),
        slippage=costs.Slippage(chosen(terms, "slippage")),
        price_impact=known(terms.price_impact, usual.price_impact),
        impact_factor=known(terms.impact_factor, usual.impact_factor),
        sigma=known(terms.sigma, usual.sigma),
        half_spread_bp=known(terms.half_spread_bp, usual.half_spread_bp),
        commission=costs.Commission(chosen(terms, "commission")),
        commission_per_trade=known(terms.commission_per_trade, usual.commission_per_trade),
        commission_bp=known(terms.commission_bp, usual.commission_bp),
        fees=fees_of(terms),
    )


def fees_of(terms: BrokerSettings) -> tuple[costs.FeeRate, ...]:
    """The fees of regulators that a venue charges."""
    match chosen(terms, "fees"):
        case "us_sales":
            return costs.US_SALES_2024
        case "own":
            by_value, by_share = known(terms.fee_per_million, ZERO), known(terms.fee_per_share, ZERO)
            return (
                costs.FeeRate("own rates", Side.SELL, "sage.toml", date.min, per_million=by_value, per_share=by_share),
            )
        case _:
            return ()


def expected(rules: fill_model.FillRules) -> routing.Terms:
    """What routing reckons with. Impact is left out: nobody knows the size that will stand against the order."""
    flat = rules.slippage_bp if rules.slippage in (costs.Slippage.LINEAR, costs.Slippage.FIXED) else ZERO
    cost_bp = flat + rules.half_spread_bp
    match rules.commission:
        case costs.Commission.PER_TRADE:
            return routing.Terms(commission_minimum=rules.commission_per_trade, cost_bp=cost_bp)
        case costs.Commission.PER_NOTIONAL:
            least = rules.commission_minimum
            return routing.Terms(commission_bp=rules.commission_bp, commission_minimum=least, cost_bp=cost_bp)
        case _:
            return routing.Terms(rules.commission_per_share, rules.commission_minimum, cost_bp=cost_bp)


def known(figure: Decimal | None, otherwise: Decimal) -> Decimal:
    """A figure that was set, else another."""
    return otherwise if figure is None else figure
