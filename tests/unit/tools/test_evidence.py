"""What each read tool says, since when it could be known, and what it says when something is missing."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.context.news import Strength, Topic
from domain.errors import DataQualityError
from domain.evidence import Evidence
from domain.market import EventKind, Symbol
from domain.record.canonical import canonical_json
from memory.recall import Recall
from tests.builders.memory import a_similar_trade
from tests.builders.signals import (
    AAPL,
    NOW,
    a_book,
    a_halt,
    a_market,
    a_position,
    a_quote,
    a_reading,
    a_signal,
    a_view,
    an_event,
    an_event_due,
    d,
)
from tests.builders.tools import an_environment, readings_of, signals_of
from tools import events as ahead
from tools.catalogue import READ_TOOLS, gather_evidence
from tools.environment import Environment
from tools.events import NONE_ANNOUNCED as NONE
from tools.indicators import indicators
from tools.memory import memory
from tools.news import news
from tools.portfolio import portfolio, position
from tools.quotes import quotes
from tools.signals import signals

MSFT = Symbol("MSFT")
BAR_END = datetime(2026, 3, 17, tzinfo=UTC)


def under(family: str, names: str) -> list[str]:
    """Names of one family, all with its prefix."""
    return [f"{family}.{name}" for name in names.split(" ")]


AVERAGES = ["close", "sma20", "sma50", "ema12", "macd_hist", "high20", "low20", "atr14", "bb_pct", "vol20"]
BARS = [*AVERAGES, "rsi14", "adx14", "stoch14", "volume_ratio", "ret1", "ret5", "ret20", "regime"]
QUOTE = [*under("quote", "bid ask spread_pct age"), "halted"]
SIGNAL = under("signal", "score confidence direction flags") + under("text", "score articles posts suspicious")
BOOK = under("book", "cash equity gross_pct day_pnl_pct drawdown_pct positions")
POSITION = under("position", "qty avg_price pnl_pct stop")
OTHERS = [
    *under("event", "earnings_in action"),
    *under("room", "shares gate"),
    *under("memory", "trades win_rate mean_pnl_pct"),
]


def values(items: tuple[Evidence, ...]) -> dict:
    return {item.ref.partition("@")[0]: item.value for item in items}


def test_the_references_of_a_cycle_are_the_documented_ones():
    held = [*BARS, *QUOTE, *SIGNAL, *OTHERS, *POSITION, "news.1"]
    bare = [*BARS, *QUOTE, *SIGNAL, *OTHERS, "position.qty"]
    expected = [*BOOK, *(f"{name}@AAPL" for name in held), *(f"{name}@MSFT" for name in bare)]
    assert list(gather_evidence(an_environment(), [MSFT, AAPL, AAPL]).items) == sorted(expected)


def test_evidence_is_the_same_whatever_the_order_of_the_symbols():
    env = an_environment()
    assert gather_evidence(env, [AAPL, MSFT]).digest == gather_evidence(env, [MSFT, AAPL]).digest


def test_all_evidence_has_a_canonical_form_and_an_honest_time():
    for item in gather_evidence(an_environment(), [AAPL, MSFT]).items.values():
        assert canonical_json(item)
        assert item.observed_at <= item.available_at <= NOW


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"market": a_market({"AAPL": a_view(quote=a_quote(age_s=-1))})}, id="a_quote_from_the_future"),
        pytest.param(
            {
                "signals": signals_of(
                    replace(a_signal(), quant=replace(a_signal().quant, at=NOW + timedelta(seconds=1)))
                )
            },
            id="a_bar_that_has_not_ended",
        ),
    ],
)
def test_look_ahead_is_refused(changes):
    with pytest.raises(DataQualityError, match="look-ahead"):
        gather_evidence(an_environment(**changes), [AAPL])


def test_indicators_are_known_since_their_bar_ended():
    found = indicators(an_environment(), symbol=AAPL)
    assert {item.available_at for item in found} == {BAR_END}
    assert {item.source for item in found} == {"test"}
    assert (values(found)["rsi14"], values(found)["regime"]) == (60, "trend_up")
    assert [item.unit for item in found if item.ref == "rsi14@AAPL"] == ["points"]


def test_a_quote_is_known_since_its_time():
    found = quotes(an_environment(), symbol=AAPL)
    assert values(found) == {
        "quote.bid": d("99.99"),
        "quote.ask": d("100.01"),
        "quote.spread_pct": d("0.02"),
        "quote.age": 1,
        "halted": False,
    }
    assert found[0].available_at == NOW - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        pytest.param(a_view(quote=None, status=None), [None] * 5, id="nothing_known"),
        pytest.param(a_view(quote=a_quote("101", "100")), [None] * 4 + [False], id="crossed"),
        pytest.param(a_view(quote=a_quote("NaN", "100"), status=a_halt()), [None] * 4 + [True], id="nan_and_halted"),
    ],
)
def test_a_quote_that_cannot_be_used_is_unknown(view, expected):
    assert list(values(quotes(an_environment(market=a_market({"AAPL": view})), symbol=AAPL)).values()) == expected


def test_a_modelled_quote_says_so():
    view = a_view(quote=replace(a_quote(), modelled=True))
    assert quotes(an_environment(market=a_market({"AAPL": view})), symbol=AAPL)[0].source == "test (modelled)"


def test_the_signal_in_words_and_numbers():
    found = values(
        signals(an_environment(signals=signals_of(a_signal(score="-0.5", flags=("conflict", "volatile")))), symbol=AAPL)
    )
    assert (found["signal.direction"], found["signal.flags"]) == ("down", "conflict, volatile")
    assert (found["signal.score"], found["text.articles"]) == (d("-0.5"), 0)
    assert values(signals(an_environment(), symbol=AAPL))["signal.flags"] == "none"


@pytest.mark.parametrize("tool", [indicators, signals, memory], ids=lambda tool: tool.name)
def test_a_symbol_without_signal_has_figures_without_value(tool):
    assert set(values(tool(an_environment(), symbol=MSFT)).values()) == {None}


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        pytest.param(a_reading(an_event(1)), "earnings, good, high, fresh", id="fresh"),
        pytest.param(
            a_reading(an_event(-1, Strength.LOW, Topic.LEGAL), hours_old=7), "legal, bad, low, today", id="today"
        ),
        pytest.param(
            a_reading(an_event(0, Strength.MEDIUM), hours_old=30), "earnings, neutral, medium, older", id="older"
        ),
        pytest.param(
            a_reading(an_event(1, Strength.LOW, Topic.RATING), an_event(-1, Strength.HIGH, Topic.LEGAL)),
            "legal, bad, high, fresh",
            id="the_strongest_event",
        ),
        pytest.param(a_reading(an_event(1), suspicious=True), None, id="suspicious"),
        pytest.param(a_reading(), None, id="no_event"),
        pytest.param(a_reading(an_event(symbol="MSFT")), None, id="another_symbol"),
        pytest.param(a_reading(an_event(1), hours_old=-1), None, id="not_known_yet"),
        pytest.param(a_reading(an_event(1), hours_old=100), None, id="past_the_look_back"),
    ],
)
def test_news_in_closed_words(reading, told):
    assert values(news(an_environment(readings=readings_of(reading)), symbol=AAPL)).get("news.1") == told


def test_the_five_newest_readings_are_shown():
    readings = [a_reading(an_event(), digest=str(hours), hours_old=hours) for hours in (7, 1, 5, 3, 2, 6, 4)]
    found = [item for item in news(an_environment(readings=readings_of(*readings)), symbol=AAPL) if "news" in item.ref]
    assert [(NOW - item.available_at) // timedelta(hours=1) for item in found] == [1, 2, 3, 4, 5]


@given(item_id=st.text(), content=st.text(), model=st.text(), suspicious=st.booleans())
def test_no_free_text_gets_through(item_id, content, model, suspicious):
    reading = replace(
        a_reading(an_event(), suspicious=suspicious), item_id=item_id, content_digest=content, model=model
    )
    for item in news(an_environment(readings=readings_of(reading)), symbol=AAPL):
        assert re.fullmatch(r"[a-z, ]+|", str(item.value or ""))
        assert item.source in ("article", "post", "calendar")


@pytest.mark.parametrize(
    ("events", "hours", "action"),
    [
        pytest.param((), NONE, NONE, id="nothing_announced"),
        pytest.param((an_event_due(30), an_event_due(12)), 12, NONE, id="the_next_report"),
        pytest.param((an_event_due(5, EventKind.SPLIT),), NONE, "split", id="a_split"),
        pytest.param(
            (an_event_due(9, EventKind.SPLIT), an_event_due(5, EventKind.DIVIDEND)), NONE, "dividend", id="first"
        ),
        pytest.param((an_event_due(-1), an_event_due(-1, EventKind.SPLIT)), NONE, NONE, id="over"),
        pytest.param((an_event_due(5, announced_at=NOW + timedelta(hours=1)),), NONE, NONE, id="not_announced_yet"),
    ],
)
def test_scheduled_events(events, hours, action):
    env = an_environment(market=a_market({"AAPL": a_view(events=events)}))
    found = values(ahead.events(env, symbol=AAPL))
    assert (found["event.earnings_in"], found["event.action"]) == (hours, action)


@pytest.mark.parametrize(
    ("kinds", "events", "earnings", "action"),
    [
        pytest.param((), (), (None, "missing"), (None, "missing"), id="a_source_without_events"),
        pytest.param(
            (EventKind.SPLIT, EventKind.DIVIDEND), (), (None, "missing"), (NONE, "calendar"), id="actions_only"
        ),
        pytest.param((EventKind.EARNINGS,), (), (NONE, "calendar"), (None, "missing"), id="earnings_only"),
        pytest.param((EventKind.SPLIT,), (), (None, "missing"), (None, "missing"), id="splits_are_half_of_the_actions"),
        pytest.param((), (an_event_due(12),), (12, "test"), (None, "missing"), id="what_it_tells_counts"),
    ],
)
def test_silence_of_a_source_that_does_not_tell_is_unknown(kinds, events, earnings, action):
    view = a_view(event_kinds=frozenset(kinds), events=events)
    told = ahead.events(an_environment(market=a_market({"AAPL": view})), symbol=AAPL)
    found = {item.ref.partition("@")[0]: (item.value, item.source) for item in told}
    assert (found["event.earnings_in"], found["event.action"]) == (earnings, action)


def test_the_book():
    found = values(portfolio(an_environment()))
    assert found["book.cash"] == found["book.equity"] == 100_000
    assert (found["book.gross_pct"], found["book.positions"]) == (d("5"), 1)
    assert (found["book.day_pnl_pct"], found["book.drawdown_pct"]) == (0, 0)


def test_an_unknown_book_is_unknown():
    found = values(portfolio(an_environment(book=a_book(a_position("NVDA"), equity=None))))
    assert [name for name, value in found.items() if value is not None] == ["book.positions"]


def test_the_position():
    found = values(position(an_environment(), symbol=AAPL))
    assert found == {
        "position.qty": 50, "position.avg_price": 95, "position.pnl_pct": d("5.253"), "position.stop": 90,
    }  # fmt: skip


class Remembered:
    """A memory that holds one answer and keeps what it was asked."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def recall(self, situation, *, as_of, symbol=None, limit=20):
        self.asked.append((situation.strategy, as_of))
        return self.answer


def test_memory_is_asked_as_of_the_cycle():
    past = Remembered(Recall(tuple(a_similar_trade(f"t{n}", pnl=pnl) for n, pnl in enumerate((50, 50, 50, -50)))))
    told = memory(an_environment(memory=past), symbol=AAPL)
    assert values(told) == {"memory.trades": 4, "memory.win_rate": d("0.75"), "memory.mean_pnl_pct": d("1.25")}
    assert past.asked == [("momentum", NOW)]


def test_figures_of_the_memory_name_the_records_they_were_made_of():
    def sources(*trades):
        return {item.source for item in memory(an_environment(memory=Remembered(Recall(trades))), symbol=AAPL)}

    one, other = a_similar_trade("t1"), a_similar_trade("t2")
    assert sources() == {"memory"}
    assert sources(one) == sources(one)
    assert len(sources(one)) == 1
    assert len(sources(one) | sources(other) | sources(one, other)) == 3


def test_a_memory_that_is_not_available_says_so():
    found = memory(an_environment(memory=Remembered(Recall(missing="away"))), symbol=AAPL)
    assert {(item.value, item.source) for item in found} == {(None, "missing")}


def test_tools_have_unique_names_and_arguments_without_time():
    assert len({tool.name for tool in READ_TOOLS}) == len(READ_TOOLS)
    assert {name for tool in READ_TOOLS for name in tool.arguments} == {"symbol"}


def test_the_environment_lists_its_symbols():
    assert an_environment().symbols == (AAPL, MSFT)
    assert isinstance(an_environment(), Environment)


def test_figures_are_short_enough_for_a_prompt():
    for item in gather_evidence(an_environment(), [AAPL]).items.values():
        if isinstance(item.value, Decimal):
            assert len(item.value.as_tuple().digits) <= 9, item.ref
