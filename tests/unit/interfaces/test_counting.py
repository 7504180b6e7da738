"""One of a thing is one on every face, none is a word, and a percentage has the same places wherever it is told."""

from dataclasses import replace
from decimal import Decimal
from io import StringIO

import pytest
from rich.console import Console

from domain.orders import OrderStatus
from interfaces.cli import render
from interfaces.telegram_bot.screens import records, state
from tests.builders import views

D = Decimal


def terminal(screen):
    out = StringIO()
    Console(file=out, width=120).print(screen)
    return " ".join(out.getvalue().split())


def a_pnl(trades, wins, *, days=1, drawdown="0.09"):
    found = replace(views.some_statistics(), trades=trades, days=days, max_drawdown_pct=D(drawdown))
    return replace(views.a_pnl(found), closed_trades=trades, wins=wins, drawdown_pct=D(drawdown))


def test_a_stop_order_says_where_it_stands():
    order = views.an_order(status=OrderStatus.ACCEPTED, limit_price=None, trigger_price=D("180"))
    assert state.order_words(order) == "buy 60 AAPL stop 180.00"


@pytest.mark.parametrize(
    ("screen", "told"),
    [
        (terminal(render.pnl(a_pnl(0, 0))), "closed trades none"),
        (terminal(render.pnl(a_pnl(1, 1))), "closed trades 1, of which 1 won"),
        (terminal(render.stats(a_pnl(1, 1))), "rest on 1 day"),
        (state.pnl(a_pnl(1, 1)).plain, "1 trade closed, 1 won."),
        (state.stats(a_pnl(2, 1, days=2)).plain, "rest on 2 days"),
        (state.stats(a_pnl(1, 1)).plain, "rest on 1 day"),
        (state.profits(replace(views.some_profits(), trades=1, wins=0), "pnl").plain, "1 trade closed, 0 won"),
        (terminal(render.profits(replace(views.some_profits(), trades=0, wins=0))), "closed trades none"),
        (state.profits(replace(views.some_profits(), trades=0, wins=0), "pnl").plain, "No trade closed since"),
        (state.profits(views.some_profits(), "pnl").plain, "Profit and loss, week by day"),
        (state.orders(replace(views.some_orders(), orders=(views.an_order(),))).plain, "AAPL at 187.40 filled at"),
        (records.agents(views.a_cycle_report()).plain, "17 model calls, tokens 24,310 in and 3,120 out"),
    ],
)
def test_things_are_counted_as_people_do(screen, told):
    assert told in screen.replace("\n", " ").strip()
    assert f"{told}s" not in screen


def test_a_drawdown_is_the_same_on_every_screen():
    view = a_pnl(3, 2)
    assert "below it by 0.09 %" in terminal(render.pnl(view))
    assert "worst drawdown 0.09 %" in terminal(render.stats(view))
    assert "0.09 %" in state.pnl(view).plain
    assert "0.09 %" in state.stats(view).plain


def test_a_symbol_has_no_return_of_its_own():
    of_symbol = replace(views.some_profits(), what="NIMBO", pnl_pct=None)
    assert "unknown" not in terminal(render.profits(of_symbol)).partition("realised")[0]


def test_an_order_of_which_nothing_is_left_counts_none_of_none():
    orders = replace(views.some_orders(), orders=(views.an_order(qty=0, filled_qty=D(0)),))
    assert "0 of 0" not in terminal(render.orders(orders))


def test_an_order_at_one_of_several_brokers_says_at_which():
    orders = replace(views.some_orders(), orders=(views.an_order(broker_id="paper:b/7"),))
    assert "at paper:b" in terminal(render.orders(orders))
    assert "paper:b: " in state.orders(orders).plain
