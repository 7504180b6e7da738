"""What cannot be read of a what-if case, and what is said of it word for word."""

from datetime import UTC, datetime

import pytest

from domain.case import Mode
from domain.errors import OversightError
from domain.market import EventKind
from domain.orders import OrderType, TimeInForce
from policies.whatif.fields import Fields, count_of, decimals_of
from tests.builders.policies import NOW, D
from tests.builders.whatif import GONE, case_of, told

row = pytest.param
AT, THEN = "2026-03-16T12:30:00Z", datetime(2026, 3, 16, 12, 30, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RESTING = {"decision_id": "d1", "symbol": "MSFT", "side": "sell", "qty": "10", "status": "accepted"}
PLAIN = "It takes a plain number in quotation marks, like '12.50'."
TIME = "It takes a time with its zone, like 2026-03-17T15:00:00Z."
LONG = "x" * 201


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("id", None, "id is missing. It takes a text that names the case."),
        ("id", True, "id is True. It takes a text that names the case."),
        ("id", ["a"], "id is \"['a']\". It takes a text that names the case."),
        ("clock", None, "clock is missing. It takes the moment of the case, like 2026-03-17T15:00:00Z."),
        ("clock", "1969-12-31T23:59:59Z", f"clock is '1969-12-31T23:59:59Z'. {TIME}"),
        ("clock", "2100-01-01T00:00:00Z", f"clock is '2100-01-01T00:00:00Z'. {TIME}"),
        ("limits", [], "limits is '[]'. It takes an object."),
        ("order", None, "order is missing. It takes the order to be judged."),
        ("order.qty", 1.5, f"order.qty is '1.5'. {PLAIN}"),
        ("order.qty", True, f"order.qty is True. {PLAIN}"),
        ("order.qty", "0" * 70, f"order.qty is '{'0' * 60}'. {PLAIN}"),
        ("order.confidence", "1e3", f"order.confidence is '1e3'. {PLAIN}"),
        ("order.type", GONE, "order.type is missing. It takes a text of at most 200 characters."),
        ("order.type", "swap", f"order.type is 'swap'. It takes one of {', '.join(OrderType)}."),
        ("order.side", "hold", "order.side is 'hold'. It takes one of buy, sell."),
        ("order.tif", "ever", f"order.tif is 'ever'. It takes one of {', '.join(TimeInForce)}."),
        ("order.decision_id", 5, "order.decision_id is '5'. It takes a text of at most 200 characters."),
        ("order.decision_id", LONG, f"order.decision_id is '{LONG[:60]}'. It takes a text of at most 200 characters."),
        ("order.symbol", None, "order.symbol is missing. It takes a text of at most 200 characters."),
        ("order.approval", "yes", "order.approval is 'yes'. It takes an object."),
        ("account.equity", 0.1, f"account.equity is '0.1'. {PLAIN}"),
        ("account.paper", "yes", "account.paper is 'yes'. It takes true or false."),
        ("account.consecutive_losses", -1,
         "account.consecutive_losses is '-1'. It takes a number that is not negative."),
        ("account.consecutive_losses", "1.5", "account.consecutive_losses is '1.5'. It takes a whole number."),
        ("account.symbol_pnl", [], "account.symbol_pnl is '[]'. It takes an object."),
        ("account.symbol_pnl", {"A": None}, f"account.symbol_pnl.A is missing. {PLAIN}"),
        ("account.symbol_pnl", {"A": "nan"}, "account.symbol_pnl.A is 'nan'. It takes a finite number."),
        ("account.symbol_pnl", {"no ticker": "1"}, "account.symbol_pnl is 'no ticker'. It takes a ticker."),
        ("account.strategy_pnl", {LONG: None}, f"account.strategy_pnl.{LONG[:40]} is missing. {PLAIN}"),
        ("turnover_today", "-1", "turnover_today is '-1'. It takes a number that is not negative."),
        ("positions", {"MSFT": 5}, "positions.MSFT is '5'. It takes an object."),
        ("positions", {"MSFT": {}, "msft": {}}, "positions names one symbol twice. Write each symbol once."),
        ("positions.MSFT.cost", 5, "'positions.MSFT.cost' is not a field of a case. Remove it or correct its name."),
        ("open_orders", {}, "open_orders is '{}'. It takes a list."),
        ("open_orders", [RESTING, 5], "open_orders[1] is '5'. It takes an object."),
        ("open_orders", [{**RESTING, "cost": 5}],
         "'open_orders[0].cost' is not a field of a case. Remove it or correct its name."),
        ("open_orders", [{**RESTING, "qty": "0"}],
         "open_orders[0].qty is '0'. It takes a quantity above zero, of which no more is filled."),
        ("open_orders", [{**RESTING, "filled_qty": "10.5"}],
         "open_orders[0].qty is '10'. It takes a quantity above zero, of which no more is filled."),
        ("open_orders", [{**RESTING, "filled_qty": None}],
         "open_orders[0].qty is '10'. It takes a quantity above zero, of which no more is filled."),
        ("open_orders", [{**RESTING, "side": None}],
         "open_orders[0].side is missing. It takes a text of at most 200 characters."),
        ("open_orders", [{**RESTING, "symbol": "a b"}], "open_orders[0].symbol is 'a b'. It takes a ticker."),
        ("open_orders", [{**RESTING, "status": 5}],
         "open_orders[0].status is '5'. It takes a text of at most 200 characters."),
        ("recent_orders", [{**RESTING, "qty": None}],
         "recent_orders[0].qty is missing. It takes a quantity above zero, of which no more is filled."),
        ("counters.cost", 5, "'counters.cost' is not a field of a case. Remove it or correct its name."),
        ("counters.round_trips_today", {"MSFT": "1.5"},
         "counters.round_trips_today.MSFT is '1.5'. It takes a whole number."),
        ("counters.round_trips_today", {"MSFT": "-1"},
         "counters.round_trips_today.MSFT is '-1'. It takes a whole number."),
        ("counters.round_trips_today", {"MSFT": "inf"},
         "counters.round_trips_today.MSFT is 'inf'. It takes a whole number."),
        ("counters.last_exit_at", {"MSFT": "noon"}, f"counters.last_exit_at.MSFT is 'noon'. {TIME}"),
        ("cycle_entries", None, "cycle_entries is missing. It takes a whole number."),
        ("control", [], "control is '[]'. It takes an object."),
        ("control.killed", True, "'control.killed' is not a field of a case. Remove it or correct its name."),
        ("control.mode", "fast", f"control.mode is 'fast'. It takes one of {', '.join(Mode)}."),
        ("control.mismatched", ["a b"], "control.mismatched is 'a b'. It takes a ticker."),
        ("control.mismatched", ["A", 5], "control.mismatched[1] is '5'. It takes a text of at most 200 characters."),
        ("control.paused", [{"scope": "sector"}],
         "control.paused[0].scope is 'sector'. It takes global, strategy or symbol."),
        ("control.paused", [{"scope": "symbol"}], "control.paused[0].name is ''. It takes a ticker."),
        ("control.paused", [{"why": ""}],
         "'control.paused[0].why' is not a field of a case. Remove it or correct its name."),
        ("control.release", {"tag": ""},
         "'control.release.tag' is not a field of a case. Remove it or correct its name."),
        ("market_wide.vix", "1", "'market_wide.vix' is not a field of a case. Remove it or correct its name."),
        ("market.AAPL.vix", "1", "'market.AAPL.vix' is not a field of a case. Remove it or correct its name."),
        ("market.AAPL.ts", "noon", f"market.AAPL.ts is 'noon'. {TIME}"),
        ("market.AAPL.listed_on", "1980-1-1", "market.AAPL.listed_on is '1980-1-1'. It takes a date like 2026-03-17."),
        ("market.AAPL.listed_on", "1980-13-01",
         "market.AAPL.listed_on is '1980-13-01'. It takes a date like 2026-03-17."),
        ("market.AAPL.correlations", {"B": "nan"}, "market.AAPL.correlations.B is 'nan'. It takes a finite number."),
        ("market.AAPL.bar_fault", 5, "market.AAPL.bar_fault is '5'. It takes a text of at most 200 characters."),
        ("market.AAPL.event_kinds", ["party"],
         f"market.AAPL.event_kinds is 'party'. It takes one of {', '.join(EventKind)}."),
        ("market.AAPL.events", [{"kind": "split"}],
         "market.AAPL.events[0].at is missing. It takes the time of the event."),
        ("market.AAPL.events", [{"kind": "party", "at": AT}],
         f"market.AAPL.events[0].kind is 'party'. It takes one of {', '.join(EventKind)}."),
        ("market.AAPL.events", [{"kind": "split", "at": AT, "by": ""}],
         "'market.AAPL.events[0].by' is not a field of a case. Remove it or correct its name."),
        ("order.approval", {"why": ""},
         "'order.approval.why' is not a field of a case. Remove it or correct its name."),
        ("proposal", {"mood": ""}, "'proposal.mood' is not a field of a case. Remove it or correct its name."),
        ("proposal.signal_direction", "0.5", "proposal.signal_direction is '0.5'. It takes -1, 0 or 1."),
        ("proposal.provenance", {"mood": ""},
         "'proposal.provenance.mood' is not a field of a case. Remove it or correct its name."),
        ("proposal.provenance", {"models": {"advisor": 5}},
         "proposal.provenance.models.advisor is '5'. It takes a text of at most 200 characters."),
        ("proposal.provenance", {"prompts": {"advisor": 5}},
         "proposal.provenance.prompts.advisor is '5'. It takes a text of at most 200 characters."),
        ("proposal.texts", [{"ref": 5}], "proposal.texts[0].ref is '5'. It takes a text of at most 200 characters."),
        ("proposal.texts", [{"ref": "n", "by": ""}],
         "'proposal.texts[0].by' is not a field of a case. Remove it or correct its name."),
        ("proposal.usage", {"euros": 1},
         "'proposal.usage.euros' is not a field of a case. Remove it or correct its name."),
        ("proposal.usage", {"cost_day": "-1"},
         "proposal.usage.cost_day is '-1'. It takes a number that is not negative."),
        ("n" * 70, 1, f"{'n' * 60!r} is not a field of a case. Remove it or correct its name."),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) and not value.startswith(("It", "'")) else None,
)  # fmt: skip
def test_a_complaint_says_where_what_and_what_instead(path, value, complaint):
    with pytest.raises(OversightError) as refused:
        case_of(told(path, value))
    assert str(refused.value) == complaint


@pytest.mark.parametrize(
    ("clock", "passes"),
    [("1970-01-01T00:00:00Z", True), ("2099-12-31T23:59:59Z", True), ("2100-01-01T00:00:00Z", False)],
)
def test_the_times_that_a_case_may_name(clock, passes):
    fields = Fields({"at": clock}, "")
    if passes:
        assert fields.moment("at") == datetime.fromisoformat(clock)
    else:
        with pytest.raises(OversightError, match=r"^at is "):
            fields.moment("at")


@pytest.mark.parametrize(
    ("spelled", "number"),
    [
        row("NaN", "NaN", id="nan"),
        row("-snan", "NaN", id="signalling"),
        row("Infinity", "Infinity", id="infinity"),
        row("-inf", "-Infinity", id="minus_infinity"),
        row("-0.5", "-0.5", id="negative"),
        row("0", "0", id="zero"),
        row(7, "7", id="bare"),
        row("9" * 30 + "." + "9" * 18, "9" * 30 + "." + "9" * 18, id="the_longest"),
    ],
)
def test_a_figure_of_the_order_comes_through_as_it_is(spelled, number):
    assert str(Fields({"qty": spelled}, "order").figure("qty")) == number


@pytest.mark.parametrize("spelled", ["9" * 31, "1." + "9" * 19, "01", "1.", ".5", "+1", "١", "", "nano", [1], False])
def test_a_figure_that_is_no_number_is_refused(spelled):
    with pytest.raises(OversightError) as refused:
        Fields({"qty": spelled}, "order").figure("qty")
    assert str(refused.value).endswith(PLAIN)


@pytest.mark.parametrize("spelled", ["nan", "NAN", "+nan", "sNaN", "inf", "-INF", "Infinity", "+infinity"])
def test_a_figure_that_is_not_finite_is_one_nobody_knows(spelled):
    assert Fields({"n": spelled}, "").number("n", D(5)) is None


def test_defaults_stand_in_for_what_is_absent_and_never_for_null():
    absent, null = Fields({}, "a"), Fields({"n": None}, "a")
    assert (absent.number("n", D(5)), absent.amount("n", D(5)), absent.count("n", 5)) == (D(5), D(5), 5)
    assert (absent.flag("n", default=True), absent.text("n", "x"), absent.moment("n", NOW)) == (True, "x", NOW)
    assert (null.number("n", D(5)), null.amount("n", D(5)), null.count("n", 5)) == (None, None, None)
    assert (null.flag("n", default=True), null.text("n", "x"), null.moment("n", NOW)) == (None, "x", None)
    assert (absent.text("n"), absent.has("n"), null.has("n"), absent.path("n")) == ("", False, True, "a.n")
    assert (absent.rows("n"), null.rows("n"), absent.texts("n"), Fields({"n": []}, "").rows("n")) == ((), (), (), ())


def test_values_of_a_mapping():
    assert (count_of("3", "a"), count_of(0, "a"), decimals_of("-3.5", "a")) == (3, 0, D("-3.5"))
