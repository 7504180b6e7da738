"""The stores of the cycle: what was seen, read, asked and run, each kept once."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.book import Account, Book, Performance, Position
from domain.case import Control, MarketView, Mode, SymbolView, TradingState
from domain.context.news import NewsArticle, NewsEvent, NewsReading, SocialPost, Strength, Topic
from domain.context.observation import Observation
from domain.decisions import ModelCall
from domain.errors import IntegrityError
from domain.evidence import Evidence, Value, gather
from domain.ids import CycleId, Ref
from domain.market import EventKind, Symbol
from tests.builders.execution import an_order
from tests.builders.market import AAPL, MSFT, NOON, a_quote, a_session, an_instrument
from trading.store.calls import CallStore
from trading.store.cycles import CycleRecord, CycleStore
from trading.store.news import NewsStore
from trading.store.observations import CACHED_CYCLES, ObservationStore
from trading.store.tables import observations

CYCLE = CycleId("cyc-1")
TSLA = Symbol("TSLA")


def an_observation(cycle=CYCLE, **changes):
    values: dict[str, Value] = {
        "close@AAPL": Decimal("100.5"),
        "rank": 3,
        "halted@AAPL": True,
        "regime@AAPL": "nan",
        "gap": None,
    }
    items = [Evidence(Ref(ref), value, "text", "table", NOON, NOON) for ref, value in values.items()]
    kinds = frozenset({EventKind.SPLIT, EventKind.EARNINGS})
    market = MarketView(NOON, "XNYS", a_session(), {AAPL: SymbolView(an_instrument(), a_quote(), event_kinds=kinds)})
    account = Account("paper", NOON, "USD", True, Decimal(1000), Decimal(1000), Decimal(1000), False)
    position = Position(AAPL, Decimal(10), Decimal("99.123456789012"), Decimal(10), NOON, "momentum", Decimal(95))
    book = Book(account, Performance(), {AAPL: position}, (an_order(),), (an_order(),), 1, Decimal("1002.3"))
    control = Control(False, TradingState.ACTIVE, Mode.PAPER, mismatched=(Symbol("MSFT"),))
    seen = Observation(gather(CycleId(cycle), NOON, items), (), (), market, book, control, ("newsapi: away",))
    return replace(seen, **changes)


def a_call(request="r-1", **changes):
    call = ModelCall(
        "call-1", CYCLE, "advisor", "AAPL", "m", "rules", request, "p", "{}", "stop", 10, 5, Decimal("0.001"), 7, NOON
    )
    return replace(call, **changes)


def an_article(**changes):
    return replace(NewsArticle("n-1", (AAPL, MSFT), "Profit rises", "", NOON, NOON, "table"), **changes)


def a_reading(item, **changes):
    event = NewsEvent(AAPL, Topic.EARNINGS, 1, Strength.HIGH, (0, 12))
    return replace(NewsReading(item.digest, "n-1", NOON, NOON, (event,), False, False, "rules"), **changes)


def test_an_observation_comes_back_with_the_same_digest(database):
    saved = ObservationStore(database).save(an_observation())
    loaded = ObservationStore(database).load(CYCLE)
    assert loaded == saved
    assert loaded.evidence.digest == saved.evidence.digest


def test_the_first_observation_of_a_cycle_counts(database):
    first = ObservationStore(database).save(an_observation())
    assert ObservationStore(database).save(an_observation(missing=("everything",))) == first
    assert ObservationStore(database).load(CycleId("cyc-none")) is None


def test_observations_that_left_memory_come_from_the_database(database):
    store = ObservationStore(database)
    cycles = [CycleId(f"cyc-{number}") for number in range(CACHED_CYCLES + 2)]
    for cycle in cycles:
        store.save(an_observation(cycle))
    loaded = [store.load(cycle) for cycle in cycles]
    assert [seen and seen.evidence.cycle_id for seen in loaded] == cycles


def test_an_observation_that_was_changed_is_not_believed(database):
    ObservationStore(database).save(an_observation())
    with database.transaction() as connection:
        connection.execute(observations.update().values(body={"evidence": {}}))
    with pytest.raises(IntegrityError, match="changed after it was stored"):
        ObservationStore(database).load(CYCLE)


def test_a_finished_call_is_found_by_its_request_and_paid_once(database):
    calls = CallStore(database)
    assert calls.finished(CYCLE, "r-1") is None
    assert calls.save(a_call()) == a_call()
    assert calls.save(a_call(response="another")) == a_call()
    assert calls.finished(CYCLE, "r-1") == a_call()
    assert calls.finished(CycleId("cyc-2"), "r-1") is None
    calls.save(a_call("r-2", at=NOON - timedelta(seconds=1)))
    assert [call.request_digest for call in calls.of_cycle(CYCLE)] == ["r-2", "r-1"]


def test_what_the_models_used_since_a_moment_is_added_up_over_all_cycles(database):
    calls = CallStore(database)
    assert calls.spent_since(NOON) == (0, Decimal(0))
    before, at = NOON - timedelta(microseconds=1), NOON
    for number, (cycle, moment, cost) in enumerate(
        [("cyc-1", before, "9.99"), ("cyc-1", at, "0.10"), ("cyc-2", at + timedelta(days=2), "0.20")]
    ):
        call = replace(a_call(f"r-{number}", at=moment), cycle_id=CycleId(cycle), cost_usd=Decimal(cost))
        calls.save(replace(call, tokens_in=1000, tokens_out=1))
    assert calls.spent_since(NOON) == (2002, Decimal("0.30"))


def test_cycles_are_numbered_started_once_and_finished(database):
    cycles = CycleStore(database)
    assert cycles.next_sequence("paper") == 1
    cycle = CycleRecord(CYCLE, "paper", 1, NOON, NOON)
    assert [cycles.start(cycle) for _ in range(2)] == [True, False]
    assert not cycles.start(replace(cycle, cycle_id=CycleId("cyc-2"))), "the number is taken"
    assert cycles.next_sequence("paper") == 2
    assert (cycles.last("paper"), cycles.last("paper", finished=True), cycles.last("other")) == (cycle, None, None)
    cycles.finish(CYCLE, {"orders": [an_order()]}, at=NOON)
    finished = cycles.get(CYCLE)
    assert finished == cycles.last("paper", finished=True)
    assert finished is not None
    assert finished.report is not None
    assert finished.report["orders"][0]["symbol"] == "AAPL"
    assert finished.finished_at == NOON


def test_a_simulated_clock_never_goes_back(database):
    cycles = CycleStore(database)
    assert cycles.cursor("demo") is None
    for moment in (NOON, NOON + timedelta(hours=1), NOON):
        cycles.move_cursor("demo", moment)
    assert cycles.cursor("demo") == NOON + timedelta(hours=1)


def test_a_text_is_read_once_whoever_brings_it(database):
    news = NewsStore(database)
    again = an_article(article_id="n-2", source="other", first_seen_at=NOON + timedelta(hours=1))
    post = SocialPost("p-1", AAPL, "to the moon", "someone", 5, NOON, NOON, "table")
    assert news.save_items([an_article(), again, post]) == (an_article(), post)
    assert news.save_items([again]) == (again,), "stored, but nobody has read it yet"
    news.save_reading(a_reading(an_article()))
    assert news.save_items([again, post]) == (post,)


def test_the_first_reading_of_a_text_counts(database):
    news = NewsStore(database)
    news.save_items([an_article()])
    first = news.save_reading(a_reading(an_article()))
    assert news.save_reading(a_reading(an_article(), suspicious=True)) == first
    assert news.reading(an_article().digest) == first
    assert news.reading("unknown") is None


@pytest.mark.parametrize(
    ("symbols", "since", "as_of", "found"),
    [
        pytest.param((AAPL,), -1, 0, {AAPL: 1}, id="available_at_this_very_moment"),
        pytest.param((MSFT,), -1, 0, {MSFT: 1}, id="the_other_symbol_it_was_tagged_with"),
        pytest.param((AAPL, MSFT), -1, 0, {AAPL: 1, MSFT: 1}, id="once_for_each_symbol"),
        pytest.param((AAPL, TSLA), -1, 0, {AAPL: 1, TSLA: 0}, id="a_symbol_without_news"),
        pytest.param((AAPL,), -2, -1, {AAPL: 0}, id="not_yet_available"),
        pytest.param((AAPL,), 0, 1, {AAPL: 0}, id="seen_before_the_window"),
        pytest.param((), -1, 0, {}, id="no_symbols"),
    ],
)
def test_readings_are_answered_point_in_time(database, symbols, since, as_of, found):
    news = NewsStore(database)
    news.save_items([an_article()])
    news.save_reading(a_reading(an_article()))
    window = {"since": NOON + timedelta(hours=since), "as_of": NOON + timedelta(hours=as_of)}
    read = news.readings_by_symbol(symbols, **window)
    assert {symbol: len(readings) for symbol, readings in read.items()} == found


def test_readings_of_a_symbol_come_oldest_first_and_are_its_own(database):
    news = NewsStore(database)
    late = an_article(article_id="n-2", headline="Later", first_seen_at=NOON + timedelta(hours=1))
    other = an_article(article_id="n-3", headline="Of another", symbols=(TSLA,))
    news.save_items([late, other, an_article()])
    readings = a_reading(late, available_at=late.first_seen_at), a_reading(other), a_reading(an_article())
    for reading in readings:
        news.save_reading(reading)
    found = news.readings_by_symbol((AAPL, TSLA), since=NOON - timedelta(days=1), as_of=NOON + timedelta(days=1))
    assert found == {AAPL: (readings[2], readings[0]), TSLA: (readings[1],)}
