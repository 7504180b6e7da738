"""Answering what waits: one answer counts, every gate runs again, and nothing is sent twice or too late."""

import threading
from dataclasses import replace
from decimal import Decimal

import pytest

from domain.case import Mode, Pause, TradingState
from domain.errors import UsageError
from domain.orders import OrderStatus
from domain.record.entries import RecordKind
from domain.verdicts import Outcome
from interfaces.acting.approving import halved, recover
from interfaces.service import Service
from tests.builders.market import NOON
from tests.builders.runtime import (
    NIMBO,
    OSTRE,
    Crash,
    CrashingDatabase,
    ShiftedMarket,
    a_cycle,
    a_runtime,
    at_the_broker,
    entries_of,
    the_market,
)
from trading.store.approvals import ApprovalState, with_qty


def request_id(runtime):
    (row,) = Service(runtime).pending().pending
    return row.id


def test_a_cycle_completes_while_an_order_waits(home, clock):
    with a_runtime(home, clock=clock) as runtime:
        assert runtime.deps.stores.cycles.last("paper").finished_at == NOON
        (row,) = Service(runtime).pending().pending
        assert (row.order.symbol, row.order_digest, row.reasons) == (
            OSTRE,
            row.order.digest,
            ("NOTIONAL_NEEDS_APPROVAL",),
        )
        assert entries_of(runtime) == []


def test_another_process_approves_and_the_gates_run_again(home, clock):
    clock.wait(minutes=2)
    with a_runtime(home, clock=clock) as runtime:
        answer = Service(runtime).approve(request_id(runtime), "owner")
        (order,) = entries_of(runtime)
        assert (answer.done, answer.order, order.status) == (True, order, OrderStatus.FILLED)
        verdicts = {verdict.gate: verdict for verdict in answer.verdicts}
        assert (verdicts["A10"].outcome, verdicts["A10"].value) == (Outcome.PASS, "owner")
        assert {verdict.outcome for verdict in answer.verdicts} == {Outcome.PASS}
        (entry,) = runtime.deps.stores.ledger.entries(kind=RecordKind.APPROVAL)
        assert (entry.at, entry.body["by"], entry.body["answer"]) == (clock.at, "owner", "approved")
        assert entry.body["order_digest"] == runtime.deps.stores.approvals.get(answer.id).order_digest
        assert Service(runtime).pending().pending == ()


def test_the_beginning_of_an_id_is_enough_where_one_waits_that_begins_so(home, clock):
    with a_runtime(home, clock=clock) as runtime:
        service, approvals, name = Service(runtime), runtime.deps.stores.approvals, request_id(runtime)
        # What every id begins with says nothing: by then another one may wait.
        for nothing in ("apr", "apr-", "pr-", f"{name}x", name.upper()):
            with pytest.raises(UsageError, match=f"nothing called {nothing} waits"):
                service.approve(nothing, "owner")
        twin = name[:6] + "".join("b" if letter == "a" else "a" for letter in name[6:])
        approvals.request(replace(approvals.get(name), pending_id=twin, decision_id="dec-twin"))
        with pytest.raises(UsageError, match=f"2 requests begin with {name[:6]}: ") as refused:
            service.reject(name[:6], "owner")
        assert f"{name}, {twin}" in str(refused.value) or f"{twin}, {name}" in str(refused.value)
        answer = service.approve(name[:7], "owner")
        assert (answer.id, answer.done) == (name, True)
        assert [each.symbol for each in entries_of(runtime)] == [OSTRE]
        assert approvals.get(twin).state is ApprovalState.PENDING
        with pytest.raises(UsageError, match="waits for an answer"):
            service.approve(name[:7], "owner")


@pytest.mark.parametrize("second", ["approve", "reject"])
def test_of_two_answers_the_first_counts(home, clock, second):
    with a_runtime(home, clock=clock) as runtime:
        name = request_id(runtime)
        Service(runtime).approve(name, "owner")
        before = at_the_broker(runtime)
        answer = getattr(Service(runtime), second)(name, "owner")
        assert (answer.done, answer.note) == (False, "it was answered before; nothing changed")
        assert at_the_broker(runtime) == before
        assert len(entries_of(runtime)) == 1


def test_of_two_processes_that_approve_at_once_one_sends(home, clock):
    answers, together = [], threading.Barrier(2)

    def approve():
        with a_runtime(home, clock=clock) as runtime:
            name = request_id(runtime)
            together.wait(30)
            answers.append(Service(runtime).approve(name, "owner"))

    threads = [threading.Thread(target=approve) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answer.done for answer in answers) == [False, True]
    with a_runtime(home, clock=clock) as runtime:
        (order,) = entries_of(runtime)
        assert [fill.qty for fill in runtime.deps.broker.fills(since=NOON.replace(day=1))] == [order.qty]
        assert len(runtime.deps.stores.ledger.entries(kind=RecordKind.APPROVAL)) == 1
        assert runtime.deps.stores.ledger.verify().ok


def test_half_of_an_order_is_what_is_approved_gated_and_sent(home, clock):
    with a_runtime(home, clock=clock) as runtime:
        (row,) = Service(runtime).pending().pending
        answer = Service(runtime).approve(row.id, "owner", half=True)
        (order,) = entries_of(runtime)
        assert (answer.done, answer.order, order.status) == (True, order, OrderStatus.FILLED)
        assert (order.qty, order.limit_price, order.stop_loss) == (
            row.order.qty // 2,
            row.order.limit_price,
            row.order.stop_loss,
        )
        verdicts = {verdict.gate: verdict for verdict in answer.verdicts}
        assert (verdicts["A10"].outcome, verdicts["A10"].value) == (Outcome.PASS, "owner")
        approved = replace(row.order, qty=order.qty)
        (entry,) = runtime.deps.stores.ledger.entries(kind=RecordKind.APPROVAL)
        assert (entry.body["order_digest"], Decimal(entry.body["qty"])) == (approved.digest, order.qty)
        assert approved.digest != row.order_digest
        again = Service(runtime).approve(row.id, "owner")
        assert (again.done, len(entries_of(runtime))) == (False, 1)


def test_a_half_that_a_crash_cut_off_stays_a_half(home, clock):
    with a_runtime(home, clock=clock) as runtime:
        name, approvals = request_id(runtime), runtime.deps.stores.approvals
        half = halved(runtime, approvals.get(name))
        approvals.claim(name, ApprovalState.APPROVED, by="owner", at=clock.at, instead=half)
    with a_runtime(home, clock=clock) as runtime:
        recover(runtime)
        (order,) = entries_of(runtime)
        assert (order.qty, order.status) == (half.intent.qty, OrderStatus.FILLED)


@pytest.mark.parametrize(("asked", "approved"), [("15", "7"), ("2", "1"), ("10.5", "5.25"), ("1", None)], ids=str)
def test_half_is_cut_down_to_lots_and_refused_where_no_lot_is_left(home, clock, asked, approved):
    with a_runtime(home, clock=clock) as runtime:
        request = with_qty(runtime.deps.stores.approvals.get(request_id(runtime)), Decimal(asked))
        if approved is None:
            with pytest.raises(UsageError, match="half of 1 OSTRE is less than a lot"):
                halved(runtime, request)
            return
        half = halved(runtime, request)
        assert (half.intent.qty, half.order_digest) == (Decimal(approved), half.intent.digest)


def test_an_exit_is_not_halved_and_still_waits(home, clock):
    with a_runtime(home, clock=clock) as runtime:
        request = runtime.deps.stores.approvals.get(request_id(runtime))
        with pytest.raises(UsageError, match="takes risk off is not halved"):
            halved(runtime, replace(request, intent=replace(request.intent, reduce_only=True)))
        assert request_id(runtime) == request.pending_id


def test_a_price_that_left_the_band_voids_a_half_as_it_voids_the_whole(home, clock):
    market = ShiftedMarket(the_market(), OSTRE=Decimal("1.006"))
    with a_runtime(home, clock=clock, market=market) as runtime:
        answer = Service(runtime).approve(request_id(runtime), "owner", half=True)
        assert "APPROVAL_PRICE_MOVED" in {str(verdict.code) for verdict in answer.verdicts}
        assert entries_of(runtime) == []


def test_a_refusal_sends_nothing_and_cannot_be_taken_back(home, clock):
    with a_runtime(home, clock=clock) as runtime:
        name = request_id(runtime)
        assert Service(runtime).reject(name, "owner").note == "rejected; nothing is sent"
        assert not Service(runtime).approve(name, "owner").done
        assert entries_of(runtime) == []
        assert runtime.deps.stores.approvals.get(name).state is ApprovalState.FINISHED


@pytest.mark.parametrize(
    ("minutes", "open_still"), [(30, False), (29.99, True)], ids=["when_its_evidence_is_too_old", "just_before"]
)
def test_silence_is_a_no(home, clock, minutes, open_still):
    clock.wait(minutes=minutes)
    with a_runtime(home, clock=clock) as runtime:
        (request,) = runtime.deps.stores.approvals.open(NOON)
        assert bool(Service(runtime).pending().pending) is open_still
        answer = Service(runtime).approve(request.pending_id, "owner")
        assert answer.done is open_still
        if not open_still:
            assert answer.note == "too late, it has expired"
            assert entries_of(runtime) == []


def test_a_late_answer_to_what_nobody_has_closed_yet_is_too_late(home, clock):
    clock.wait(hours=5)
    with a_runtime(home, clock=clock) as runtime:
        (request,) = runtime.deps.stores.approvals.overdue(clock.at)
        assert Service(runtime).approve(request.pending_id, "owner").note == "too late, it has expired"
        a_cycle(runtime, NIMBO)
        assert runtime.deps.stores.approvals.get(request.pending_id).state is ApprovalState.FINISHED
        assert OSTRE not in {order.symbol for order in entries_of(runtime)}


BETWEEN = {
    "price_above_the_band": (lambda runtime: None, "1.006", "APPROVAL_PRICE_MOVED"),
    "price_below_the_band": (lambda runtime: None, "0.994", "APPROVAL_PRICE_MOVED"),
    "no_quote": (lambda runtime: None, None, "APPROVAL_PRICE_MOVED"),
    "killed_by_file": (lambda runtime: runtime.kill_switch.engage("owner", "test", "now"), "1", "KILL_SWITCH"),
    "killed_in_the_database": (
        lambda runtime: runtime.deps.stores.control.set_killed(True, by="owner", at=NOON),
        "1",
        "KILL_SWITCH",
    ),
    "halted": (
        lambda runtime: runtime.deps.stores.control.set_trading_state(TradingState.HALTED, by="owner", at=NOON),
        "1",
        "HALTED",
    ),
    "reducing": (
        lambda runtime: runtime.deps.stores.control.set_trading_state(TradingState.REDUCING, by="owner", at=NOON),
        "1",
        "REDUCING_ONLY",
    ),
    "symbol_paused": (
        lambda runtime: runtime.deps.stores.control.pause(Pause("symbol", "OSTRE", NOON, "owner")),
        "1",
        "PAUSED",
    ),
    "strategy_paused": (
        lambda runtime: runtime.deps.stores.control.pause(Pause("strategy", "mean_reversion", NOON, "owner")),
        "1",
        "PAUSED",
    ),
    "mode_observe": (lambda runtime: runtime.deps.stores.control.set_mode(Mode.OBSERVE, by="owner", at=NOON), "1", ""),
}


@pytest.mark.parametrize("case", BETWEEN)
def test_a_yes_lifts_no_gate_that_closed_in_the_meantime(home, clock, case):
    happens, factor, code = BETWEEN[case]
    market = ShiftedMarket(the_market(), OSTRE=None if factor is None else Decimal(factor))
    clock.wait(minutes=1)
    with a_runtime(home, clock=clock, market=market) as runtime:
        name = request_id(runtime)
        happens(runtime)
        answer = Service(runtime).approve(name, "owner")
        refused = [str(verdict.code) for verdict in answer.verdicts if verdict.outcome is Outcome.DENY]
        assert answer.note == "approved, but the gates no longer allow it; nothing was sent"
        assert refused
        assert not code or code in refused, refused
        assert entries_of(runtime) == []
        assert at_the_broker(runtime) == {"working": [], "fills": [], "held": []}


def test_a_price_at_the_edge_of_the_band_still_holds(home, clock):
    market = ShiftedMarket(the_market(), OSTRE=Decimal("0.996"))
    with a_runtime(home, clock=clock, market=market) as runtime:
        assert Service(runtime).approve(request_id(runtime), "owner").order is not None


def test_the_books_are_compared_again_before_a_late_yes(home, clock):
    clock.wait(minutes=10)
    with a_runtime(home, clock=clock) as runtime:
        answer = Service(runtime).approve(request_id(runtime), "owner")
        denied = [(verdict.gate, str(verdict.code)) for verdict in answer.verdicts if verdict.outcome is Outcome.DENY]
        assert denied == []
        assert runtime.deps.stores.control.read().reconciled_at == clock.at


@pytest.mark.parametrize("name", ["apr-unknown", "last", "dec-2222222222222222"])
def test_an_unknown_request_is_refused_by_name(home, clock, name):
    with a_runtime(home, clock=clock) as runtime, pytest.raises(UsageError, match=f"nothing called {name} waits"):
        Service(runtime).approve(name, "owner")


def test_a_lost_checkpoint_costs_nothing_the_thread_is_opened_again(home, clock):
    for path in home.glob("checkpoints.db*"):
        path.unlink()
    with a_runtime(home, clock=clock) as runtime:
        assert Service(runtime).approve(request_id(runtime), "owner").order is not None
        assert len(entries_of(runtime)) == 1


def test_an_answer_that_a_crash_cut_off_is_carried_out_by_the_next_cycle(home, clock):
    with a_runtime(home, clock=clock) as runtime:
        name = request_id(runtime)
        runtime.deps.stores.approvals.claim(name, ApprovalState.APPROVED, by="owner", at=clock.at)
    with a_runtime(home, clock=clock) as runtime:
        a_cycle(runtime, NIMBO)
        assert {order.symbol for order in entries_of(runtime)} == {OSTRE, NIMBO}
        assert runtime.deps.stores.approvals.unfinished() == ()


def test_an_answer_that_lay_too_long_is_not_carried_out(home, clock):
    with a_runtime(home, clock=clock) as runtime:
        name = request_id(runtime)
        runtime.deps.stores.approvals.claim(name, ApprovalState.APPROVED, by="owner", at=clock.at)
    clock.wait(minutes=16)
    with a_runtime(home, clock=clock) as runtime:
        a_cycle(runtime, NIMBO)
        assert OSTRE not in {order.symbol for order in entries_of(runtime)}
        assert runtime.deps.stores.approvals.get(name).state is ApprovalState.FINISHED


@pytest.mark.parametrize("at", range(3, 13))
def test_a_crash_at_any_write_of_an_approval_loses_no_answer_and_sends_once(home, clock, at):
    def crashing(database):
        return CrashingDatabase(database, at)

    with a_runtime(home, clock=clock) as runtime:
        name = request_id(runtime)
    crashed = True
    try:
        with a_runtime(home, clock=clock, database=crashing) as runtime:
            Service(runtime).approve(name, "owner")
            crashed = False
    except Crash:
        pass
    with a_runtime(home, clock=clock) as runtime:
        claimed = runtime.deps.stores.approvals.get(name).state is not ApprovalState.PENDING
        runtime.deps.desk.recover()
        recover(runtime)
        if not claimed:
            Service(runtime).approve(name, "owner")
        sent = [order for order in entries_of(runtime) if order.symbol == OSTRE]
        fills = [fill for fill in runtime.deps.broker.fills(since=NOON.replace(day=1)) if fill.symbol == OSTRE]
        never_left = [order for order in sent if order.status in (OrderStatus.CANCELED, OrderStatus.SUBMITTED)]
        assert len(sent) == 1
        assert len(fills) == (0 if never_left else 1)
        assert crashed or not never_left
        assert runtime.deps.stores.approvals.unfinished() == ()
        assert runtime.deps.stores.ledger.verify().ok


def test_an_approval_never_outgrows_what_was_shown(home, clock):
    """The stored order is the order: nothing that changed since can enlarge it."""
    with a_runtime(home, clock=clock, start_cash="900000") as runtime:
        (row,) = Service(runtime).pending().pending
        Service(runtime).approve(row.id, "owner")
        (order,) = entries_of(runtime)
        assert (order.qty, order.limit_price) == (row.order.qty, row.order.limit_price)
