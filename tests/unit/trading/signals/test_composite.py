"""Quant and text in one view."""

from datetime import timedelta

import pytest

from domain.case import SymbolView
from domain.market import EventKind
from domain.signals import Regime
from tests.builders.signals import NOW, a_halt, a_quant, a_quote, a_text, a_view, an_event_due, d
from trading.signals.composite import composite

SPLIT = an_event_due(10, EventKind.SPLIT)
SECRET = an_event_due(10, announced_at=NOW + timedelta(hours=1))


def joined(quant="0.5", text="0", view=None, regime=Regime.TREND_UP, **texts):
    return composite(
        a_quant(score=quant, regime=regime), a_text(score=text, **texts), a_view() if view is None else view, as_of=NOW
    )


@pytest.mark.parametrize(
    ("quant", "text", "score", "direction"),
    [
        pytest.param("0.5", "0", "0.5", 1, id="no_opinion_in_texts"),
        pytest.param("0.5", "0.5", "0.5", 1, id="agreement"),
        pytest.param("0.4", "-0.4", "0.12", 0, id="conflict_has_no_direction"),
        pytest.param("-0.6", "-0.2", "-0.46", -1, id="both_down"),
        pytest.param("0.15", "0", "0.15", 1, id="direction_at_limit"),
        pytest.param("0.1499", "0", "0.1499", 0, id="direction_below_limit"),
    ],
)
def test_score_and_direction(quant, text, score, direction):
    found = joined(quant, text)
    assert (found.score, found.direction) == (d(score), direction)


@pytest.mark.parametrize(
    ("changes", "flags", "confidence"),
    [
        pytest.param({}, (), "0.7", id="clear"),
        pytest.param({"regime": Regime.VOLATILE}, ("volatile",), "0.6", id="volatile"),
        pytest.param({"regime": Regime.UNKNOWN}, ("warming_up",), "0", id="warming_up"),
        pytest.param({"view": a_view(quote=None)}, ("no_quote",), "0", id="no_quote"),
        pytest.param({"view": SymbolView()}, ("no_quote",), "0", id="nothing_known"),
        pytest.param({"view": a_view(status=a_halt())}, ("halted",), "0", id="halted"),
        pytest.param({"view": a_view(status=None)}, (), "0.7", id="status_unknown"),
        pytest.param({"view": a_view(quote=a_quote("99.75", "100.25"))}, ("wide_spread",), "0.6", id="spread_at_limit"),
        pytest.param({"view": a_view(quote=a_quote("99.76", "100.24"))}, (), "0.7", id="spread_below_limit"),
        pytest.param({"view": a_view(quote=a_quote("0", "0"))}, ("no_quote",), "0", id="empty_quote"),
        pytest.param({"view": a_view(quote=a_quote("101", "100"))}, ("no_quote",), "0", id="crossed_quote"),
        pytest.param({"view": a_view(quote=a_quote("NaN", "100"))}, ("no_quote",), "0", id="nan_quote"),
        pytest.param({"view": a_view(events=(an_event_due(48),))}, ("earnings_soon",), "0.6", id="earnings_at_limit"),
        pytest.param({"view": a_view(events=(an_event_due(48.1),))}, (), "0.7", id="earnings_later"),
        pytest.param({"view": a_view(events=(an_event_due(-1),))}, (), "0.7", id="earnings_past"),
        pytest.param({"view": a_view(events=(SECRET,))}, (), "0.7", id="earnings_not_announced"),
        pytest.param({"view": a_view(events=(SPLIT,))}, (), "0.7", id="no_earnings"),
        pytest.param({"quant": "0.5", "text": "-0.2"}, ("conflict",), "0.35", id="conflict_at_limit"),
        pytest.param({"quant": "0.5", "text": "-0.19"}, (), "0.56", id="conflict_below_limit"),
        pytest.param({"suspicious": 3}, ("suspicious_text",), "0.7", id="suspicious_text_informs_only"),
    ],
)
def test_flags_and_confidence(changes, flags, confidence):
    found = joined(**changes)
    assert (found.risk_flags, found.confidence) == (flags, d(confidence))
