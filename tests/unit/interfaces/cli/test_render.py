"""Screens: what each must tell, that it fits, and that no text from outside gets out of its cell."""

import dataclasses
import io
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from rich.console import Console

from domain.case import Mode, TradingState
from domain.decisions import Phase, Ruling
from domain.orders import OrderStatus
from domain.verdicts import Outcome
from interfaces.cli import render
from interfaces.cli.rendering.cycle import strands
from interfaces.telling.gates.gate_words import named_gate
from interfaces.views.charts import DrawnView
from interfaces.views.checks import DoctorRow, DoctorView
from interfaces.views.control import PendingView, PeopleView, RiskRow
from interfaces.views.cycles import ExplainView
from interfaces.views.experiments import ExperimentsView, row_of, view_of
from interfaces.views.gates import Basis, RiskView, TicketView
from interfaces.views.models import UsageView
from interfaces.views.state import OrdersView, PositionsView, State, TradesView
from tests.builders import duty_views, learning, model_use, views
from tests.builders.experiments import an_experiment
from tests.builders.views import AT, a_cycle_report, a_status, an_order, verdict

HOSTILE = "x\x1b[2J\x1b]0;t\x07\u202e\u200b\x9b1m\x00[red]y[/red]\r\n"

SCREENS: dict[str, tuple[Any, Any]] = {
    "demo": (lambda view: render.demo(view, ".sage/demo"), views.a_cycle_report()),
    "cycle": (render.cycle, views.a_cycle_report()),
    "agents": (render.agents, a_cycle_report(model_calls=views.some_model_calls())),
    "status": (render.status, views.a_status()),
    "positions": (render.positions, views.some_positions()),
    "orders": (render.orders, views.some_orders()),
    "trades": (render.trades, views.some_trades()),
    "pnl": (render.pnl, views.a_pnl()),
    "stats": (render.stats, views.a_pnl(views.some_statistics())),
    "profits": (render.profits, views.some_profits()),
    "risk": (render.risk, views.a_risk()),
    "limits": (render.limits, views.some_limits()),
    "tally": (render.tally, views.a_tally()),
    "ticket": (render.ticket, views.a_refused_ticket()),
    "whynot": (render.whynot, views.a_whynot()),
    "pending": (render.pending, views.some_pending()),
    "explain": (render.explain, views.an_explain()),
    "answer": (render.answer, views.an_answer()),
    "config": (render.config, views.some_settings()),
    "entries": (render.entries, views.some_entries()),
    "evals": (render.evals, views.some_evals()),
    "experiment": (render.experiment, view_of(an_experiment())),
    "experiments": (render.experiments, ExperimentsView(AT, (row_of(an_experiment()),) * 9)),
    "logs": (render.logs, views.some_logs()),
    "control": (render.control, views.a_control()),
    "locks": (render.locks, views.some_locks()),
    "doctor": (render.doctor, views.a_doctor()),
    "compared": (render.compared, views.a_comparison("position NVDA: ours 90, the broker's 80")),
    "difference": (render.difference, views.a_difference()),
    "adopted": (render.adopted, views.an_adoption()),
    "audit": (render.audit, views.an_audit("entry 17 was changed")),
    "memory": (render.memory, views.a_memory()),
    "memory_stats": (render.memory_stats, learning.a_memory_stats()),
    "recalled": (render.recalled, learning.a_recall()),
    "learned": (render.learned, learning.a_learning()),
    "mode": (render.mode, views.a_mode()),
    "policy_change": (render.policy_change, views.a_policy_change()),
    "resume_plan": (render.resume_plan, views.a_resume_plan()),
    "algo": (render.algo, duty_views.a_started_algo()),
    "algos": (render.algos, duty_views.some_algos()),
    "schedule": (render.schedule, duty_views.a_schedule_view()),
    "alerts": (render.alerts, duty_views.some_alerts()),
    "chat": (render.chat, duty_views.a_talk()),
    "wishes": (render.wishes, duty_views.some_wishes()),
    "watch": (render.watch, duty_views.a_watch()),
    "usage": (render.usage, model_use.a_usage()),
    "balance": (render.balance, views.a_balance()),
    "people": (render.people, views.some_people()),
    "drawn": (render.drawn, DrawnView(AT, "EQUITY", "equity.png")),
}
EMPTY: dict[str, tuple[Any, Any]] = {
    "positions": (render.positions, PositionsView(AT, ())),
    "orders": (render.orders, OrdersView(AT, ())),
    "profits": (render.profits, dataclasses.replace(views.some_profits(), rows=())),
    "trades": (render.trades, TradesView(AT, ())),
    "pending": (render.pending, PendingView(AT, ())),
    "explain": (render.explain, ExplainView(AT, "cyc-0", ())),
    "usage": (render.usage, UsageView(AT, 10, (), ())),
    "agents": (render.agents, None),
    "stats": (render.stats, views.a_pnl()),
    "experiments": (render.experiments, ExperimentsView(AT, ())),
    "recalled": (render.recalled, learning.a_recall(few=0)),
    "people": (render.people, PeopleView(AT, "root", ())),
}


def shown(renderable: Any, *, width: int = 80, terminal: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=terminal, color_system="standard" if terminal else None)
    console.print(renderable)
    return out.getvalue()


def flat(text: str) -> str:
    return " ".join(text.split())


def test_every_screen_is_tried():
    assert set(SCREENS) == set(render.__all__)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_keeps_its_width(name, width):
    draw, view = SCREENS[name]
    assert max(map(len, shown(draw(view), width=width).splitlines())) <= width


@pytest.mark.parametrize("name", SCREENS.keys() - {"demo", "cycle"})
def test_a_screen_is_one_screen(name):
    draw, view = SCREENS[name]
    assert len(shown(draw(view)).splitlines()) <= 32


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_list_says_so(name):
    draw, view = EMPTY[name]
    assert any(word in shown(draw(view)) for word in ("None", "Nothing"))


def poisoned(value: Any) -> Any:
    """The same view with every text in it replaced, however deep, but for closed words and parsed numbers."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return value if value.replace(".", "").replace("-", "").isdigit() else HOSTILE
    if isinstance(value, tuple):
        made = getattr(type(value), "_make", tuple)  # a NamedTuple stays one
        return made(poisoned(item) for item in value)
    if isinstance(value, Mapping):
        return {f"{HOSTILE}{key}": poisoned(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: poisoned(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **fields)
    return value


@pytest.mark.parametrize("name", SCREENS)
def test_no_text_gets_out_of_its_cell(name):
    draw, view = SCREENS[name]
    drawn = shown(draw(poisoned(view)), width=200)
    assert not {char for char in drawn if char in "\x1b\x07\x9b\x00\r\u202e\u200b"}
    assert "[red]y[/red]" in drawn
    coloured = shown(draw(poisoned(view)), width=200, terminal=True)
    assert "\x1b[2J" not in coloured
    assert "\x1b]" not in coloured


def test_the_story_tells_each_fate():
    told = flat(shown(render.cycle(a_cycle_report()), width=120))
    for fate in (
        "AAPL buy 120 take allow take 120 filled 120",
        "MSFT buy 40 reduce to 50 % shrink to 25 % shrink 10 filled 10",
        "TSLA buy 80 take block skip nothing sent",
        "NVDA buy 90 take ask take 90 waits for you",
        "AMZN buy 300 take allow take 300 refused",
        "XOM sell 50 not asked not asked take 50 accepted",
        "4 texts, 1 hostile, ignored",
        "refused: c1 position pct, 53.46 where the limit is 10 (C1_position_pct)",
        "waits for a person: e8 approval, 82,107 where the limit is 50,000 (E8_approval)",
        "Monitor watchful, asks to tighten",
        "17 model calls, 27,430 tokens",
    ):
        assert fate in told


def test_fills_are_shown_at_their_average():
    assert "at 187.25" in shown(render.cycle(a_cycle_report()))


def test_the_demo_ends_with_what_to_try_next():
    told = shown(render.demo(a_cycle_report(), ".sage/demo", views.an_explain().explanations[-1]))
    assert "AAPL: what became of it" in told
    assert told.index("Try next") > told.index("what became of it")
    assert "sage --home .sage/demo approve apr-k3v5xw2a7qme" in told
    assert "1 waiting for you: sage --home .sage/demo pending" in told
    assert "sage --home 'my home/demo' risk" in shown(render.demo(a_cycle_report(), "my home/demo"))
    assert "1 waiting for you: sage pending" in shown(render.cycle(a_cycle_report()))
    assert "sage approve" not in shown(render.demo(a_cycle_report(pending=()), ".sage/demo"))


def test_what_was_sent_is_told_with_what_became_of_it_and_what_was_not_without():
    report = a_cycle_report()
    sent = report.orders[0]
    before = dataclasses.replace(
        report.explanations[0], decision_id=sent.decision_id, phase=Phase.BEFORE, statements=("Nothing is sent yet.",)
    )
    after = dataclasses.replace(before, phase=Phase.AFTER, source="template", statements=("It stands as filled.",))
    told = dataclasses.replace(report, explanations=(before,))
    both = flat(shown(render.demo(told, ".sage/demo", after)))
    places = [
        both.index(each) for each in ("Nothing is sent yet.", f"{sent.symbol}: what became", "It stands as filled.")
    ]
    assert places == sorted(places)
    assert f"{sent.symbol}: what became" not in flat(shown(render.demo(told, ".sage/demo")))


@pytest.mark.parametrize(
    ("texts", "hostile", "told"),
    [(0, 0, "none"), (0, 1, "1 hostile, ignored"), (1, 1, "1 text, 1 hostile, ignored"), (2, 0, "2 texts on")],
)
def test_the_table_tells_the_hostile_texts_that_the_monitor_tells(texts, hostile, told):
    report = a_cycle_report()
    row = dataclasses.replace(report.seen[0], texts=texts, suspicious=hostile, topic="guidance")
    drawn = flat(shown(render.cycle(dataclasses.replace(report, seen=(row,))), width=120))
    assert f"{row.score:+.2f} {told}" in drawn


def test_a_cycle_without_candidates_is_a_story_too():
    report = a_cycle_report(candidates=(), decisions=(), verdicts=(), orders=(), fills=(), explanations=(), pending=())
    assert "no model was asked and nothing was sent" in flat(shown(render.demo(report, ".sage/demo")))


def test_what_a_cycle_did_without_is_said():
    report = a_cycle_report(degraded="the model is away", missing=("news: no answer",), model="rules", monitor=None)
    told = flat(shown(render.cycle(report)))
    assert "Degraded: the model is away" in told
    assert "Did without: news: no answer" in told
    assert "model rules, which is no language model" in told


def test_agents_tell_who_said_what_at_what_cost_and_in_what_time():
    told = flat(shown(render.agents(a_cycle_report(model_calls=views.some_model_calls())), width=120))
    for part in (
        "TSLA take, 60 % sure block, news contradicts thesis skip",
        "advisor openai:gpt-large 6 1 12,400 1,800 0.0300",
        "Cost 17 calls, 27,430 tokens, 0.0412 USD",
        "Time 2,653 ms in all, the slowest steps first advise 2,210 ms, observe 410 ms, submit 33 ms",
    ):
        assert part in told
    many = a_cycle_report(candidates=a_cycle_report().candidates * 3)
    assert "and 8 more" in shown(render.agents(many))


def test_stats_say_how_much_they_rest_on():
    told = flat(shown(render.stats(views.a_pnl(views.some_statistics()))))
    assert "win rate 52.94 % expectancy +72.97" in told
    assert "Sharpe 1.31 ± 0.44 drawdown and Sharpe rest on 41 days" in told


def test_many_refusals_are_counted():
    report = a_cycle_report(verdicts=tuple(verdict("AMZN", f"G{n}", Outcome.DENY) for n in range(9)))
    assert "and 6 more gates" in shown(render.cycle(report))


def test_a_strand_holds_all_that_is_known_of_a_candidate():
    told = {str(strand.candidate.symbol): strand for strand in strands(a_cycle_report())}
    assert told["AAPL"].order is not None
    assert told["AAPL"].order.leg == "entry"
    assert len(told["AAPL"].fills) == 2
    assert told["TSLA"].inspection is not None
    assert told["TSLA"].inspection.ruling is Ruling.BLOCK
    assert told["XOM"].advice is None
    assert told["NVDA"].pending is not None


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"kill_switch": True}, "kill switch ON"),
        ({"degraded": "model away"}, "degraded model away"),
        ({"paused": ()}, "paused nothing"),
        ({"last_cycle": None, "last_cycle_at": None}, "last cycle none yet"),
        ({}, "symbol TSLA until 2026-03-17 17:00 UTC, by owner: earnings tonight"),
        ({}, "news newsapi down 1 h limit of requests reached"),
    ],
)
def test_status_tells_what_matters(fields, told):
    assert told in flat(shown(render.status(a_status(**fields))))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        pytest.param({}, "trading ACTIVE size", id="nothing_stops"),
        pytest.param(
            {"kill_switch": True}, "trading the kill switch stops every order next: sage resume size", id="killed"
        ),
        pytest.param(
            {"mode": Mode.OBSERVE}, "trading mode observe sends no orders next: sage mode paper size", id="observe"
        ),
        pytest.param({"mode": Mode.OFF}, "trading mode off sends no orders next: sage mode paper size", id="off"),
        pytest.param({"mode": Mode.APPROVE}, "trading ACTIVE size", id="approve"),
        pytest.param(
            {"trading_state": TradingState.REDUCING, "why": "breaker: odd"},
            "trading REDUCING: only exits are sent breaker: odd next: sage resume size",
            id="reducing",
        ),
        pytest.param(
            {"kill_switch": True, "trading_state": TradingState.HALTED, "mode": Mode.OBSERVE},
            "trading the kill switch stops every order HALTED: nothing is sent mode observe sends no orders "
            "next: sage resume, then sage mode paper size",
            id="all_three",
        ),
    ],
)
def test_status_says_what_stops_orders_and_what_comes_next(fields, told):
    assert told in flat(shown(render.status(a_status(**fields))))


def test_after_a_kill_trading_is_not_called_active():
    told = flat(shown(render.control(dataclasses.replace(views.a_control(), kill_switch=True))))
    assert "trading stopped; next: sage resume" in told
    assert "ACTIVE" not in told


def test_an_order_of_unknown_fate_stands_out():
    order = an_order(status=OrderStatus.UNKNOWN, reason="no answer")
    drawn = shown(render.orders(OrdersView(AT, (order,))), terminal=True)
    assert "\x1b[33munknown" in drawn
    assert order.client_order_id in drawn


def test_a_position_that_the_broker_counts_differently_is_red():
    drawn = shown(render.positions(views.some_positions()), terminal=True)
    assert re.search(r"\x1b\[31m *-1,100", drawn)
    assert re.search(r"\x1b\[32m *120", drawn)


def test_risk_groups_by_family_with_what_stops_first_and_what_has_no_figure_last():
    drawn = shown(render.risk(views.a_risk()))
    told = flat(drawn)
    order = (
        "Stops the smallest entry into AAPL now",
        "open positions (C4)",
        "quote age (E4)",
        "Size and exposure",
        "position share of equity (C3)",
        "cash reserve (C15)",
        "Losses",
        "day loss (G1)",
        "Fine, with nothing to measure",
        "kill switch (A1)",
        "Not measured here: looks at an approval",
        "Not set in this policy",
        "correlated cluster (C9)",
    )
    places = [told.index(each) for each in order]
    assert places == sorted(places)
    assert "10 % 4.2 % 58.0 %" in told
    assert "1,000.00 95,000.00 94,000.00 over" in told
    assert "15 s - There is no usable quote." in told
    assert "0dff46e985db3… 74d1a528ab5f0…" in told
    assert "300 M 18,500 M" in told


@pytest.mark.parametrize(
    ("row", "told"),
    [
        pytest.param(
            RiskRow("C4", Decimal(5), Decimal(4), Decimal(20), State.OK, unit="count"), "5 4 1 more", id="count"
        ),
        pytest.param(
            RiskRow("C16", Decimal(1), Decimal(1), Decimal(0), State.TIGHT, unit="count"),
            "1 1 none",
            id="count_used_up",
        ),
        pytest.param(
            RiskRow("E13_macro", Decimal(24), Decimal(147), None, State.OK, unit="hours"),
            "24 h 147 h 5 d to spare",
            id="event_far_off",
        ),
        pytest.param(
            RiskRow("D6", Decimal(30), Decimal(5), None, State.TIGHT, unit="days"),
            "30 d 5 d 25 d too soon",
            id="wash_sale_that_warns",
        ),
        pytest.param(
            RiskRow("C15", Decimal(1000), Decimal(900), Decimal(-10), State.TIGHT, unit="USD"),
            "1,000.00 900.00 100.00 short",
            id="least",
        ),
        pytest.param(
            RiskRow("E4", Decimal(15), Decimal(6), Decimal(60), State.OK, unit="seconds"), "15 s 6 s 60.0 %", id="age"
        ),
        pytest.param(
            RiskRow("E11_index", Decimal(-3), Decimal("-0.75"), Decimal(75), State.OK, unit="pct"),
            "-3 % -0.75 % 75.0 %",
            id="fall",
        ),
        pytest.param(
            RiskRow("A4", Decimal(0), "REDUCING", None, State.FAILED, "trading state", note="Only exits."),
            "trading state (A4) - REDUCING Only exits.",
            id="state",
        ),
    ],
)
def test_room_is_told_in_the_words_of_its_limit(row, told):
    drawn = flat(shown(render.risk(RiskView(AT, (row,))), width=60))
    assert told in drawn
    assert "999" not in drawn


@pytest.mark.parametrize(
    ("headroom", "cells"), [("100", 0), ("50", 5), ("0", 10), ("-300", 10)], ids=["empty", "half", "full", "beyond"]
)
def test_the_bar_shows_how_much_is_used(headroom, cells):
    row = RiskRow("C1", Decimal(10), Decimal(5), Decimal(headroom), State.OK)
    assert shown(render.risk(RiskView(AT, (row,))), width=120).count("━") == cells
    assert shown(render.risk(RiskView(AT, (row,)))).count("━") == 0, "no room for a bar"


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_names_of_limits_are_never_cut(width):
    for view in (views.some_limits(), views.changed_limits()):
        drawn = shown(render.limits(view), width=width)
        assert "approval_required_above_notional" in drawn
        assert max(map(len, drawn.splitlines())) <= width
        assert "…" not in drawn


@pytest.mark.parametrize("width", [60, 120])
def test_limits_show_values_in_their_units_with_what_they_mean(width):
    told = flat(shown(render.limits(views.some_limits()), width=width))
    assert "Limits paper 3f9a3f9a3f9a, loaded 3 h ago" in told
    for line in (
        "8,000.00 entries worth more wait",
        "AAPL, TSLA only these",
        "XYZ these",
        "no more may be sold",
        "10 %",
    ):
        assert line in told
    assert "no gate reads it" in told
    assert told.index("Control") < told.index("mode paper") < told.index("Form of the order")


@pytest.mark.parametrize("width", [60, 80])
def test_a_comparison_tells_the_direction(width):
    told = flat(shown(render.limits(views.changed_limits()), width=width)).replace("→ ", "")
    assert "looser" in told
    assert "8,000.00 15,000.00" in told
    assert "not set 15 s" in told
    same = dataclasses.replace(views.changed_limits(), changes=())
    assert "bold sets the same limits as paper." in shown(render.limits(same))


@pytest.mark.parametrize("waits", [True, False])
def test_the_heading_of_the_limits_says_that_the_policy_waits(waits):
    view = dataclasses.replace(views.some_limits(), waits=waits, in_force=not waits)
    told = flat(shown(render.limits(view)))
    assert ("not in force waits for your word: sage limits --accept" in told) is waits
    assert ("loaded 3 h ago" in told) is not waits


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "order notional (C1) 50,000.00 82,107.00 refused The order is worth more than an order may be."),
        ({}, "Would pass: up to 54; order notional (C1) stops the next one. Asked of the recorded state."),
        ({"needs_approval": True}, "Would pass: up to 54 with a person's yes"),
        ({"stopped_by": None}, "Would pass: up to 54."),
        ({"asked_at": AT}, f"When it was asked, {AT:%Y-%m-%d %H:%M} UTC gate"),
        ({"asked_at": AT, "decision_id": None, "decided_at": None}, f"Asked now, {AT:%Y-%m-%d %H:%M} UTC gate"),
        ({"basis": Basis.PRESENT}, "Now: would pass: up to 54; order notional (C1) stops the next one."),
        ({"nearest_price": Decimal("912.3")}, "Would pass: up to 54 at 912.30; order notional (C1) stops"),
        ({"note": "the order cannot be priced"}, "may be. The order cannot be priced. Would pass"),
        (
            {"nearest_qty": Decimal(0), "at_any_size": ("A5", "A1"), "basis": Basis.PRESENT},
            "Now: no size would pass: release (A5), kill switch (A1) stand at any size.",
        ),
        ({"nearest_qty": Decimal(0), "stopped_by": "Z9"}, "No size would pass: Z9 stands at any size."),
        ({"basis": Basis.PRESENT}, "Asked of the state now, because the recorded one cannot be made again."),
        ({"decision_id": None, "basis": Basis.PRESENT}, "Asked of the state now."),
        ({"nearest_qty": Decimal(0), "at_any_size": ("E7",)}, "No size would pass: spread (E7) stands at any size."),
        (
            {"nearest_qty": Decimal(0), "at_any_size": ("A3", "E7")},
            "No size would pass: pause (A3), spread (E7) stand at any size.",
        ),
        ({"objections": (), "nearest_qty": None, "note": "no gate stood in its way"}, "No gate stood in its way."),
    ],
)
def test_why_not_tells_what_stood_in_the_way_and_what_would_pass(fields, told):
    assert told in flat(shown(render.whynot(views.a_whynot(**fields)), width=120))


def test_a_tally_counts():
    assert "DENY 1,200 PASS 3" in flat(shown(render.tally(views.a_tally())))


def test_a_request_shows_how_to_answer_it():
    told = flat(shown(render.pending(views.some_pending())))
    assert "buy 90 NVDA limit 912.30 10 min left" in told
    assert "sage approve apr-k3v5xw2a7qme or sage reject apr-k3v5xw2a7qme" in told


STANDS = "In the simulated market time goes on with the next `sage cycle`; until then it stays 2026-03-17 15:00 UTC."


@pytest.mark.parametrize(
    ("screen", "view"),
    [
        (render.status, views.a_status()),
        (render.pending, views.some_pending()),
        (render.algo, duty_views.a_started_algo()),
        (render.ticket, TicketView(AT, None, None, Decimal(9), order=an_order(), done=True)),
        (render.answer, dataclasses.replace(views.an_answer(), order=an_order())),
    ],
    ids=["status", "pending", "algo", "ticket", "answer"],
)
def test_where_time_stands_still_the_screen_says_what_moves_it(screen, view):
    assert "time goes on" not in shown(screen(view))
    assert STANDS in flat(shown(screen(dataclasses.replace(view, standstill=STANDS))))


def test_an_order_that_waits_for_a_yes_is_shown_with_its_worth_its_exits_and_the_room_it_leaves():
    order = dataclasses.replace(views.a_pending_row().order, qty=Decimal(9))
    room = (RiskRow("C1", Decimal(50_000), Decimal("8210.70"), Decimal("83.5"), State.OK, "order notional", "USD"),)
    why = views.a_whynot(objections=(), stopped_by="C1")
    view = TicketView(AT, order, Outcome.PASS, Decimal(9), why=why, waits=True, note="nothing is sent", room=room)
    told = flat(shown(render.ticket(view)))
    assert "buy 9 NVDA limit 912.30 for the day, worth 8,210.70 USD at its worst price, stop 880.00" in told
    assert "83.5 % left" in told
    assert "54 would pass; " in told


def test_books_that_differ_are_told_line_by_line():
    assert "Our books and the broker's agree." in shown(render.compared(views.a_comparison()))
    assert "sage reconcile --adopt NVDA" in flat(shown(render.compared(views.a_comparison("NVDA", held=True))))
    told = shown(render.compared(views.a_comparison("position NVDA: ours 90, the broker's 80")))
    assert "position NVDA: ours 90, the broker's 80" in told
    assert "agree" not in told


def test_an_expired_request_says_so():
    assert "expired" in shown(render.pending(PendingView(AT, (views.a_pending_row(expires_at=AT),))))


def test_sources_stand_beneath_the_explanation():
    told = flat(shown(render.explain(views.an_explain())))
    assert told.index("sma20 180.10 USD simulated bars") > told.index("stands above the average")


@pytest.mark.parametrize(("problems", "told"), [((), "none was changed"), (("entry 17 was changed",), "entry 17")])
def test_the_audit_names_what_is_wrong(problems, told):
    assert told in shown(render.audit(views.an_audit(*problems)))


@pytest.mark.parametrize(
    ("states", "told"),
    [
        pytest.param([State.OK, State.OFF], "Everything is in order.", id="all_well"),
        pytest.param([State.OK, State.TIGHT], "Nothing has failed; what is marked wants a look.", id="a_remark"),
        pytest.param([State.TIGHT, State.FAILED], "Not everything is in order: see above.", id="a_failure"),
    ],
)
def test_the_doctor_ends_with_a_verdict(states, told):
    rows = tuple(DoctorRow("check", state, "found") for state in states)
    assert told in shown(render.doctor(DoctorView(AT, State.FAILED not in states, rows)))


def test_an_adoption_says_which_orders_it_leaves():
    told = flat(shown(render.difference(dataclasses.replace(views.a_difference(), resting=1))))
    assert "1 order of ours in NVDA works on as before" in told
    assert "of ours in" not in flat(shown(render.difference(views.a_difference())))


def test_a_gate_without_a_figure_says_what_its_code_means():
    report = a_cycle_report()
    refused = report.verdicts[0]._replace(gate="E13", code="EARNINGS_UNKNOWN", outcome=Outcome.DENY)
    told = flat(shown(render.cycle(dataclasses.replace(report, verdicts=(refused,))), width=160))
    said = "refused: no source says when the next earnings report is due; SAGE_EVENTS can (earnings blackout, E13)"
    assert said in told


FIGURES = [
    pytest.param("E7", Decimal("0.5"), Decimal("0.5891"), ("0.5 %", "0.59 %"), id="percent"),
    pytest.param("A2", Decimal(7500), Decimal("7709.36"), ("7,500.00 USD", "7,709.36 USD"), id="money"),
    pytest.param("E4", Decimal(15), Decimal(31), ("15 s", "31 s"), id="seconds"),
    pytest.param("C4", Decimal(5), Decimal(6), ("5", "6"), id="count"),
    pytest.param("Z9", Decimal(5), Decimal("6.5"), ("5", "6.5"), id="no_longer_in_the_catalogue"),
]


@pytest.mark.parametrize(("gate", "limit", "value", "told"), FIGURES)
def test_a_cycle_shows_figures_in_the_unit_of_their_gate(gate, limit, value, told):
    report = a_cycle_report()
    refused = report.verdicts[0]._replace(gate=gate, outcome=Outcome.DENY, limit=limit, value=value)
    drawn = flat(shown(render.cycle(dataclasses.replace(report, verdicts=(refused,))), width=160)) + " "
    assert f", {told[1]} where the limit is {told[0]} (" in drawn


@pytest.mark.parametrize(("gate", "limit", "value", "told"), FIGURES)
def test_an_answer_shows_figures_in_the_unit_of_their_gate(gate, limit, value, told):
    refused = verdict("NVDA", gate, Outcome.DENY, limit=limit, value=value, note="odd")
    drawn = flat(shown(render.answer(dataclasses.replace(views.an_answer(), verdicts=(refused,))), width=160))
    assert f"{named_gate(gate)} refused {' '.join(told).replace(' USD', '')} " in drawn
    assert ": odd" in drawn


@pytest.mark.parametrize(
    ("code", "note", "told"),
    [
        pytest.param("RELEASE_MISMATCH", "policy", True, id="policy_not_in_force"),
        pytest.param("RELEASE_MISMATCH", "code", False, id="other_code"),
        pytest.param("SPREAD_TOO_WIDE", "policy", False, id="another_gate"),
    ],
)
def test_a_policy_that_is_not_in_force_is_refused_with_its_remedy(code, note, told):
    refused = verdict("NVDA", "A5", Outcome.DENY, note=note)._replace(code=code)
    answer = flat(shown(render.answer(dataclasses.replace(views.an_answer(), verdicts=(refused,))), width=160))
    report = a_cycle_report()
    ours = refused._replace(decision_id=report.verdicts[0].decision_id)
    cycle = flat(shown(render.cycle(dataclasses.replace(report, verdicts=(ours,))), width=160))
    assert ("`sage limits --accept`" in answer, "`sage limits --accept`" in cycle) == (told, told)


def test_an_explanation_shows_the_head_of_a_digest():
    view = views.an_explain()
    first = dataclasses.replace(view.explanations[0], statements=(f"A5 refused {'3f9a' * 16}, not {'77ab' * 16}.",))
    drawn = flat(shown(render.explain(dataclasses.replace(view, explanations=(first,)))))
    assert "A5 refused 3f9a3f9a3f9a, not 77ab77ab77ab." in drawn


def test_the_doctor_gives_the_remedy():
    assert "Set APCA_API_KEY_ID" in shown(render.doctor(views.a_doctor()))


def test_a_plan_says_what_is_released_and_what_was_found():
    drawn = flat(shown(render.resume_plan(views.a_resume_plan("NIMBO differs from the broker"))))
    assert "the broker rejected 5 orders in a row" in drawn
    assert "NIMBO differs from the broker" in drawn
    assert "nothing" in flat(shown(render.resume_plan(views.a_resume_plan())))


@pytest.mark.parametrize(
    ("share", "told"), [("1", "full"), ("0.25", "25 % of the usual size"), ("0.5", "50 % of the"), (None, "unknown")]
)
def test_the_status_shows_how_large_orders_may_be(share, told):
    status = views.a_status(ramp=None if share is None else Decimal(share))
    assert told in flat(shown(render.status(status)))


def test_the_status_shows_why_trading_stopped_and_which_policy_waits():
    drawn = flat(shown(render.status(views.a_status(why="breaker: 9 of 20", release="the policy mine loosens"))))
    assert "breaker: 9 of 20" in drawn
    assert "the policy mine loosens" in drawn


def test_an_order_by_hand_shows_what_it_became():
    told = flat(shown(render.ticket(TicketView(AT, None, None, Decimal(10), order=an_order(), done=True))))
    assert an_order().client_order_id in told
    assert "gate" not in told


def test_a_refused_order_by_hand_names_its_gates_and_the_nearest_that_would_pass():
    told = flat(shown(render.ticket(views.a_refused_ticket())))
    assert "C1" in told
    assert "up to 54" in told


def test_a_holding_that_is_bare_is_told_wherever_one_looks():
    line = "AAPL: 120 held, 100 covered by a stop, planned at 179.70"
    assert line in flat(shown(render.status(replace(a_status(), unprotected=(line,))), width=120))
    assert line in flat(shown(render.risk(replace(views.a_risk(), unprotected=(line,))), width=120))
    assert "partly, 100 covered" in flat(shown(render.positions(views.some_positions()), width=200))
