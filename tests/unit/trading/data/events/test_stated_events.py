import os
from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.clock import parse_time
from domain.errors import ConfigurationError, DataQualityError
from domain.market import EventKind, MarketEvent, Symbol
from tests.builders.market import AAPL, MSFT, NOON, TableMarket, a_quote
from trading.data.events.cover import covers, supplied
from trading.data.events.merged import MarketWithEvents
from trading.data.events.source import Facts, Subject
from trading.data.events.stated import StatedEvents

D, WEEK, SECOND = Decimal, timedelta(days=7), timedelta(seconds=1)
HEAD = "stated_at = 2026-03-01T00:00:00Z\n"
COVER = """
[[covers]]
kinds = ["earnings", "halts"]
symbols = ["aapl"]
from = 2026-03-02T00:00:00Z
until = 2026-04-01T00:00:00Z
"""
REPORT = """
[[events]]
symbol = "AAPL"
kind = "earnings"
day = 2026-03-19
session = "{}"
"""
TSLA = Symbol("TSLA")


def at(text):
    return parse_time(f"{text}:00Z")


def stated(folder, text, name="events.toml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return StatedEvents(path)


def beside(folder, text, **market):
    given = {"quotes": {AAPL: a_quote(), MSFT: a_quote(MSFT)}, "kinds": frozenset(), "supplies": frozenset()}
    return MarketWithEvents(TableMarket(**(given | market)), [stated(folder, text)])


@pytest.mark.parametrize(
    ("as_of", "symbol", "known"),
    [
        pytest.param("2026-03-09T00:00", AAPL, True, id="a_week_after_it_begins"),
        pytest.param("2026-03-08T23:59", AAPL, False, id="a_minute_sooner"),
        pytest.param("2026-03-25T00:00", AAPL, True, id="a_week_before_it_ends"),
        pytest.param("2026-03-25T00:01", AAPL, False, id="a_minute_later"),
        pytest.param("2026-05-01T00:00", AAPL, False, id="over"),
        pytest.param("2026-03-17T16:00", MSFT, False, id="another_symbol"),
    ],
)
def test_what_is_outside_of_a_claim_is_unknown(tmp_path, as_of, symbol, known):
    market = beside(tmp_path, HEAD + COVER)
    assert market.event_kinds(symbol, as_of=at(as_of)) == ({EventKind.EARNINGS} if known else frozenset())


@pytest.mark.parametrize(
    ("as_of", "halted"),
    [
        pytest.param("2026-03-01T23:59", None, id="before"),
        pytest.param("2026-03-02T00:00", False, id="from_its_first_moment"),
        pytest.param("2026-03-31T23:59", False, id="to_its_last"),
        pytest.param("2026-04-01T00:00", None, id="until"),
        pytest.param("2026-03-17T16:00", True, id="a_listed_halt"),
        pytest.param("2026-03-17T16:05", False, id="which_is_over"),
    ],
)
def test_a_claim_about_halts_is_one_about_the_moment(tmp_path, as_of, halted):
    halt = "\n[[halts]]\nsymbol = 'AAPL'\nfrom = 2026-03-17T16:00:00Z\nuntil = 2026-03-17T16:05:00Z\nreason = 'LULD'\n"
    market = beside(tmp_path, HEAD + COVER + halt, quotes={})
    status = market.status(AAPL, as_of=at(as_of))
    assert (None if status is None else status.halted) is halted
    assert status is None or status.reason == ("LULD" if halted else "")


def test_a_halt_of_either_side_is_a_halt(tmp_path):
    listed = HEAD + COVER + "\n[[halts]]\nsymbol = 'MSFT'\nfrom = 2026-03-17T00:00:00Z\n"
    market = beside(tmp_path, listed, halted=frozenset({AAPL}))
    assert [market.status(each, as_of=NOON).halted for each in (AAPL, MSFT)] == [True, True]


def test_claims_that_meet_count_as_one_and_those_with_a_gap_do_not(tmp_path):
    claim = '[[covers]]\nkinds = ["split"]\nfrom = {}T00:00:00Z\nuntil = {}T00:00:00Z\n'
    met = HEAD + claim.format("2026-01-01", "2026-03-18") + claim.format("2026-03-18", "2026-06-01")
    market = beside(tmp_path, met)
    assert EventKind.SPLIT in market.event_kinds(AAPL, as_of=NOON)
    apart = met.replace("from = 2026-03-18", "from = 2026-03-19")
    assert beside(tmp_path, apart).event_kinds(AAPL, as_of=NOON) == frozenset()


def test_macro_events_are_complete_by_both_of_their_parts(tmp_path):
    claim = '[[covers]]\nkinds = ["{}"]\nuntil = 2026-06-01T00:00:00Z\n'
    found = [
        beside(tmp_path, HEAD + "".join(map(claim.format, parts))).event_kinds(AAPL, as_of=NOON)
        for parts in (["macro"], ["releases"], ["rate_decisions"], ["releases", "rate_decisions"])
    ]
    assert [EventKind.MACRO in kinds for kinds in found] == [True, False, False, True]


@pytest.mark.parametrize(
    ("session", "hours"),
    [("before", ["13:30"]), ("after", ["20:00"]), ("unknown", ["13:30", "17:00", "20:00"])],
)
def test_a_report_without_an_hour_may_be_at_every_hour_that_it_leaves_open(tmp_path, session, hours):
    source = stated(tmp_path, HEAD + REPORT.format(session))
    found = source.events(AAPL, as_of=NOON, until=NOON + WEEK)
    assert [each.effective_at for each in found] == [at(f"2026-03-19T{hour}") for hour in hours]
    assert {(each.kind, each.announced_at, each.source) for each in found} == {
        (EventKind.EARNINGS, at("2026-03-01T00:00"), "events")
    }


def test_nothing_is_known_before_it_was_stated(tmp_path):
    market = beside(tmp_path, HEAD.replace("03-01", "03-17") + COVER + REPORT.format("after"))
    stated_at = at("2026-03-17T00:00")
    seen = [
        (market.events(AAPL, as_of=when, until=when + WEEK), market.event_kinds(AAPL, as_of=when))
        for when in (stated_at - SECOND, stated_at)
    ]
    assert seen[0] == ((), frozenset())
    assert (len(seen[1][0]), seen[1][1]) == (1, {EventKind.EARNINGS})


def test_two_days_for_one_report_count_both_and_one_told_twice_counts_once(tmp_path):
    own = [
        MarketEvent(AAPL, EventKind.EARNINGS, NOON - WEEK, at(f"2026-03-{day}T20:00"), None, "table")
        for day in ("19", "20")
    ]
    market = beside(tmp_path, HEAD + COVER + REPORT.format("after"), scheduled=tuple(own))
    found = market.events(AAPL, as_of=NOON, until=NOON + WEEK)
    assert [(each.effective_at.day, each.source) for each in found] == [(19, "events"), (20, "table")]


def test_what_is_of_little_importance_stops_nothing(tmp_path):
    minor = HEAD + '[[events]]\nkind = "macro"\nname = "auction"\nimportance = "{}"\nday = 2026-03-18\n'
    found = [
        stated(tmp_path, minor.format(each)).events(AAPL, as_of=NOON, until=NOON + WEEK) for each in ("low", "high")
    ]
    assert [len(each) for each in found] == [0, 3]


def test_facts_fill_in_what_the_market_does_not_tell_and_contradict_nothing(tmp_path):
    text = HEAD + '[instruments.AAPL]\nlisted_on = 1980-12-12\nmarket_cap = "3e12"\nsector = "Fruit"\n'
    market = beside(tmp_path, text)
    own, filled = market.prices.instrument(AAPL), market.instrument(AAPL)
    assert own is not None
    assert own.sector not in (None, "Fruit")
    assert (filled.listed_on, filled.market_cap, filled.sector) == (date(1980, 12, 12), D("3e12"), own.sector)
    assert stated(tmp_path, text).facts(MSFT) == Facts()
    assert supplied(market, [AAPL], as_of=NOON) == {"listing", "market_cap"}
    assert supplied(market, [AAPL, MSFT], as_of=NOON) == frozenset()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(HEAD + COVER.replace("earnings", "dinner"), "line 4: covers.0.kinds", id="kind"),
        pytest.param(HEAD + COVER.replace("until = 2026-04-01T00:00:00Z", ""), "line 3: covers.0.until", id="no_end"),
        pytest.param(HEAD + COVER.replace("until = 2026-04", "until = 2026-02"), "line 3: covers.0: until is not after",
                     id="ends_before_it_begins"),
        pytest.param(HEAD + COVER.replace("2026-04-01T00:00:00Z", "2026-04-01T00:00:00"), "line 7: covers.0.until",
                     id="no_zone"),
        pytest.param(COVER, "line 2: covers.0: it says not when it was stated", id="claim_without_first_seen"),
        pytest.param(REPORT.format("after"), "line 2: events.0: it says not when it was announced",
                     id="event_without_first_seen"),
        pytest.param(HEAD + REPORT.format("lunch"), "line 7: events.0.session", id="session"),
        pytest.param(HEAD + COVER + REPORT.format("after").replace("day = 2026-03-19", ""), "line 9: events.0: it",
                     id="no_day"),
        pytest.param(HEAD + REPORT.format("after").replace("2026-03-19", "2026-02-30"), "line 6", id="no_such_day"),
        pytest.param(HEAD + "[[halts]]\nsymbol = 'not one'\nfrom = 2026-03-17T00:00:00Z\n", "line 3: halts.0.symbol",
                     id="symbol"),
        pytest.param(HEAD + "[instruments.AAPL]\ntick = 1\n", "line 3: instruments.AAPL.tick: the market tells that",
                     id="a_fact_of_the_market"),
        pytest.param('event_kinds = ["earnings"]\n', "line 1: event_kinds: write [[covers]]", id="a_claim_for_ever"),
        pytest.param("zone = 'Mars'\n" + HEAD + REPORT.format("after"), "'Mars' is not a zone", id="zone"),
        pytest.param(HEAD + "covers = 3\n", "line 2: covers", id="no_table"),
        pytest.param("stated_at\n", "line 1", id="no_toml"),
    ],
)  # fmt: skip
def test_a_wrong_line_stops_the_start_with_file_and_line(tmp_path, text, told):
    with pytest.raises(ConfigurationError) as refused:
        stated(tmp_path, text)
    assert told in str(refused.value)
    assert str(tmp_path / "events.toml") in str(refused.value) or "zone" in told


def test_a_folder_is_all_of_its_files_and_an_empty_one_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match=r"holds no \*\.toml"):
        StatedEvents(tmp_path)
    with pytest.raises(ConfigurationError, match="does not exist"):
        StatedEvents(tmp_path / "none.toml")
    stated(tmp_path, HEAD + COVER, "a.toml")
    source = stated(tmp_path, HEAD + REPORT.format("after"), "b.toml")
    assert source.claims(as_of=NOON) == ()
    both = StatedEvents(tmp_path)
    assert [len(both.claims(as_of=NOON)), len(both.events(AAPL, as_of=NOON, until=NOON + WEEK))] == [1, 1]


def test_a_changed_file_is_read_again_and_a_broken_one_makes_its_answers_unknown(tmp_path):
    source = stated(tmp_path, HEAD + COVER)
    path = tmp_path / "events.toml"
    market = MarketWithEvents(TableMarket(kinds=frozenset(), supplies=frozenset()), [source])
    rewrite(path, HEAD + COVER + REPORT.format("after"))
    assert len(source.events(AAPL, as_of=NOON, until=NOON + WEEK)) == 1
    rewrite(path, HEAD + "[[covers]]\n")
    with pytest.raises(DataQualityError, match="line 2"):
        source.claims(as_of=NOON)
    assert "line 2" in source.trouble
    assert {each.known for each in covers(market, [AAPL], as_of=NOON)} == {()}
    rewrite(path, HEAD + COVER)
    assert source.claims(as_of=NOON)
    assert source.trouble == ""


def test_a_broken_file_takes_nothing_from_an_exit(tmp_path):
    text = HEAD + COVER + "[instruments.AAPL]\nlisted_on = 1980-12-12\n"
    market = beside(tmp_path, text, halted=frozenset({MSFT}))
    rewrite(tmp_path / "events.toml", "[[covers]]\n")
    assert market.instrument(AAPL) == market.prices.instrument(AAPL)
    assert market.status(AAPL, as_of=NOON) is None, "a halt may be listed in what cannot be read"
    assert market.status(MSFT, as_of=NOON).halted
    assert market.quote(AAPL, as_of=NOON) is not None


def rewrite(path, text):
    """Write, and move the time of the change on: two writes may fall into one tick of the file system's clock."""
    before = path.stat().st_mtime_ns
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(before + 1_000_000_000, before + 1_000_000_000))


def test_the_cover_names_who_knows_until_when_and_of_whom_nobody_does(tmp_path):
    market = beside(tmp_path, HEAD + COVER, supplies=frozenset({"macro"}))
    found = {each.needed: each for each in covers(market, [AAPL, TSLA], as_of=NOON)}
    earnings = found["earnings"]
    assert (earnings.known, earnings.unknown, earnings.by) == ((AAPL,), (TSLA,), ("events.toml",))
    assert earnings.until == at("2026-03-25T00:00")
    assert (found["macro"].by, found["macro"].until, found["macro"].unknown) == (("table",), None, ())
    assert (found["corporate_actions"].known, found["corporate_actions"].by) == ((), ())
    assert found["status"].until == at("2026-04-01T00:00")
    late = {each.needed: each for each in covers(market, [AAPL], as_of=at("2026-06-01T00:00"))}
    assert (late["earnings"].known, late["earnings"].by) == ((), ("events.toml",)), "stale: it claims in vain"
    assert supplied(market, [AAPL], as_of=at("2026-06-01T00:00")) == {"macro"}
    assert market.supplies >= {"earnings", "status"}
    assert market.sources[0].subjects == {Subject.EARNINGS, Subject.HALTS}
