"""Where a holding lies, in a home of two brokers: each has a line on every screen of what is held."""

from io import StringIO

import pytest
from rich.console import Console

from domain.errors import SourceUnavailable
from interfaces.cli import render
from interfaces.service import Service
from interfaces.telegram_bot.screens import state as screens
from tests.builders.runtime import KORVA, a_cycle, a_runtime

TWO = "paper:a,paper:b"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """KORVA is held at the first of two."""
    folder = tmp_path_factory.mktemp("two")
    with a_runtime(folder, broker=TWO, start_cash=50_000) as runtime:
        a_cycle(runtime, KORVA)
    return folder


def told_by(view):
    """The lines of each face."""
    out = StringIO()
    Console(file=out, width=100).print(render.positions(view))
    return " ".join(out.getvalue().split()), screens.positions(view).plain


def test_each_broker_has_a_line_with_what_lies_there(home):
    with a_runtime(home, broker=TWO, start_cash=50_000) as runtime:
        view = Service(runtime).positions()
    (row,) = view.positions
    assert [(each.broker, each.held) for each in view.places] == [("paper:a", {KORVA: row.qty}), ("paper:b", {})]
    terminal, phone = told_by(view)
    assert f"Where it lies paper:a {row.qty:f} KORVA paper:b nothing" in terminal
    assert f"paper:a: {row.qty:f} KORVA\npaper:b: nothing" in phone


def test_one_that_is_silent_says_so_and_the_other_one_still_tells(home):
    with a_runtime(home, broker=TWO, start_cash=50_000) as runtime:
        runtime.deps.broker._broker.seats[1].broker = Silent()
        view = Service(runtime).positions()
    assert [each.held is None for each in view.places] == [False, True]
    terminal, phone = told_by(view)
    assert "paper:b does not answer" in terminal
    assert "paper:b: ⚠ does not answer" in phone


def test_a_home_of_one_broker_has_no_such_lines(traded_home):
    with a_runtime(traded_home) as runtime:
        view = Service(runtime).positions()
    assert view.positions
    assert view.places == ()
    assert "Where it lies" not in told_by(view)[0]


class Silent:
    """Says nothing to anybody."""

    paper = True

    def __getattr__(self, name):
        raise SourceUnavailable(f"no answer to {name}")
