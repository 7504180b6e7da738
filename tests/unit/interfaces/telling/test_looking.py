"""What is shown of a home with a history: two entries, one left in two parts, one request that nobody answered."""

from dataclasses import replace
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from domain.case import Mode, Pause, TradingState
from domain.errors import ConfigurationError, SourceUnavailable
from domain.orders import OrderStatus
from domain.record.entries import RecordKind
from graphs.nodes.observe import market_now
from interfaces.cli import render
from interfaces.service import Service
from interfaces.telegram_bot.screens import gates
from interfaces.telling import looking as product
from interfaces.telling.gates.rooms import room, trial_words
from interfaces.views.state import State
from policies.gates.catalogue import GATES
from tests.builders.market import NOON
from tests.builders.runtime import GONE, KORVA, NIMBO, OSTRE, ShiftedMarket, a_runtime, rewired, the_market

looking: Any = product
"""As Any: here it is known what is there and what is None."""


@pytest.fixture
def runtime(traded_home, clock):
    clock.at = GONE
    with a_runtime(traded_home, clock=clock) as runtime:
        yield runtime


class Backwards:
    """A ledger that can only be read from its end; ``read`` is what was."""

    def __init__(self, ledger, read):
        self._ledger, self._read = ledger, read

    def backwards(self, kind):
        for entry in self._ledger.backwards(kind):
            self._read.append(entry.subject)
            yield entry


class SilentBroker:
    """A broker whose account does not answer."""

    def __init__(self, broker):
        self._broker = broker

    def __getattr__(self, name):
        return getattr(self._broker, name)

    def account(self):
        raise SourceUnavailable("the broker is away", "Wait.")


def test_status_tells_how_things_stand(runtime):
    status = looking.status(runtime)
    last = runtime.deps.stores.cycles.last("paper")
    assert (status.mode, status.trading_state, status.kill_switch, status.paused) == (
        Mode.PAPER,
        TradingState.ACTIVE,
        False,
        (),
    )
    assert (status.last_cycle, status.last_cycle_at, status.degraded) == (last.cycle_id, GONE, None)
    assert (status.reconciled.at, status.reconciled.ok, status.reconciled.differences) == (GONE, True, ())
    assert (status.policy_digest, status.model) == (runtime.deps.policy.digest, "rules")
    assert len(status.prompt_digest) == 64
    assert [(each.name, each.ok) for each in status.dependencies] == [
        ("database", True),
        ("broker paper", True),
        ("market simulated", True),
    ]


def test_status_of_a_new_home(tmp_path):
    with a_runtime(tmp_path) as runtime:
        status = looking.status(runtime)
    assert (status.last_cycle, status.last_cycle_at, status.degraded) == (None, None, None)
    assert (status.reconciled.at, status.reconciled.ok) == (None, None)


def test_status_names_what_was_paused_and_what_differs(runtime):
    control = runtime.deps.stores.control
    control.pause(Pause("symbol", "OSTRE", GONE, "owner", reason="odd"))
    control.mark_reconciled(GONE, [NIMBO])
    control.set_killed(True, by="owner", at=GONE)
    status = looking.status(runtime)
    assert [(pause.scope, pause.name) for pause in status.paused] == [("symbol", "OSTRE")]
    assert (status.kill_switch, status.reconciled.ok, status.reconciled.differences) == (
        True,
        False,
        ("NIMBO differs",),
    )


def test_a_broker_that_is_silent_is_named_and_status_still_answers(runtime):
    status = looking.status(rewired(runtime, broker=SilentBroker(runtime.deps.broker)))
    (broker,) = [each for each in status.dependencies if each.name == "broker paper"]
    assert not broker.ok
    assert "the broker is away" in broker.note


def test_a_silent_broker_leaves_what_our_books_know_and_no_price_of_nought(runtime):
    (known,) = looking.positions(runtime).positions
    (row,) = looking.positions(rewired(runtime, broker=SilentBroker(runtime.deps.broker))).positions
    assert (row.avg_price, row.stop_loss, row.strategy) == (known.avg_price, known.stop_loss, known.strategy)
    assert (row.broker_qty, row.unrealized_pnl) == (None, None)
    nobody = product.position_view(NIMBO, Decimal(46), None, market_now(runtime.deps, [NIMBO]))
    assert nobody.avg_price is None, "what nobody knows is not nought"


def test_positions_show_both_sides_at_the_price_they_could_be_sold_for(runtime):
    (row,) = looking.positions(runtime).positions
    quote: Any = the_market().quote(NIMBO, as_of=GONE)
    assert (row.symbol, row.qty, row.broker_qty, row.strategy) == (NIMBO, 46, 46, "momentum")
    assert (row.market_price, row.as_of) == (quote.bid, quote.at)
    assert row.unrealized_pnl == (quote.bid - row.avg_price) * 46
    assert row.stop_loss < row.avg_price


def test_a_position_without_a_quote_has_no_profit(runtime):
    blind = rewired(runtime, market=ShiftedMarket(the_market(), NIMBO=None))
    (row,) = looking.positions(blind).positions
    assert (row.market_price, row.unrealized_pnl, row.as_of) == (None, None, None)
    assert row.qty == row.broker_qty == 46


def test_orders_are_newest_first_with_their_legs(runtime):
    rows = looking.orders(runtime).orders
    assert [row.created_at for row in rows] == sorted((row.created_at for row in rows), reverse=True)
    main = {(row.symbol, row.leg, row.status) for row in rows if row.parent_id is None}
    assert (KORVA, "exit", OrderStatus.FILLED) in main
    assert (NIMBO, "entry", OrderStatus.FILLED) in main
    assert all(row.broker_id and row.broker_status for row in rows)
    assert OSTRE not in {row.symbol for row in rows}


def test_a_trade_is_the_round_trip(runtime):
    (trade,) = looking.trades(runtime).trades
    assert (trade.symbol, trade.qty, trade.closed_at) == (KORVA, "116", GONE)


def test_so_many_trades_are_the_newest_and_what_lies_further_back_is_not_read(runtime):
    (trade,), ledger = looking.trades(runtime).trades, runtime.deps.stores.ledger
    ledger.append(RecordKind.TRADE_CLOSED, "trd-1", {"no": "trade"}, at=GONE)
    for name in ("trd-2", "trd-3"):
        ledger.append(RecordKind.TRADE_CLOSED, name, replace(trade, trade_id=name), at=GONE)
    read: list[str] = []
    seen = rewired(runtime, stores=replace(runtime.deps.stores, ledger=Backwards(ledger, read)))
    assert [one.trade_id for one in looking.trades(seen, 2).trades] == read == ["trd-3", "trd-2"]


def test_profit_and_loss_add_up(runtime):
    pnl = looking.pnl(runtime)
    (trade,) = looking.trades(runtime).trades
    (row,) = looking.positions(runtime).positions
    assert (pnl.currency, pnl.closed_trades) == ("USD", 1)
    assert pnl.wins == (Decimal(trade.pnl) > 0)
    assert pnl.unrealized_pnl == row.unrealized_pnl
    assert pnl.equity == Decimal(100_000) + pnl.realized_pnl + pnl.unrealized_pnl
    assert pnl.day_pnl == pnl.equity - pnl.day_start_equity
    assert pnl.drawdown_pct == looking.percent(pnl.peak_equity - pnl.equity, pnl.peak_equity)


def test_realised_means_the_same_of_a_day_and_of_all_and_its_fees_are_told_apart(runtime, clock):
    fills = runtime.deps.broker.fills(since=NOON.replace(day=1))
    day = runtime.deps.stores.equity.day_start(clock.now())
    (trade,) = runtime.deps.stores.trades.closed()
    entry = sum(each.commission for each in fills if each.symbol == NIMBO)
    pnl, total = looking.pnl(runtime), Service(runtime).profits("total")
    assert entry > 0, "a trade that is still open has cost something"
    assert pnl.realized_pnl == total.realized_pnl == trade.pnl - entry
    assert pnl.realized_pnl_day == runtime.deps.stores.trades.realized(day)
    assert pnl.fees == sum(each.commission for each in fills) == pnl.statistics.fees
    assert pnl.fees_day == sum(each.commission for each in fills if each.at >= day)
    assert pnl.statistics.closed_fees == trade.commission == pnl.fees - entry


def test_statistics_and_chart_go_on_to_the_equity_of_now_as_the_profit_does(runtime, clock):
    the_fall = ShiftedMarket(the_market(), NIMBO=Decimal("0.5"))
    before, last = Service(runtime).equity().days, looking.pnl(runtime)
    with a_runtime(runtime.setup.home, clock=clock, market=the_fall) as fallen:
        days, pnl = Service(fallen).equity().days, looking.pnl(fallen)
    assert days[-1].close == pnl.equity < before[-1].close == last.equity
    assert sum(each.close - each.start for each in days) == pnl.equity - Decimal(100_000)
    assert days[0].start == Decimal(100_000)
    assert pnl.statistics.max_drawdown_pct > last.statistics.max_drawdown_pct
    assert pnl.statistics.max_drawdown_pct >= pnl.drawdown_pct


def test_equity_is_unknown_while_a_holding_has_no_quote(runtime, traded_home, clock):
    with a_runtime(traded_home, clock=clock, market=ShiftedMarket(the_market(), NIMBO=None)) as blind:
        pnl = looking.pnl(blind)
    assert (pnl.equity, pnl.day_pnl, pnl.day_pnl_pct, pnl.unrealized_pnl, pnl.drawdown_pct) == (None,) * 5
    assert pnl.realized_pnl is not None


@pytest.mark.parametrize(
    ("part", "whole", "told"),
    [(1, 3, "33.33"), (-1, 200, "-0.50"), (0, 5, "0.00"), (1, 0, None), (1, None, None), (None, 5, None)],
)
def test_percent(part, whole, told):
    given = [None if each is None else Decimal(each) for each in (part, whole)]
    assert looking.percent(*given) == (None if told is None else Decimal(told))


def test_what_time_alone_makes_room_for_has_no_share_of_its_limit(runtime):
    rows = {row.gate: row for row in looking.risk(runtime).risk}
    waited, aged = rows["E2_close"], rows["E4_bar"]
    assert waited.value > waited.limit
    assert (waited.headroom_pct, waited.state) == (None, State.OK)
    assert room(waited).endswith(" to spare")
    assert aged.headroom_pct is not None, "an age uses its limit up"


def test_risk_shows_the_room_under_every_gate(runtime):
    rows = {row.gate: row for row in looking.risk(runtime).risk}
    assert {"A1", "C3", "C4", "G1", "G3"} <= rows.keys()
    assert rows["A1"].state is State.OK
    runtime.deps.stores.control.set_killed(True, by="owner", at=GONE)
    assert {row.gate: row.state for row in looking.risk(runtime).risk}["A1"] is State.FAILED


def test_risk_says_which_order_its_figures_count_that_is_never_sent(runtime):
    view = looking.risk(runtime)
    rows = {row.gate: row for row in view.risk}
    worth = view.trial.limit_price * view.trial.qty
    assert (view.trial.symbol, rows["C1"].value) == (view.symbol, worth)
    told = trial_words(view.trial)
    assert told.startswith("Every figure counts a trial order as well, which is not sent: buy 1 ")
    assert told.endswith(f" at {view.trial.limit_price:,.2f} USD.")
    for drawn in (render.risk, lambda each: gates.risk(each, looking.status(runtime)).plain):
        assert told in " ".join(shown_text(drawn(view)).split())
    assert runtime.deps.stores.orders.newest(1)[0].decision_id != view.trial.decision_id


def shown_text(drawn):
    """What a face has drawn, as text."""
    if isinstance(drawn, str):
        return drawn
    told = StringIO()
    Console(width=120, file=told).print(drawn)
    return told.getvalue()


def test_risk_lists_the_whole_catalogue_and_says_why_a_gate_has_no_figure(runtime):
    rows = {row.gate: row for row in looking.risk(runtime).risk}
    assert list(rows) == [gate.id for gate in GATES]
    assert (rows["C1"].name, rows["C1"].unit) == ("order notional", "USD")
    assert (rows["H1"].state, rows["H1"].note) == (State.IDLE, "looks at orders of the agents")
    assert rows["B8"].state is State.OK, "the probe carries a stop, as every entry has to"
    unset = [row for row in rows.values() if row.state is State.OFF]
    assert all((row.limit, row.value, row.headroom_pct, row.note) == (None, None, None, "not set") for row in unset)
    assert {row.gate for row in unset} == set(rows) - set(runtime.deps.policy.enforced)


def test_limits_are_the_policy_in_force(runtime):
    limits = looking.limits(runtime)
    assert (limits.profile, limits.digest) == ("conservative", runtime.deps.policy.digest)
    assert limits.limits["approval_required_above_notional"] == 8000
    assert (limits.loaded_at, limits.in_force, limits.changes) == (GONE, True, ())
    assert {row.name for row in limits.rows} == set(limits.limits)
    rows = {row.name: row for row in limits.rows}
    assert (rows["max_order_qty"].unit, rows["max_order_qty"].gates) == ("shares", ("C2",))
    assert rows["max_order_qty"].meaning == "shares of one order"


def test_limits_of_another_profile_and_how_they_differ(runtime):
    other = looking.limits(runtime, "balanced")
    assert (other.profile, other.in_force, other.compared_with) == ("balanced", False, None)
    compared = looking.limits(runtime, None, "balanced")
    changes = {change.name: change for change in compared.changes}
    assert (compared.profile, compared.compared_with) == ("conservative", "balanced")
    assert changes["max_order_notional"].direction == "looser"
    assert changes["max_order_notional"].old < changes["max_order_notional"].new
    back = {change.name: change for change in looking.limits(runtime, "balanced", runtime_policy(runtime)).changes}
    assert back["max_order_notional"].direction == "tighter"


@pytest.mark.parametrize("asked", [("nope", None), (None, "nope")], ids=["profile", "diff"])
def test_a_policy_that_does_not_exist_is_told_in_words(runtime, asked):
    with pytest.raises(ConfigurationError) as refused:
        looking.limits(runtime, *asked)
    assert refused.value.what == "the policy nope cannot be read: there is no such profile or file"
    assert "balanced" in refused.value.remedy


def test_a_policy_file_that_does_not_open_is_told_without_a_number(runtime, tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read: is a directory") as refused:
        looking.limits(runtime, str(tmp_path))
    assert "Errno" not in str(refused.value)


def test_a_policy_file_that_says_nonsense_keeps_its_own_error(runtime, tmp_path):
    (tmp_path / "odd.toml").write_text("= 1")
    with pytest.raises(ConfigurationError, match="not valid TOML"):
        looking.limits(runtime, str(tmp_path / "odd.toml"))


def runtime_policy(runtime):
    """The file that this start has read its policy from."""
    return str(runtime.setup.home / "policy.toml")


def test_the_last_report_is_that_of_a_finished_cycle(runtime):
    report = looking.last_report(runtime)
    assert report["cycle_id"] == runtime.deps.stores.cycles.last("paper").cycle_id
    silent = rewired(runtime, broker=SilentBroker(runtime.deps.broker))
    assert looking.last_report(silent) == report, "no broker is asked for what is on record"
