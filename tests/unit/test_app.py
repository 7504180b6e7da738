"""The composition root: what settings and arguments mean, and what one start changes."""

import gc
import sqlite3
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

import app
import composition.answering as answering
import composition.sources as sources
from domain.case import Mode, TradingState
from domain.clock import FixedClock
from domain.errors import ConfigurationError, DataQualityError, ManualActionError, UsageError
from domain.ids import CycleId
from domain.record.entries import RecordKind
from interfaces.cli.home import LATCH
from interfaces.cli.parser import parse
from tests.builders.market import NOON, at
from tests.builders.runtime import (
    KORVA,
    NIMBO,
    a_cycle,
    a_policy,
    a_runtime,
    settings_in,
    standing_in,
    the_calendar,
    the_market,
)
from trading.store.cycles import CycleRecord


def test_a_start_has_the_garbage_collector_look_seldom():
    before = gc.get_threshold()
    try:
        gc.set_threshold(700, 10, 10)
        with pytest.raises(SystemExit):
            app.main(["--help"])
        assert gc.get_threshold() == app.COLLECTED_AT
    finally:
        gc.set_threshold(*before)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", {}),
        ("AAPL=Apple", {"AAPL": ("Apple",)}),
        ("AAPL=Apple|iPhone, msft=Microsoft", {"AAPL": ("Apple", "iPhone"), "MSFT": ("Microsoft",)}),
        ("AAPL", {"AAPL": ()}),
        ("AAPL=|,", {"AAPL": ()}),
    ],
)
def test_company_names(text, names):
    assert sources.names_in(text) == names


@pytest.mark.parametrize(
    ("text", "feeds"),
    [
        ("", {}),
        ("https://a.test/x", {"feed1": "https://a.test/x"}),
        ("wire=https://a.test/x?y=z", {"wire": "https://a.test/x?y=z"}),
        ("https://a.test/x?y=z, b=https://b.test", {"feed1": "https://a.test/x?y=z", "b": "https://b.test"}),
    ],
)
def test_feeds(text, feeds):
    assert sources.feeds_in(text) == feeds


@pytest.mark.parametrize(
    ("text", "symbols"), [("", ()), ("AAPL,msft", ("AAPL", "MSFT")), ("AAPL, AAPL ,", ("AAPL",)), ("brk.b", ("BRK.B",))]
)
def test_symbols(text, symbols):
    assert sources.symbols_in(text, "SAGE_UNIVERSE") == symbols


@pytest.mark.parametrize("text", ["A B", "АAPL", "TOOLONGSYMBOLNAME", "$X"])
def test_a_universe_of_something_else_is_refused(text):
    with pytest.raises(DataQualityError, match="is not a symbol"):
        sources.symbols_in(text, "SAGE_UNIVERSE")


@pytest.mark.parametrize(
    ("argv", "universe", "found"),
    [
        pytest.param(["cycle"], "", "all", id="all_the_source_knows"),
        pytest.param(["cycle"], "KORVA", (KORVA,), id="the_configured_universe"),
        pytest.param(["cycle", "--symbols", "NIMBO"], "KORVA", (NIMBO,), id="what_was_asked_for"),
    ],
)
def test_the_universe(tmp_path, argv, universe, found):
    settings = settings_in(tmp_path, universe=universe)
    assert sources.universe_of(settings, parse(argv), the_market()) == (
        the_market().symbols() if found == "all" else found
    )


def test_an_unknown_symbol_is_refused_with_what_is_known(tmp_path):
    with pytest.raises(UsageError, match=r"simulated does not know ZZZZ, QQQQ\. It knows CALDO, "):
        sources.universe_of(settings_in(tmp_path), parse(["cycle", "--symbols", "ZZZZ,NIMBO,QQQQ"]), the_market())


def moment(runtime, home, *argv, **changes):
    settings = settings_in(home, **changes)
    return sources.moment_of(settings, parse(argv), runtime.deps.stores, runtime.deps.market, the_calendar())


def test_simulated_time_stands_where_it_was_left_and_a_cycle_moves_it_to_the_next_session(tmp_path):
    with a_runtime(tmp_path) as runtime:
        assert moment(runtime, tmp_path, "cycle") == moment(runtime, tmp_path, "status") == sources.FIRST_SIMULATED
        for stands, following in (
            (sources.FIRST_SIMULATED, "2026-03-18T15:00"),
            (at("2026-03-20T15:00"), "2026-03-23T15:00"),
            (at("2026-04-02T15:00"), "2026-04-06T15:00"),
        ):
            runtime.deps.stores.cycles.move_cursor("simulated", stands)
            assert moment(runtime, tmp_path, "cycle") == at(following)
            assert moment(runtime, tmp_path, "status") == stands


def test_a_named_moment_counts_and_the_future_is_refused(tmp_path):
    with a_runtime(tmp_path) as runtime:
        assert moment(runtime, tmp_path, "cycle", "--as-of", "2026-01-05T16:00:00Z") == at("2026-01-05T16:00")
        with pytest.raises(UsageError, match=r"2099-01-01T00:00:00\+00:00 lies in the future"):
            moment(runtime, tmp_path, "cycle", "--as-of", "2099-01-01T00:00:00Z")


@pytest.mark.parametrize("argv", [["cycle"], ["cycle", "--as-of", "2026-06-01T15:00:00Z"]], ids=["unnamed", "named"])
def test_a_cycle_that_was_cut_off_is_finished_at_its_own_moment(tmp_path, argv):
    cut_off = at("2026-03-20T15:00")
    with a_runtime(tmp_path) as runtime:
        runtime.deps.stores.cycles.start(CycleRecord(CycleId("cyc-1"), "paper", 1, cut_off, cut_off))
        assert moment(runtime, tmp_path, *argv) == cut_off
        runtime.deps.stores.cycles.finish("cyc-1", {}, at=cut_off)
        assert moment(runtime, tmp_path, *argv) != cut_off


def test_real_sources_stand_at_the_present(tmp_path):
    before = datetime.now(UTC)
    with a_runtime(tmp_path) as runtime:
        assert before <= moment(runtime, tmp_path, "cycle", market="yahoo") <= datetime.now(UTC) + timedelta(seconds=1)


def test_a_home_keeps_its_mode_and_a_start_only_lowers_it(tmp_path):
    with a_runtime(tmp_path, mode="observe") as runtime:
        assert runtime.deps.stores.control.read().mode is Mode.OBSERVE
        assert a_cycle(runtime, NIMBO).orders == ()
    with a_runtime(tmp_path, mode=None) as runtime:
        assert runtime.deps.stores.control.read().mode is Mode.OBSERVE
    with a_runtime(tmp_path, mode="paper") as runtime:
        assert runtime.deps.stores.control.read().mode is Mode.OBSERVE, "raising it takes the owner's own command"
    with a_runtime(tmp_path, mode="off") as runtime:
        assert runtime.deps.stores.control.read().mode is Mode.OFF
        assert controls(runtime)[-1]["by"] == "start"


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param({"reconciled_at": "x"}, id="no_time"),
        pytest.param({"trading_state": "FOO"}, id="no_state"),
        pytest.param({"mode": "x"}, id="no_mode"),
        pytest.param({"mismatched": '"AAPL"'}, id="letters_of_a_symbol"),
        pytest.param({"mismatched": "null"}, id="nothing"),
        pytest.param({"mismatched": "{"}, id="no_json"),
    ],
)
def test_a_control_row_that_cannot_be_read_counts_as_killed_and_says_so(tmp_path, spoilt):
    with a_runtime(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "sage.db") as database:
        for column, value in spoilt.items():
            database.execute(f"update control set {column} = ?", (value,))  # noqa: S608 columns named above
    database.close()
    with pytest.raises(ManualActionError, match="cannot be read, which counts as killed"), a_runtime(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "sage.db") as database:
        (claims,) = database.execute("select count(*) from ledger where body like '%is gone%'").fetchone()
    database.close()
    assert claims == 0, "the row stands, and no record says otherwise"


def controls(runtime):
    return [entry.body for entry in runtime.deps.stores.ledger.entries(kind=RecordKind.CONTROL)]


def test_another_policy_comes_into_force_at_a_start_and_is_on_record(tmp_path):
    with a_runtime(tmp_path) as runtime:
        first, before = runtime.deps.policy.digest, len(controls(runtime))
    with a_runtime(tmp_path) as runtime:
        assert len(controls(runtime)) == before, "the same start again changes nothing"
    with a_runtime(tmp_path, policy=a_policy(tmp_path, max_entries_per_cycle=1)) as runtime:
        assert runtime.deps.policy.digest != first
        assert controls(runtime)[-1]["policy_digest"] == runtime.deps.policy.digest
        assert len(a_cycle(runtime, NIMBO, KORVA).orders) == 1


def test_a_latch_that_fell_meanwhile_is_written_into_the_database(tmp_path):
    (tmp_path / LATCH).touch()
    with a_runtime(tmp_path) as runtime:
        assert runtime.deps.stores.control.read().kill_switch
        assert controls(runtime)[-1] == {"killed": True, "by": "latch", "reason": "the latch file is set"}
        assert runtime.deps.stores.control.read().trading_state is TradingState.ACTIVE


def test_the_demo_never_removes_what_no_demo_made(tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "notes.txt").touch()
    with pytest.raises(UsageError, match="no demo made"):
        app.settings_for(parse(["demo", "--home", str(tmp_path)]))
    assert (tmp_path / "demo" / "notes.txt").exists()


def test_the_demo_has_a_home_of_its_own_which_is_new_each_time(tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "sage.db").touch()
    (tmp_path / "mine").touch()
    with standing_in(tmp_path, SAGE_MODE="observe", SAGE_MARKET="yahoo"):
        settings = app.settings_for(parse(["demo", "--home", str(tmp_path)]))
    assert (settings.home, settings.market, settings.model) == (tmp_path / "demo", "simulated", "recorded")
    assert settings.mode in (None, Mode.PAPER), "what the person set for trading is not the demo's business"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine"]


@pytest.mark.parametrize("command", ["cycle", "status", "kill", "doctor"])
def test_only_the_demo_clears_a_folder(tmp_path, command):
    (tmp_path / "demo").mkdir()
    app.settings_for(parse([command, "--home", str(tmp_path)]))
    assert (tmp_path / "demo").is_dir()


def test_a_model_that_is_priced_is_charged(tmp_path):
    with a_runtime(tmp_path, price_in_usd_per_mtok="2", price_out_usd_per_mtok="8") as runtime:
        (price,) = runtime.deps.asker.prices.values()
    assert (price.tokens_in, price.tokens_out) == (Decimal(2), Decimal(8))


@pytest.mark.parametrize(
    ("make", "name", "error", "told"),
    [
        ("model", "openai:x", ConfigurationError, "OPENAI_API_KEY is not set"),
        ("model", "gpt", UsageError, "there is no model 'gpt'"),
        ("model", "rules:x", UsageError, "there is no model 'rules:x'"),
        ("news", "newsapi", ConfigurationError, "NEWSAPI_KEY is not set"),
        ("news", "alpaca", ConfigurationError, "APCA_API_KEY_ID is not set"),
        ("news", "rss", ConfigurationError, "no feed is named"),
        ("news", "smoke", UsageError, "there is no news source 'smoke'"),
        ("news", "files:nowhere", ConfigurationError, "there is no folder nowhere"),
        ("market", "alpaca", ConfigurationError, "APCA_API_KEY_ID is not set"),
        ("market", "tea-leaves", UsageError, "there is no market source 'tea-leaves'"),
        ("market", "files:nowhere", ConfigurationError, "there is no folder nowhere"),
        ("events", "fred", ConfigurationError, "FRED_API_KEY is not set"),
        ("events", "tea-leaves", UsageError, "there is no source of events 'tea-leaves'"),
        ("events", "files:nowhere", ConfigurationError, "SAGE_EVENTS names nowhere, which does not exist"),
    ],
)
def test_a_source_that_cannot_be_had_is_refused_by_name(tmp_path, make, name, error, told):
    settings, clock = settings_in(tmp_path, **{make: name}), FixedClock(NOON)
    makers = {
        "model": lambda: answering.model_of(settings, ExitStack()),
        "news": lambda: sources.news_of(settings, the_calendar(), clock),
        "market": lambda: sources.market_of(settings, the_calendar()),
        "events": lambda: sources.market_of(settings, the_calendar()),
    }
    with pytest.raises(error, match=told):
        makers[make]()
