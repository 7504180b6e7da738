"""The table of a paper venue: every model can be chosen by name, what nobody reads is refused, and the usual stays."""

from datetime import timedelta
from decimal import Decimal
from typing import get_args

import pytest

import composition.brokers as brokers
import composition.venues as venues
from domain.errors import ConfigurationError
from interfaces.telling.checkup import doctor
from settings.brokers import BrokerSettings
from settings.reading import load_settings
from tests.builders.runtime import a_runtime, settings_in, the_market
from trading.execution.brokers.paper.costs import US_SALES_2024, Commission, Slippage
from trading.execution.brokers.paper.fill_model import FillRules
from trading.execution.brokers.paper.settings import PaperSettings
from trading.execution.brokers.paper.told import described

A_YEAR = {
    "slippage": "volatility", "impact_factor": 0.8, "half_spread_bp": 2, "participation": 0.05, "sigma": 0.03,
    "commission": "per_notional", "commission_bp": 3, "commission_minimum": 2, "fees": "own", "fee_per_million": 20.6,
    "fee_per_share": 0.000195, "latency_s": 1.5, "next_bar": True, "reject_share": 0.02, "seed": 11,
    "extended_hours": True, "allow_short": True, "max_short_qty": 500, "start_cash": 5000,
}  # fmt: skip


def account_of(home, terms, broker="paper"):
    settings = settings_in(home, broker=broker, broker_terms=terms)
    brokers.check_terms(settings)
    (named, *_) = settings.brokers
    return venues.account_of(settings, named, brokers.terms_of(settings, named), the_market())


def test_without_a_table_a_venue_is_the_shipped_one(tmp_path):
    shipped = PaperSettings(timeframe=account_of(tmp_path, {}).timeframe)
    assert account_of(tmp_path, {}) == account_of(tmp_path, {"paper": {"symbols": "GLIMR"}}) == shipped


def test_every_key_reaches_the_venue_that_it_belongs_to(tmp_path):
    venue = account_of(tmp_path, {"a": A_YEAR}, broker="paper:a,paper:b")
    assert (venue.label, venue.seed, venue.latency) == ("a", 11, timedelta(seconds=1.5))
    assert (venue.next_bar, venue.extended_hours, venue.allow_short) == (True, True, True)
    assert (venue.reject_probability, venue.max_short_qty, venue.starting_cash) == (
        Decimal("0.02"),
        Decimal(500),
        Decimal(5000),
    )
    rules = venue.rules
    assert (rules.slippage, rules.impact_factor, rules.sigma) == (Slippage.VOLATILITY, Decimal("0.8"), Decimal("0.03"))
    assert (rules.half_spread_bp, rules.participation) == (Decimal(2), Decimal("0.05"))
    assert (rules.commission, rules.commission_bp) == (Commission.PER_NOTIONAL, Decimal(3))
    assert rules.commission_minimum == Decimal(2)
    (fee,) = rules.fees
    assert (fee.per_million, fee.per_share) == (Decimal("20.6"), Decimal("0.000195"))


@pytest.mark.parametrize(
    ("terms", "changed"),
    [
        ({"slippage": "linear", "slippage_bp": 3, "impact_bp": 0},
         {"slippage_bp": Decimal(3), "impact_bp": Decimal(0)}),
        ({"slippage": "fixed", "slippage_bp": 4}, {"slippage": Slippage.FIXED, "slippage_bp": Decimal(4)}),
        ({"slippage": "volume_share", "price_impact": 1},
         {"slippage": Slippage.VOLUME_SHARE, "price_impact": Decimal(1)}),
        ({"commission": "per_trade", "commission_per_trade": 2},
         {"commission": Commission.PER_TRADE, "commission_per_trade": Decimal(2)}),
        ({"fees": "us_sales"}, {"fees": US_SALES_2024}),
        ({"fees": "none"}, {}),
    ],
)  # fmt: skip
def test_models_by_their_names(tmp_path, terms, changed):
    assert account_of(tmp_path, {"paper": terms}).rules == FillRules(**changed)


def test_the_models_of_the_settings_are_all_that_the_venue_has():
    """A model that is added to the venue and not to the settings could be chosen by nobody."""
    for key, models in (("slippage", Slippage), ("commission", Commission)):
        (choices, _none) = get_args(BrokerSettings.model_fields[key].annotation)
        assert set(get_args(choices)) == set(models) == venues.FIGURES[key].keys()
    own = {name for models in venues.FIGURES.values() for names in models.values() for name in names}
    assert own <= BrokerSettings.model_fields.keys()


@pytest.mark.parametrize(
    ("broker", "terms", "told"),
    [
        pytest.param("paper", {"price_impact": 1}, 'sets price_impact, which nothing reads without slippage = "volume_',
                     id="of_another_model"),
        pytest.param("paper", {"slippage": "volatility", "slippage_bp": 0},
                     'sets slippage_bp, which nothing reads without slippage = "linear" or "fixed"', id="nought_too"),
        pytest.param("paper", {"fee_per_share": 1}, 'without fees = "own"', id="fees_of_nobody"),
        pytest.param("paper", {"max_short_qty": 1}, "without allow_short = true", id="nothing_is_lent"),
        pytest.param("alpaca", {"reject_share": 0}, "is alpaca, which has no reject_share", id="at_alpaca"),
        pytest.param("alpaca", {"next_bar": False}, "is alpaca, which has no next_bar", id="at_alpaca_false"),
    ],
)  # fmt: skip
def test_what_no_venue_reads_is_refused(tmp_path, broker, terms, told):
    with pytest.raises(ConfigurationError) as refused:
        brokers.check_terms(settings_in(tmp_path, broker=broker, broker_terms={broker: terms}))
    assert told in refused.value.what


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("slippage", "planted"), ("participation", 0), ("participation", 1.1), ("reject_share", -0.1), ("seed", -1),
        ("reject_share", 2), ("slippage_bp", 1001), ("half_spread_bp", "nan"), ("latency_s", 3601),
        ("latency_s", "inf"),
        ("max_short_qty", 0), ("commission_bp", -1), ("sigma", 2), ("allow_short", "perhaps"), ("seed", 1.5),
        ("slipage", "fixed"),
    ],
)  # fmt: skip
def test_absurd_values_and_unknown_keys_are_refused_in_one_line(tmp_path, name, value):
    with pytest.raises(ConfigurationError) as refused:
        load_settings(home=tmp_path, broker_terms={"paper": {name: value}})
    assert refused.value.what.startswith(f"setting SAGE_BROKERS.paper.{name}: ")
    assert "planted" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("terms", "cost"),
    [
        ({}, "1.50"),
        ({"commission": "per_trade", "commission_per_trade": 4}, "4.50"),
        ({"commission": "per_notional", "commission_bp": 10}, "5.50"),
        ({"commission": "per_notional", "commission_bp": 1}, "1.50"),
        ({"slippage": "volatility", "half_spread_bp": 3}, "2.50"),
    ],
)
def test_routing_reckons_with_what_the_venue_charges(tmp_path, terms, cost):
    """For 100 shares at 50: the minimum of 1.00, and 1 bp of 5,000."""
    settings = settings_in(tmp_path, broker_terms={"paper": terms})
    assert brokers.costs_of(settings, settings.brokers[0]).expected_cost(Decimal(100), Decimal(50)) == Decimal(cost)


def test_the_doctor_tells_what_each_venue_is_set_to(tmp_path):
    with a_runtime(tmp_path, broker="paper:a,paper:b", broker_terms={"a": A_YEAR}) as runtime:
        first, second = (row.detail for row in doctor(runtime).checks if row.name == "paper venue")
    assert first == (
        "paper:a: volatility slippage, factor 0.8, sigma 0.03 against a quote, half a spread of 2 bp on bars, 5 % of a "
        "bar's volume, commission 3 bp and at least 2, fees on sales of 20.6 a million and 0.000195 a share, orders "
        "travel 1.5 s and wait for the next bar, 2 % of orders rejected by seed 11, extended hours; shorts of 500 "
        "shares a symbol at most"
    )
    assert second == (
        "paper:b: linear slippage of 1 bp and 10 bp for all of the volume, 10 % of a bar's volume, commission 0.005 a "
        "share and at least 1.00; no shorts"
    )


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        (FillRules(slippage=Slippage.FIXED, commission=Commission.PER_TRADE),
         "fixed slippage of 1 bp, 10 % of a bar's volume, commission 1.00 an order; no shorts"),
        (FillRules(slippage=Slippage.VOLUME_SHARE, fees=US_SALES_2024, participation=Decimal(1)),
         ("volume share slippage, impact 0.1, 100 % of a bar's volume, commission 0.005 a share and at least 1.00, SEC "
          "and FINRA fees on sales in 2024 and 2025; no shorts")),
    ],
)  # fmt: skip
def test_models_in_words(rules, told):
    assert described(PaperSettings(rules=rules)) == told
