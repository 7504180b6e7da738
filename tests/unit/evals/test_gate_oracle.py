"""The oracle of the gates: its own examples, computed by hand, before it may judge anybody else."""

import ast
import json
import sys
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from evals.gates.__main__ import main
from evals.gates.generate import BY_HAND, FIGURES, GATES, LabelledCase, faults, generate, label
from evals.gates.oracle.exposure import gross, notional, reserved, sides, worst
from evals.gates.oracle.hours import session_after, session_at, session_of
from evals.gates.oracle.judge import RULES, decimal, judge
from evals.gates.oracle.reading import Unreadable, read
from evals.gates.oracle.schema import LIMITS
from evals.gates.tables.base import COVER, EXIT, HOLDS, Row, case, working
from evals.gates.tables.mixed import mixed
from trading.data.calendar import ExchangeCalendar

ROOM = Path(__file__).parents[3] / "evals" / "gates"


def verdict(edits):
    found = judge(case(edits))
    return found.verdict, found.final_qty


@pytest.fixture(scope="module")
def judged():
    return list(generate(7, 700))


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param({}, ("PASS", "100"), id="nothing_set"),
        # 100 x 100.00 = 10,000.00
        pytest.param({"L/max_order_notional": "10000.00"}, ("PASS", "100"), id="at_limit"),
        pytest.param({"L/max_order_notional": "9999.99"}, ("DENY", "0"), id="one_cent_over"),
        # 99 x 100.00 = 9,900.00 <= 9,999.99 < 10,000.00
        pytest.param({"L/max_order_notional": "9999.99", "L/oversize": "reduce"}, ("REDUCE", "99"), id="cut"),
        # lots of 20: 80 x 100 = 8,000 fits, 100 x 100 does not
        pytest.param(
            {"L/max_order_notional": "9999.99", "L/oversize": "reduce", "M/lot": "20"}, ("REDUCE", "80"), id="cut_lots"
        ),
        # 0.001 shares cost 0.10: 9.999 x 100 = 999.90 <= 999.99 < 1,000.00
        pytest.param(
            {"L/max_order_notional": "999.99", "L/oversize": "reduce", "M/lot": "0.001", "L/allow_fractional": True},
            ("REDUCE", "9.999"),
            id="cut_fraction",
        ),
        pytest.param({"L/max_order_notional": "99", "L/oversize": "reduce"}, ("DENY", "0"), id="cut_to_nothing"),
        # ask 100.05 x 1.01 = 101.0505; 98 x 101.0505 = 9,902.949
        pytest.param(
            {"O/type": "market", "O/limit_price": None, "O/qty": "98", "L/market_slippage_pct": "1",
             "L/max_order_notional": "9902.949"}, ("PASS", "98"), id="market_at_limit",
        ),
        pytest.param(
            {"O/type": "market", "O/limit_price": None, "O/qty": "98", "L/market_slippage_pct": "1",
             "L/max_order_notional": "9902.948"}, ("DENY", "0"), id="market_over",
        ),
        # held 50 at ask 100.05 = 5,002.50; 5,002.50 + 49 x 100 = 9,902.50 <= 10,000 < 10,002.50
        pytest.param({**HOLDS, "L/max_position_pct_equity": "10", "L/oversize": "reduce"}, ("REDUCE", "49"), id="held"),
        # (100,000 - 98,000) / 100,000 = 2 %: reached
        pytest.param({"A/equity": "98000.00", "L/daily_loss_limit_pct": "2"}, ("DENY", "0"), id="loss_reached"),
        pytest.param({"A/equity": "98000.01", "L/daily_loss_limit_pct": "2"}, ("PASS", "100"), id="loss_below"),
        pytest.param({**EXIT, "A/equity": "50000", "L/daily_loss_limit_pct": "2"}, ("PASS", "50"), id="exit_in_loss"),
        pytest.param({**COVER, "L/max_order_qty": "1"}, ("PASS", "50"), id="cover_over_cap"),
        pytest.param({**EXIT, "O/qty": "51"}, ("DENY", "0"), id="more_than_held"),
        pytest.param({**EXIT, "O/qty": "51", "L/oversize": "reduce"}, ("REDUCE", "50"), id="more_than_held_cut"),
        # 50 held, 20 - 8 = 12 still selling: 38 are left
        pytest.param(
            {**EXIT, "L/oversize": "reduce",
             "open_orders": [working("AAPL", "sell", "20", "101", filled_qty="8", status="partially_filled")]},
            ("REDUCE", "38"), id="partly_sold",
        ),
        pytest.param({**EXIT, "C/kill_switch": True}, ("DENY", "0"), id="exit_killed"),
        pytest.param({"L/approval_required_above_notional": "9999.99"}, ("NEED_APPROVAL", None), id="asks"),
        pytest.param(
            {"L/approval_required_above_notional": "9999.99", "M/halted": True}, ("DENY", "0"), id="deny_beats_asking"
        ),
        # VaR = 2.326347874 x 10,000 x 0.02 = 465.27; 0.46527 % of 100,000 is 465.27, 0.46526 % is less
        pytest.param({"M/daily_sigma": "0.02", "L/max_var_pct": "0.46527"}, ("PASS", "100"), id="var_at"),
        pytest.param({"M/daily_sigma": "0.02", "L/max_var_pct": "0.46526"}, ("DENY", "0"), id="var_over"),
        # 10 % of equity at 0.02 sqrt(252) = 31.749 % a year carries 3.1749 %
        pytest.param({"M/daily_sigma": "0.02", "L/target_volatility_pct": "3.175"}, ("PASS", "100"), id="volatility"),
        pytest.param({"M/daily_sigma": "0.02", "L/target_volatility_pct": "3.174"}, ("DENY", "0"), id="volatile"),
    ],
)  # fmt: skip
def test_examples_by_hand(edits, expected):
    assert verdict(edits) == expected


def test_open_buys_count_and_open_sells_make_no_room():
    view = read(
        case({**HOLDS, "O/qty": "20", "open_orders": [
            working("AAPL", "buy", "100", "99.00", filled_qty="70"), working("AAPL", "sell", "40", "101.00"),
            working("XOM", "buy", "9", "50.00", status="filled"),
        ]})
    )  # fmt: skip
    # up: 5,002.50 + 30 x 99 + 20 x 100; down: 5,002.50 - 40 x 101
    assert sides(view, "AAPL") == (Fraction("9972.50"), Fraction("962.50"))
    assert worst(view, "AAPL") == gross(view) == Fraction("9972.50")
    assert reserved(view) == 2970
    assert notional(view) == 2000


def test_codes_are_those_of_what_is_broken():
    found = judge(case({"L/max_heat_pct": "0.1", "L/max_recent_volume_pct": "5"}))
    assert found.codes_any == ("HEAT", "HEAT_UNKNOWN", "PARTICIPATION", "VOLUME_UNKNOWN")
    assert judge(case({"O/bypass": True})).codes_any == ("CASE_INVALID",)


def test_hours_agree_with_the_published_calendar():
    """Every day of the year, against a library that the oracle does not use."""
    exchange = ExchangeCalendar("XNYS")
    for number in range(365):
        day = date(2026, 1, 1) + timedelta(days=number)
        found = exchange.session_on(day)
        assert session_of(day) == (None if found is None else (found.opens_at, found.closes_at)), day


def test_session_edges():
    opens = datetime(2026, 3, 17, 13, 30, tzinfo=UTC)
    assert session_at(opens) is not None
    assert session_at(opens - timedelta(seconds=1)) is None
    assert session_at(datetime(2026, 3, 17, 20, tzinfo=UTC)) is None
    assert session_after(datetime(2026, 3, 20, 15, tzinfo=UTC))[0] == datetime(2026, 3, 23, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "1e5", "１", "1" * 16, True, 1, ["1"], "", " 1", "1.", ".5", "0.1" + "0" * 12]
)
def test_only_plain_decimals_are_numbers(value):
    with pytest.raises(Unreadable):
        read(case({"O/qty": value}))


def test_the_oracle_and_the_person_agree_and_every_limit_has_both_sides(judged):
    assert faults(judged) == []
    assert len(judged) >= 700


def test_a_wrong_label_is_found(judged):
    first = judged[0]
    wrong = LabelledCase(Row(first.row.gate, "wrong", "R:3", {}), first.case, first.expected)
    assert f"{first.row.gate} wrong: by hand R:3, oracle {label(first.expected)}" in faults([*judged, wrong])


def test_a_gate_without_a_refusal_is_found(judged):
    kind = [each for each in judged if each.row.gate != "E12" or each.expected.verdict == "PASS"]
    assert "E12: no case on both sides" in faults(kind)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.gate}-{rule.limit}")
def test_every_rule_decides_some_case_alone(rule, judged):
    """Somewhere nothing else is broken: take the rule away and the expectation changes."""
    name = f"{rule.gate}:{rule.limit}" if rule.limit else rule.gate
    assert any(each.expected.gates == (name,) for each in judged), name
    assert rule.gate in GATES
    assert rule.limit is None or rule.limit in LIMITS


def test_every_limit_is_judged_by_a_rule_or_is_a_figure():
    assert set(LIMITS) - FIGURES == {rule.limit for rule in RULES if rule.limit}


def test_the_command_writes_every_case_by_hand_and_seeded_ones_up_to_the_count(tmp_path, capsys):
    out, bare, count = tmp_path / "judged", tmp_path / "bare", len(BY_HAND) + 310
    assert main(["--seed", "8", "--count", str(count), "--out", str(out), "--cases", str(bare)]) == 0
    assert "86 gates" in capsys.readouterr().out
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert {tuple(sorted(line)) for line in lines} == {("because", "case", "expect", "gate", "kind")}
    assert len({line["case"]["id"] for line in lines}) == len(lines) == count
    assert [line["case"] for line in lines] == [json.loads(line) for line in bare.read_text("utf-8").splitlines()]


def test_seeded_cases_follow_from_the_seed():
    assert list(mixed(7, 30)) == list(mixed(7, 30)) == list(mixed(7, 60))[:30] != list(mixed(8, 30))


def test_the_oracle_shares_nothing_with_what_it_judges():
    imported = {
        name.split(".")[0] if not name.startswith("evals.") else ".".join(name.split(".")[:2])
        for path in (*(ROOM / "oracle").glob("*.py"), *(ROOM / "tables").glob("*.py"), ROOM / "generate.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import)
            else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        )
    }  # fmt: skip
    assert {name for name in imported if name not in sys.stdlib_module_names} == {"evals.gates"}


@pytest.mark.parametrize(
    ("value", "text"),
    [(Fraction(50), "50"), (Fraction(19, 2), "9.5"), (Fraction("9.999"), "9.999"), (Fraction(0), "0")],
)
def test_quantities_are_written_plainly(value, text):
    assert decimal(value) == text
