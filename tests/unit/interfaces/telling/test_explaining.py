"""Explaining by any name a thing goes by, before and after, from records alone."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.decisions import Phase
from domain.errors import UsageError
from domain.record.canonical import restore
from domain.record.entries import ClosedTrade, RecordKind
from domain.record.rendering import figure, render
from interfaces.service import Service
from interfaces.telling.explaining import became, brought, explain
from tests.builders.runtime import GONE, KORVA, NIMBO, OSTRE, SpyModel, a_runtime, entries_of


@pytest.fixture
def runtime(traded, clock):
    clock.at = GONE
    silent = SpyModel(lambda _request, _answer: AssertionError("an explanation is made of records"))
    with a_runtime(traded, clock=clock, model=silent) as runtime:
        yield runtime


def names(runtime):
    """Every kind of name of what happened to NIMBO, and the id of the closed trade."""
    (order,) = [each for each in entries_of(runtime) if each.symbol == NIMBO]
    ledger = runtime.deps.stores.ledger
    decision = ledger.entries(subject=order.decision_id, kind=RecordKind.DECISION)[0]
    (closed,) = ledger.entries(kind=RecordKind.TRADE_CLOSED)
    return {
        "decision": order.decision_id,
        "candidate": decision.cause,
        "order": order.client_order_id,
        "symbol": "NIMBO",
        "symbol_in_small_letters": "nimbo",
        "trade": closed.subject,
    }


@pytest.mark.parametrize("kind", ["decision", "candidate", "order", "symbol", "symbol_in_small_letters", "trade"])
def test_everything_with_a_name_is_explained_before_and_after(runtime, kind):
    view = explain(runtime, names(runtime)[kind], None)
    assert [told.phase for told in view.explanations] == [Phase.BEFORE, Phase.AFTER]
    assert {told.symbol for told in view.explanations} == {KORVA if kind == "trade" else NIMBO}


def test_after_a_trade_the_plan_its_slippage_what_it_brought_and_what_was_learned_are_told(traded_home, clock):
    clock.at = GONE + timedelta(days=7)
    with a_runtime(traded_home, clock=clock) as runtime:
        (closed,) = (restore(ClosedTrade, one.body) for one in entries_of_kind(runtime, RecordKind.TRADE_CLOSED))

        def said(name):
            return explain(runtime, name, Phase.AFTER).explanations[-1]

        told = said(closed.trade_id)
        figures = {one.ref.partition("@")[0]: Decimal(one.figure.split()[0]) for one in told.sources
                   if one.ref.startswith(("trade.", "slippage"))}  # fmt: skip
        assert figures["trade.pnl"] == round(Decimal(closed.pnl), 2)
        parts = figures["trade.move"] - figures["trade.slippage"] - figures["trade.fees"]
        assert parts == figures["trade.pnl"], "the parts as they are shown add up to the whole, to the cent"
        assert any(line.startswith("Planned at") and "slippage" in line for line in told.statements)
        assert told.statements[-1] == "Nothing has been learned of it yet."
        assert "still held" in said("NIMBO").statements[-1]
        assert "The round trip brought" in said("KORVA").statements[-2], "the sale that closed it tells it too"
        Service(runtime).learn()
        assert any(line.startswith("Learned: ") for line in said(closed.trade_id).statements)
        clock.at = closed.closed_at
        assert not any(line.startswith("Learned: ") for line in said(closed.trade_id).statements), "not known by then"


def test_the_parts_of_a_round_trip_add_up_as_they_are_shown(runtime):
    closed = restore(ClosedTrade, entries_of_kind(runtime, RecordKind.TRADE_CLOSED)[0].body)
    odd = replace(closed, qty="1", side="buy", entry_price="100.0249", exit_price="113.4047", pnl="11.3749")
    (told,), known = brought(odd, Decimal(100))
    assert render(told, known).startswith(
        "The round trip brought 11.37 USD, " + figure(known[f"trade.pnl_pct@{odd.symbol}"]) + ": 13.39 USD by the "
        "price, less slippage of 0.02 USD at the entry and fees of 2.00 USD."
    )


def test_the_price_of_fills_is_told_in_as_many_places_as_its_slippage_rests_on(runtime):
    (told,) = explain(runtime, "NIMBO", Phase.AFTER).explanations
    line = next(each for each in told.statements if each.startswith("Planned at"))
    planned, filled, slippage = (Decimal(each) for each in re.findall(r"(\d+\.\d+) USD", line))
    assert abs((filled - planned) * 46 - slippage) <= Decimal("0.01")
    assert any(f"46 shares were filled at {filled} USD" in each for each in told.statements)


def entries_of_kind(runtime, kind):
    return runtime.deps.stores.ledger.entries(kind=kind)


def test_a_protective_leg_is_explained_by_its_decision(runtime):
    leg = next(each for each in runtime.deps.stores.orders.newest(99) if each.symbol == NIMBO and each.parent_id)
    assert {told.symbol for told in explain(runtime, leg.client_order_id, None).explanations} == {NIMBO}


def test_a_request_is_explained_by_its_decision(runtime):
    (asked,) = runtime.deps.stores.ledger.entries(kind=RecordKind.APPROVAL_REQUESTED)
    view = explain(runtime, asked.subject, None)
    assert {told.symbol for told in view.explanations} == {OSTRE}
    assert any("person" in statement for told in view.explanations for statement in told.statements)


def test_what_the_gates_measured_before_a_yes_is_still_told_after_it(home, clock):
    with a_runtime(home, clock=clock) as runtime:
        service = Service(runtime)
        (waits,) = service.pending().pending
        (before,) = explain(runtime, waits.decision_id, Phase.BEFORE).explanations
        assert service.approve(waits.id, "owner").done
        (after,) = explain(runtime, waits.decision_id, Phase.BEFORE).explanations
    assert any("The gate mode (A2) asked for a person" in each for each in before.statements)
    assert after.statements == before.statements


def test_only_what_came_after_a_decision_is_told_of_what_became_of_it(runtime):
    name = names(runtime)["decision"]
    told, whole = became(runtime, name), explain(runtime, name, None).explanations
    assert told is not None
    assert "An order for" in told.statements[0]
    assert set(told.statements) < set(whole[1].statements)
    assert not set(told.statements) & set(whole[0].statements)
    assert became(runtime, "dec-none") is None


def test_a_cycle_and_last_explain_all_their_decisions(runtime):
    first = runtime.deps.stores.ledger.entries(kind=RecordKind.CYCLE_STARTED)[0].subject
    assert {told.symbol for told in explain(runtime, first, Phase.BEFORE).explanations} == {KORVA, NIMBO, OSTRE}
    assert {told.symbol for told in explain(runtime, "last", None).explanations} == {KORVA}


@pytest.mark.parametrize("phase", Phase)
def test_one_phase_alone(runtime, phase):
    view = explain(runtime, "NIMBO", phase)
    assert [told.phase for told in view.explanations] == [phase]


def test_figures_are_filled_in_and_their_sources_named(runtime):
    (told,) = explain(runtime, "NIMBO", Phase.AFTER).explanations
    text = " ".join(told.statements)
    assert "{" not in text
    assert "46 shares" in text
    figures = {source.figure for source in told.sources}
    assert figures
    assert all(figure in text for figure in figures)
    assert re.search(r"\d", text)


@pytest.mark.parametrize("name", ["ord-unknown", "ZZZZ", "", "x'; DROP TABLE ledger;--", "{book.cash}"])
def test_what_is_not_on_record_is_refused_by_name(runtime, name):
    with pytest.raises(UsageError, match=f"nothing called {re.escape(name)} is on record"):
        explain(runtime, name, None)


def test_last_of_a_new_home_is_nothing_yet(tmp_path):
    with a_runtime(tmp_path) as runtime, pytest.raises(UsageError, match="nothing was decided yet"):
        explain(runtime, "last", None)
