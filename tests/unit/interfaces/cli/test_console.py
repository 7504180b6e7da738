"""Streams: data here, talk there; one JSON document; nothing that a terminal obeys."""

import io
import json

import pytest

from domain.errors import ConfigurationError, UsageError
from domain.record.canonical import plain
from interfaces.cli import render
from interfaces.cli.console import Terminal, json_text
from tests.builders.views import a_cycle_report, a_seen_row, a_status


@pytest.fixture
def streams():
    return io.StringIO(), io.StringIO()


def test_a_view_goes_to_standard_output(streams):
    out, err = streams
    Terminal(out=out, err=err).show(a_status(), render.status)
    assert "kill switch" in out.getvalue()
    assert "\x1b" not in out.getvalue()
    assert err.getvalue() == ""


def test_json_is_one_document_and_nothing_else(streams):
    out, err = streams
    terminal = Terminal(json=True, out=out, err=err)
    terminal.note("looking")
    with terminal.working("looking") as now:
        now("still")
    terminal.show(a_status(), render.status)
    assert json.loads(out.getvalue()) == plain(a_status())
    assert err.getvalue() == "looking\n"


def test_quiet_silences_talk_but_neither_data_nor_complaints(streams):
    out, err = streams
    terminal = Terminal(quiet=True, out=out, err=err)
    terminal.note("looking")
    assert err.getvalue() == ""
    terminal.fail(UsageError("no"))
    terminal.show(a_status(), render.status)
    assert err.getvalue() == "sage: no\n"
    assert out.getvalue()


@pytest.mark.parametrize(
    ("error", "line", "code"),
    [
        (UsageError("--as-of lies ahead", "Name a past time."), "sage: --as-of lies ahead. Name a past time.\n", 2),
        (ConfigurationError("no key\x1b[2J\nfor\u202e alpaca"), "sage: no key for alpaca\n", 1),
        (ConfigurationError("word " * 100), f"sage: {('word ' * 100).strip()}\n", 1),
    ],
    ids=["with_remedy", "hostile", "long_and_unbroken"],
)
def test_a_failure_is_one_line_and_a_code(streams, error, line, code):
    out, err = streams
    assert Terminal(out=out, err=err).fail(error) == code
    assert (out.getvalue(), err.getvalue()) == ("", line)


def test_json_moves_no_cursor():
    hostile = a_cycle_report(seen=(a_seen_row(topic="\x1b[2J\u202e\x9b1m\x7f"),))
    assert json_text(hostile).isascii()
    assert "\x1b" not in json_text(hostile)
    assert json.loads(json_text(hostile))["seen"][0]["topic"] == "\x1b[2J\u202e\x9b1m\x7f"


def test_a_terminal_that_knows_no_unicode_still_gets_its_screen():
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Terminal(out=out, err=io.StringIO()).show(a_cycle_report(), lambda view: render.demo(view, ".sage/demo"))
    out.flush()
    told = out.buffer.getvalue().decode("ascii")
    assert "What was seen" in told
