"""All that a person can get wrong: one clear line naming thing and remedy, nothing lost, and the next run works."""

import json
import sqlite3
from contextlib import closing

import pytest

from tests.builders.runtime import NIMBO
from tests.integration.test_commands import document, run
from tests.servers.loopback import Answer, Loopback
from tests.servers.openai_server import Scripted, completion, openai_server, refused


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A home with one cycle, which every mistake below is made in."""
    home = tmp_path_factory.mktemp("kept")
    assert run(home, "cycle", "--symbols", NIMBO)[0] == 0
    return home


def told_in_one_line(ran, code, *words):
    """The line on standard error; nothing else is said, and nothing looks like a traceback."""
    got, out, err = ran
    lines = err.splitlines()
    assert (got, out) == (code, ""), ran
    assert len(lines) == 1 or lines[0].startswith("usage: "), err
    assert lines[-1].startswith("sage: ")
    assert "Traceback" not in err
    missing = [word for word in words if word not in lines[-1]]
    assert missing == [], lines[-1]
    return lines[-1]


WRONG = {
    "unknown_symbol": (["cycle", "--symbols", "ZZZZ"], {}, 2, ("ZZZZ", "It knows CALDO")),
    "no_symbol": (["cycle", "--symbols", "A B"], {}, 2, ("'A B' is not a symbol", "Write a ticker")),
    "look_alike_symbol": (["cycle", "--symbols", "NIMB\u041e"], {}, 2, ("is not a symbol",)),
    "configured_symbol": (["cycle"], {"SAGE_UNIVERSE": "NIMBO,ZZZZ"}, 2, ("ZZZZ", "It knows")),
    "future": (["cycle", "--as-of", "2099-01-01T00:00:00Z"], {}, 2, ("lies in the future", "past time")),
    "past": (["cycle", "--as-of", "2026-03-16T15:00:00Z"], {}, 2, ("before the last cycle", "--home")),
    "no_zone": (["cycle", "--as-of", "2026-03-18T15:00:00"], {}, 2, ("names no zone", "Z for UTC")),
    "no_time": (["cycle", "--as-of", "yesterday"], {}, 2, ("'yesterday' is not a time", "2026-03-17T15:00:00Z")),
    "openai_key": (["cycle", "--model", "openai:x"], {}, 1, ("OPENAI_API_KEY is not set", "rules")),
    "alpaca_key": (["cycle", "--market", "alpaca"], {}, 1, ("APCA_API_KEY_ID is not set", "Set it")),
    "alpaca_secret": (
        ["cycle", "--market", "alpaca"],
        {"APCA_API_KEY_ID": "k"},
        1,
        ("APCA_API_SECRET_KEY is not set", "Set it"),
    ),
    "newsapi_key": (["cycle", "--news", "newsapi"], {}, 1, ("NEWSAPI_KEY is not set", "Set it")),
    "no_feed": (["cycle", "--news", "rss"], {}, 1, ("no feed is named", "Name at least one")),
    "no_market": (["cycle", "--market", "tea-leaves"], {}, 2, ("'tea-leaves'", "Choose one of")),
    "no_news": (["cycle", "--news", "tea-leaves"], {}, 2, ("'tea-leaves'", "Choose")),
    "no_model": (["cycle", "--model", "gpt"], {}, 2, ("'gpt'", "openai:NAME")),
    "no_policy": (["cycle"], {"SAGE_POLICY": "nowhere"}, 1, ("nowhere", "Name a policy file")),
    "wrong_setting": (["status"], {"SAGE_SEED": "many"}, 1, ("setting SAGE_SEED", "Correct it")),
    "wrong_mode": (["status"], {"SAGE_MODE": "live"}, 1, ("setting SAGE_MODE", "Correct it")),
    "no_database_url": (["status"], {"SAGE_DATABASE_URL": "bogus"}, 1, ("SAGE_DATABASE_URL", "sqlite:///path")),
    "another_database": (["status"], {"SAGE_DATABASE_URL": "mysql://x/y"}, 1, ("mysql", "Use SQLite or PostgreSQL")),
    "database_away": (
        ["status"],
        {"SAGE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"},
        1,
        ("127.0.0.1:1", "try again"),
    ),
    "recording_away": (
        ["cycle"],
        {"SAGE_MODEL": "recorded", "SAGE_RECORDINGS": "nowhere.jsonl"},
        1,
        ("nowhere.jsonl", "Check the path"),
    ),
    "unknown_id": (["explain", "ord-unknown"], {}, 2, ("ord-unknown", "sage orders")),
    "unknown_request": (["approve", "apr-unknown"], {}, 2, ("apr-unknown", "sage pending")),
    "not_paused": (["resume", "symbol", "NIMBO"], {}, 2, ("NIMBO is not paused", "sage status")),
    "unknown_command": (["fly"], {}, 2, ("'fly'",)),
    "missing_id": (["approve"], {}, 2, ("ID",)),
    "no_duration": (["pause", "--for", "soon"], {}, 2, ("'soon' is not a duration", "2h")),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_word_is_refused_in_one_line_and_changes_nothing(kept, case):
    argv, environment, code, words = WRONG[case]
    anchor = (kept / "ledger.anchor").read_bytes()
    told_in_one_line(run(kept, *argv, **environment), code, *words)
    assert (kept / "ledger.anchor").read_bytes() == anchor, "not a single record was added"


def test_after_all_these_mistakes_the_records_hold(kept):
    assert document(run(kept, "audit", "verify", "--json"))["ok"]
    assert document(run(kept, "status", "--json"))["last_cycle"]


FILES = {
    "no_folder": ({}, ("there is no folder prices", "Name a folder")),
    "no_bars": ({"prices/readme.txt": b""}, ("prices holds no bars/", "Put files there")),
    "empty": ({"prices/bars/a.csv": b""}, ("bars/a.csv is empty", "columns")),
    "no_columns": ({"prices/bars/a.csv": b"symbol,time\nA,b\n"}, ("bars/a.csv", "open", "header")),
    "no_numbers": (
        {"prices/bars/a.csv": b"symbol,time,open,high,low,close,volume\nAAPL,2026-03-16,x,1,1,1,1\n"},
        ("a.csv holds no usable row", "Correct the file"),
    ),
    "binary": ({"prices/bars/a.csv": b"\xff\xfe\x00\x01"}, ("bars/a.csv is not a CSV file", "UTF-8")),
    "no_parquet": ({"prices/bars/a.parquet": b"PAR1 no"}, ("bars/a.parquet",)),
    "wrong_notes": ({"prices/source.toml": b"zone = 3", "prices/bars/a.csv": b"x"}, ("source.toml", "zone")),
}


@pytest.mark.parametrize("case", FILES)
def test_files_that_cannot_be_used_are_named(tmp_path, case):
    files, words = FILES[case]
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    told_in_one_line(run(tmp_path, "cycle", "--market", "files:prices"), 1, *words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"profile = ", ("policy.toml is not valid TOML", "Correct")),
        (b"\xff\xfe", ("policy.toml",)),
        (b'profile = "x"\n[limits]\nmax_order_notionl = 5\n', ("max_order_notionl",)),
        (b'profile = "x"\n[limits]\nmax_order_notional = "lots"\n', ("max_order_notional",)),
        (b'profile = "x"\n[limits]\nmax_order_notional = -5\n', ("max_order_notional",)),
        (b"", ("policy.toml",)),
    ],
    ids=["no_toml", "no_text", "unknown_limit", "no_number", "negative", "empty"],
)
def test_a_corrupt_policy_stops_the_start(kept, tmp_path, content, words):
    (tmp_path / "policy.toml").write_bytes(content)
    told_in_one_line(run(kept, "cycle", SAGE_POLICY=str(tmp_path / "policy.toml")), 1, *words)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("sage.db", b"no database at all, only words", ("sage.db cannot be used", "backup")),
        ("sage.db", b"SQLite format 3\x00" + b"\xff" * 500, ("sage.db", "backup")),
        ("checkpoints.db", b"no database at all, only words", ("checkpoints.db cannot be used", "Move the file away")),
        (".env", b"\xff\xfe", ("settings cannot be read: .env", "Correct .env")),
        ("sage.toml", b"[[[", ("settings cannot be read: sage.toml", "Correct sage.toml")),
        ("sage.db", None, ("sage.db cannot be used", "backup")),
        ("sage.log", None, ("cannot be used", "--home")),
    ],
    ids=["no_database", "half_a_database", "no_checkpoints", "env", "toml", "a_folder_for_a_database", "no_log"],
)
def test_a_spoilt_file_is_named_and_left_as_it_is(tmp_path, name, content, words):
    place = tmp_path / name
    place.mkdir() if content is None else place.write_bytes(content)
    told_in_one_line(run(tmp_path, "cycle", "--symbols", NIMBO), 1, *words)
    assert place.is_dir() if content is None else place.read_bytes() == content
    place.rename(tmp_path / "aside")
    assert run(tmp_path, "cycle", "--symbols", NIMBO)[0] == 0, "the next run works"


def test_a_database_of_another_version_is_not_touched(tmp_path):
    run(tmp_path, "status")
    with closing(sqlite3.connect(tmp_path / "sage.db")) as database, database:
        database.execute("UPDATE schema_version SET version = 999")
    told_in_one_line(run(tmp_path, "status"), 1, "schema version 999", "Use the program that made it")


@pytest.mark.parametrize("command", ["cycle", "status", "kill"])
def test_a_home_that_is_a_file_is_named(tmp_path, command):
    (tmp_path / "file").touch()
    ran = run(tmp_path, "--home", str(tmp_path / "file"), command)
    told_in_one_line(ran, 1, "file")
    assert (tmp_path / "file").read_bytes() == b""


def test_what_nobody_expected_is_one_line_and_the_log_has_the_rest(tmp_path):
    run(tmp_path, "status")
    with closing(sqlite3.connect(tmp_path / "sage.db")) as database, database:
        database.execute("UPDATE control SET mode = 'flying'")
        database.execute("DROP TABLE cursors")
    code, out, err = run(tmp_path, "cycle", "--symbols", NIMBO)
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert err.startswith("sage: ")


MODELS = {
    "down": ((refused(503, headers={"Retry-After": "0"}),), "server"),
    "wrong_key": ((refused(401, "invalid_api_key"),), "unauthorised"),
    "no_such_model": ((refused(404, "model_not_found"),), "unknown_model"),
    "nonsense": ((completion("\ufffd buy buy buy"),), "garbage"),
    "refusing": ((completion(None, refusal="No."),), "refusal"),
    "cut_off": ((completion('{"symbol":', finish="length"),), "length"),
}


def with_model(home, server, **environment):
    told = {"OPENAI_API_KEY": "sk-planted-key", "OPENAI_BASE_URL": server.base_url, **environment}
    return run(home, "cycle", "--symbols", NIMBO, "--model", "openai:test", "--json", **told)


@pytest.mark.parametrize("case", MODELS)
def test_a_hosted_model_that_fails_costs_the_entry_and_nothing_else(tmp_path, case):
    script, reason = MODELS[case]
    with openai_server(*script) as server:
        report = document(with_model(tmp_path, server))
    assert (report["orders"], report["model"]) == ([], "openai:test")
    assert f"advisor: {reason}" in report["degraded"]
    kept = "".join(path.read_text(errors="replace") for path in (tmp_path / "sage.log", tmp_path / "sage.db"))
    assert "sk-planted-key" not in kept + json.dumps(report)
    assert case != "down" or document(run(tmp_path, "cycle", "--symbols", NIMBO, "--json"))["orders"], "works again"


def test_a_hosted_model_that_hangs_is_left_after_its_time(tmp_path):
    with openai_server(Scripted("", held=True)) as server:
        told = {"SAGE_MODEL_TIMEOUT_S": "0.05", "SAGE_MAX_CALLS_PER_CYCLE": "1"}
        report = document(with_model(tmp_path, server, **told))
    assert "advisor: timeout" in report["degraded"]
    assert report["orders"] == []


@pytest.mark.parametrize(
    ("source", "mood"), [("rss", 500), ("rss", "garbage"), ("rss", "empty"), ("newsapi", 401), ("newsapi", "garbage")]
)
def test_news_that_fail_are_named_and_the_cycle_goes_on_without(tmp_path, source, mood):
    with Loopback(lambda _request: Answer(b""), mood=mood) as server:
        told = {"SAGE_RSS_FEEDS": server.url, "NEWSAPI_KEY": "planted", "NEWSAPI_BASE_URL": server.url}
        report = document(run(tmp_path, "cycle", "--symbols", NIMBO, "--news", source, "--json", **told))
    assert report["degraded"].startswith("news: ")
    assert [order["symbol"] for order in report["orders"]] == [NIMBO]


@pytest.mark.parametrize(
    "environment",
    [{"SAGE_REDIS_URL": "redis://127.0.0.1:1/0"}, {"SAGE_CHROMA_URL": "http://127.0.0.1:1"}],
    ids=["bus", "memory"],
)
def test_a_server_that_only_informs_is_missed_and_nothing_waits_for_it(tmp_path, environment):
    report = document(run(tmp_path, "cycle", "--symbols", NIMBO, "--json", **environment))
    assert [order["symbol"] for order in report["orders"]] == [NIMBO]
    assert report["degraded"]
