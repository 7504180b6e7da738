"""Screens: escaped, aligned, no longer than a message; and commands that are told with their right words."""

import html
import re
from decimal import Decimal

import pytest

from interfaces.telegram_bot.commands import BY_NAME, COMMANDS, Level, menu, nearest
from interfaces.telegram_bot.looking import here
from interfaces.telegram_bot.screens import control, gates, pieces
from interfaces.telegram_bot.screens.pieces import page, table, view_button, words
from interfaces.views.control import RiskRow
from interfaces.views.gates import RiskView
from interfaces.views.state import State
from tests.builders import views
from tests.builders.views import AT
from trading.store.people.roles import Role

D = Decimal
EVIL = "<b>bold</b> & <script>\u202e\x1b[31m\x00 \u200bx"


@pytest.mark.parametrize("piece", [pieces.words, pieces.bold, pieces.dim, pieces.code])
def test_text_from_outside_has_no_marks_of_its_own(piece):
    told = piece(EVIL)
    assert "<script>" not in told.html
    assert "\u202e" not in told.html + told.plain
    assert html.unescape(re.sub(r"</?(?:b|i|code)>", "", told.html)) == told.plain


def test_a_table_is_aligned_and_escaped():
    told = table([("A<", "1.00"), ("LONGER", "12,345.60")], "lr")
    assert told.plain == "A<          1.00\nLONGER 12,345.60"
    assert told.html == "<pre>A&lt;          1.00\nLONGER 12,345.60</pre>"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (RiskRow("C1", D(10), D(5), D(50), State.OK, unit="USD"), "5.00 10.00 50%"),
        (RiskRow("C4", D(5), D(4), D(20), State.OK, unit="count"), "4 5 1 more"),
        (RiskRow("E13_macro", D(24), D(147), None, State.OK, unit="hours"), "147 h 24 h 5 d"),
        (RiskRow("D6", D(30), D(5), None, State.TIGHT, unit="days"), "5 d 30 d -25 d"),
        (RiskRow("C15", D(1000), D(95000), D(9400), State.OK, unit="USD"), "95,000.00 1,000.00 over"),
        (RiskRow("A4", D(0), "REDUCING", None, State.FAILED), "REDUCING -"),
    ],
    ids=["share", "count", "event_far_off", "wash_sale_that_warns", "least", "state"],
)
def test_room_is_a_word_on_a_phone_where_no_share_is_left(row, told):
    screen = gates.risk(RiskView(AT, (row,), "NIMBO"), views.a_status(), 2)
    assert " ".join(screen.plain.split()).endswith(told)


def test_no_line_of_a_table_is_wider_than_a_phone():
    assert max(map(len, table([("x" * 90, "y" * 90)], "lr").plain.splitlines())) <= pieces.WIDEST


def test_a_table_that_is_too_wide_gives_up_names_and_never_the_end_of_a_figure():
    told = table([("approval_required_above_notional_value", "123,458,000.00"), ("x", "no")], "lr").plain.splitlines()
    assert [line.split()[-1] for line in told] == ["123,458,000.00", "no"]
    assert max(map(len, told)) <= pieces.WIDEST


def test_a_page_says_the_same_with_and_without_marks():
    shown = page("Title", words("one & two"), table([("a", "b")], "ll"), note="now")
    assert html.unescape(re.sub(r"</?[a-z]+>", "", shown.html)) == shown.plain


def test_a_button_carries_at_most_what_telegram_takes():
    assert view_button("x", "explain", "dec-" + "a" * 80).callback == "v:help"
    assert view_button("x", "explain", "dec-a", here=True).callback == "r:explain dec-a"


@pytest.mark.parametrize("value", [None, Decimal("NaN")])
def test_money_that_nobody_knows_is_a_question_mark_or_says_so(value):
    assert pieces.money(value) in ("?", "NaN")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_help_with_an_example_that_is_its_own(command):
    shown = control.help_one(command)
    assert command.example.split()[0] == f"/{command.name}"
    assert command.example in shown.plain
    assert command.usage in shown.plain
    assert 1 <= len(command.help) <= 60


def test_the_menu_is_one_that_telegram_takes():
    assert all(re.fullmatch(r"[a-z0-9_]{1,32}", name) and 1 <= len(told) <= 256 for name, told in menu())
    assert len(menu()) <= 100


def test_what_cannot_be_taken_back_takes_more_than_looking_on():
    own = {"alerts", "quiet", "mute"}  # how one is told oneself
    assert {one.name for one in COMMANDS if one.level is not Level.READ and one.role is Role.VIEWER} == own
    assert {one.name for one in COMMANDS if one.role is Role.OWNER} >= {"resume", "role"}


@pytest.mark.parametrize(("typed", "meant"), [("statu", "status"), ("positons", "positions"), ("zzz", None)])
def test_a_slip_is_understood(typed, meant):
    assert nearest(typed) == (None if meant is None else BY_NAME[meant])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("See `sage orders`.", "See /orders."),
        ("`sage resume` again", "/resume again"),
        ("`sage limits --accept`", "`sage limits --accept`"),
        ("`sage kill --flatten` again", "/kill flatten again"),
        ("`sage doctor`", "`sage doctor`"),
    ],
)
def test_commands_of_the_terminal_are_told_as_those_of_the_chat_where_there_are_such(text, told):
    assert here(text) == told
