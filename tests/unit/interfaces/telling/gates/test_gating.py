"""Answers to what-if cases: one a line, in order, whatever the lines hold."""

import io
import json
from pathlib import Path

import pytest

from domain.verdicts import Outcome
from interfaces.telling.gates.gating import Tally, answers, text_of
from policies.policy import load_policy
from tests.builders.whatif import GONE, a_line

ROOT = Path(__file__).parents[4]


def told(*lines, fallback=None):
    stream = io.BytesIO(b"\n".join(lines))
    return [json.loads(text_of(answer)) for answer in answers(stream, fallback)]


def test_an_answer_has_the_names_of_the_contract():
    (found,) = told(a_line())
    assert (found["id"], found["verdict"], found["final_qty"], found["codes"]) == ("good", "PASS", "10", [])
    assert found["verdicts"]
    assert all(each.keys() >= {"gate", "code", "limit", "value", "margin"} for each in found["verdicts"])
    notional = next(each for each in found["verdicts"] if each["gate"] == "C1")
    assert (notional["limit"], notional["value"], notional["margin"], notional["unit"]) == (
        "10000",
        "2000",
        "8000",
        "USD",
    )
    assert "error" not in found


def test_a_denial_names_its_gate():
    (found,) = told(a_line(order__qty="60"))
    assert (found["verdict"], found["final_qty"]) == ("DENY", "0")
    assert "ORDER_NOTIONAL" in found["codes"]
    denied = {each["gate"]: each for each in found["verdicts"] if each["outcome"] == "DENY"}
    assert (denied["C1"]["value"], denied["C1"]["margin"]) == ("12000", "-2000")


def test_a_reduction_and_a_request_carry_their_quantity():
    cut, asked = told(a_line(order__qty="60", limits__oversize="reduce"), a_line(control__mode="approve"))
    assert (cut["verdict"], cut["final_qty"]) == ("REDUCE", "50")
    assert (asked["verdict"], asked["final_qty"]) == ("NEED_APPROVAL", "10")


def test_a_line_that_is_no_case_is_a_denial_and_the_next_one_follows():
    first, blank, second, spaces, third, fourth = told(
        b"\xef\xbb\xbf" + a_line(id="bom"), b"", b"{", b"   ", a_line(id="odd", sizes=1), a_line(id="last")
    )
    assert (first["id"], first["verdict"]) == ("bom", "PASS")
    assert [(each["id"], each["codes"]) for each in (blank, spaces)] == [
        ("line 2", ["CASE_INVALID"]), ("line 4", ["CASE_INVALID"]),
    ]  # fmt: skip
    assert (second["id"], second["verdict"], second["final_qty"]) == ("line 3", "DENY", "0")
    assert (second["codes"], second["verdicts"]) == (["CASE_INVALID"], [])
    assert "not one JSON object" in second["error"]
    assert (third["id"], third["codes"]) == ("odd", ["CASE_INVALID"])
    assert "'sizes' is not a field" in third["error"]
    assert (fourth["id"], fourth["verdict"]) == ("last", "PASS")


def test_a_line_without_end_is_refused_in_bounded_memory():
    class Endless(io.RawIOBase):
        """Three million bytes without a line break, a few at a time, and then a case."""

        def __init__(self):
            self.left = 3_000_000
            self.rest = io.BytesIO(a_line(id="after"))
            self.longest = 0

        def readline(self, size=-1, /):
            if self.left:
                given = min(size, self.left)
                self.left -= given
                self.longest = max(self.longest, given)
                return b"x" * given if self.left else b"x" * (given - 1) + b"\n"
            return self.rest.readline(size)

    stream = Endless()
    first, second = (json.loads(text_of(answer)) for answer in answers(stream))  # type: ignore[arg-type]
    assert "longer than" in first["error"]
    assert (second["id"], second["verdict"]) == ("after", "PASS")
    assert stream.longest < 1_100_000


@pytest.mark.parametrize("calendar", ["XXXX", "../XNYS", "xnys "])
def test_an_exchange_that_nobody_knows_is_refused(calendar):
    (found,) = told(a_line(market_calendar=calendar))
    assert found["codes"] == ["CASE_INVALID"]
    assert "there is no exchange calendar" in found["error"]


def test_a_clock_outside_the_calendar_is_refused():
    (found,) = told(a_line(clock="1971-03-17T15:00:00Z"))
    assert "is outside the XNYS calendar" in found["error"]


@pytest.mark.parametrize(
    ("clock", "verdict"),
    [
        pytest.param("2026-03-17T13:29:59Z", "DENY", id="before_the_opening"),
        pytest.param("2026-03-06T14:00:00Z", "DENY", id="before_it_in_winter_time"),
        pytest.param("2026-04-03T15:00:00Z", "DENY", id="good_friday"),
        pytest.param("2026-11-27T17:59:59Z", "PASS", id="before_an_early_close"),
        pytest.param("2026-11-27T18:00:00Z", "DENY", id="at_an_early_close"),
    ],
)
def test_the_exchange_calendar_counts(clock, verdict):
    dated = {"account__as_of": clock, "market__AAPL__ts": clock, "order__created_at": clock}
    (found,) = told(a_line(clock=clock, **dated))
    assert (found["verdict"], found["codes"]) == (verdict, [] if verdict == "PASS" else ["MARKET_CLOSED"])


def test_text_from_outside_stays_inside_its_string():
    (found_line,) = (
        text_of(each) for each in answers(io.BytesIO(a_line(id="\u202e\x1b[2J\u2028", order__symbol="\x1b]")))
    )
    assert found_line.isascii()
    assert found_line.isprintable()


def test_a_fallback_judges_cases_without_limits():
    strict = load_policy("conservative")
    bare, own = told(a_line(limits=GONE), a_line(), fallback=strict)
    assert len(bare["verdicts"]) == len(strict.gates)
    assert len(own["verdicts"]) < len(strict.gates)


def test_the_same_lines_get_the_same_bytes():
    lines = [a_line(id=str(qty), order__qty=str(qty)) for qty in range(1, 80)]
    assert told(*lines) == told(*lines)


def test_a_tally_counts_answers_and_codes():
    tally = Tally()
    for answer in answers(io.BytesIO(b"\n".join([a_line(), a_line(), b"{", a_line(control__kill_switch=True)]))):
        tally.add(answer)
    assert tally.view().verdicts == {"PASS": 2, "DENY": 2}
    assert tally.view().codes == {"CASE_INVALID": 1, "KILL_SWITCH": 1}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(b"%s\n", ["PASS"], id="a_line_end_at_the_end"),
        pytest.param(b"%s\n\n \n", ["PASS"], id="blank_lines_at_the_end"),
        pytest.param(b"\n%s", ["line 1", "PASS"], id="a_blank_line_first"),
        pytest.param(b"%s\n\n \r\n%s\n", ["PASS", "line 2", "line 3", "PASS"], id="blank_lines_between"),
        pytest.param(b"\n\n", [], id="nothing_else"),
    ],
)
def test_a_blank_line_between_cases_is_denied_and_one_at_the_end_is_none(text, told):
    found = list(answers(io.BytesIO(text.replace(b"%s", a_line()))))
    assert [each.id if each.error else each.verdict.value for each in found] == told
    assert all((each.verdict, each.codes) == (Outcome.DENY, ("CASE_INVALID",)) for each in found if each.error)
