"""Ledger entries, log lines and settings for people: newest first, one line each, and no secret in any of them."""

import json
from contextlib import chdir
from typing import Any

import pytest

from domain.errors import ConfigurationError, UsageError
from domain.record.canonical import canonical_json
from domain.record.entries import RecordKind
from interfaces.service import Service
from interfaces.telling.recorded import LONGEST_TOLD, TAIL
from interfaces.views.records import SuiteRow
from tests.builders.market import NOON
from tests.builders.runtime import a_runtime
from trading.monitor.logs import CUT

SECRET = "correct-horse-battery"
BOT = "123456789:AAAAbbbbCCCCddddEEEEffffGGGGhhhhIII"


@pytest.fixture
def runtime(tmp_path):
    with a_runtime(tmp_path, telegram_bot_token=BOT, openai_api_key=SECRET) as opened:
        yield opened


def write_log(runtime, *lines):
    (runtime.setup.home / "sage.log").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def test_the_newest_entries_come_first_and_as_many_as_asked_for(runtime):
    for number in range(5):
        runtime.deps.stores.ledger.append(RecordKind.CONTROL, f"subject-{number}", {"number": number}, at=NOON)
    rows = Service(runtime).entries(3).entries
    assert [(row.subject, row.told) for row in rows] == [
        (f"subject-{number}", f'{{"number": {number}}}') for number in (4, 3, 2)
    ]
    assert [row.seq for row in rows] == sorted((row.seq for row in rows), reverse=True)


@pytest.mark.parametrize("secret", [SECRET, BOT, "password=hunter22", "Authorization: Bearer abcdefghijk"])
def test_an_entry_is_one_short_line_without_secrets(runtime, secret):
    body = {"a": f"said {secret} there", "b": "\x1b[2J\n\u202ebad" * 100}
    runtime.deps.stores.ledger.append(RecordKind.ACCESS, f"telegram\n{SECRET}", body, at=NOON)
    (row,) = Service(runtime).entries(1).entries
    assert CUT in row.told
    assert secret not in row.told
    assert SECRET not in row.subject
    assert "\n" not in row.subject + row.told
    assert len(row.told) <= LONGEST_TOLD


def test_the_log_is_told_from_its_end_with_the_error_of_a_traceback(runtime):
    line = {"at": "2026-03-17T15:00:00Z", "level": "ERROR", "logger": "app", "message": f"failed with {SECRET}"}
    trace = ["Traceback (most recent call last):", "ValueError: odd"]
    write_log(runtime, "not in its form", json.dumps(line), json.dumps(line | {"trace": trace}))
    newest, before, oldest = Service(runtime).logs(10).lines
    assert (newest.level, newest.logger, newest.message) == ("ERROR", "app", f"failed with {CUT} (ValueError: odd)")
    assert before.message == f"failed with {CUT}"
    assert (oldest.level, oldest.message) == ("", "not in its form")
    assert len(Service(runtime).logs(1).lines) == 1


def test_of_a_long_log_only_whole_lines_of_its_end_are_read(runtime):
    write_log(runtime, "x" * TAIL, "the last one")
    assert [line.message for line in Service(runtime).logs(10).lines] == ["the last one"]


def test_a_log_that_is_not_there_is_told(runtime):
    (runtime.setup.home / "sage.log").unlink()
    with pytest.raises(UsageError, match=r"the log sage\.log cannot be read"):
        Service(runtime).logs(10)


def test_settings_are_told_by_their_variables_without_any_secret(tmp_path):
    secrets: dict[str, Any] = {
        "telegram_bot_token": BOT,
        "openai_api_key": SECRET,
        "slack_webhook": "http://127.0.0.1/hook-of-ours",
        "rss_feeds": "https://me:pa/ss@feeds.example/a?key=abcd1234",
        "openai_base_url": "https://someone:pa/ss@gateway.example/v1",
    }
    with a_runtime(tmp_path, **secrets) as runtime:
        view = Service(runtime).config()
    told = {row.name: row for row in view.settings}
    assert (told["OPENAI_API_KEY"].value, told["OPENAI_API_KEY"].is_default) == ("set, not shown", False)
    assert (told["NEWSAPI_KEY"].value, told["NEWSAPI_KEY"].is_default) == ("", True)
    assert (told["SAGE_SEED"].value, told["SAGE_SEED"].is_default) == ("7", True)
    assert told["SAGE_RSS_FEEDS"].value == "https://[redacted]@feeds.example/a?[redacted]"
    text = canonical_json(view)
    assert not [each for each in (BOT, SECRET, "hook-of-ours", "pa/ss", "abcd1234") if each in text]


def test_the_report_of_this_folder_tells_how_the_evals_went_and_else_the_baseline(runtime, tmp_path):
    with chdir(tmp_path):
        shipped = Service(runtime).evals()
        assert shipped.source == "the committed baseline"
        assert {"S1_structured", "S2_gates"} <= {suite.name for suite in shipped.suites}
        assert all(0 < suite.passed <= suite.total and suite.ok is None for suite in shipped.suites)
        suite = {"name": "S2_gates", "total": 9, "passed": 8, "ok": False}
        (tmp_path / "report").mkdir()
        (tmp_path / "report" / "report.json").write_text(json.dumps({"schema": 1, "suites": [suite]}))
        assert Service(runtime).evals().suites == (SuiteRow("S2_gates", 9, 8, ok=False),)
        (tmp_path / "report" / "report.json").write_text("{}")
        with pytest.raises(ConfigurationError, match="is no report"):
            Service(runtime).evals()
