"""The probes for leakage bite: what is planted early enough shows, and masks can be taken off again."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from agents.blind import Blinded, Mask, masked, pairs_of, unmasked
from agents.llm import Sampling
from agents.models.rules_llm import RulesModel
from agents.slots import read_slot
from domain.context.news import NewsArticle
from domain.errors import DataQualityError
from domain.ids import CycleId
from domain.market import Symbol
from domain.record.canonical import plain
from evals.answers.play import play
from evals.answers.questions import cases, questions, role_of
from evals.leakage.future import CHANNELS, LATER, planted
from evals.suites.s5_leakage import SYMBOLS
from graphs.nodes.observe import look
from graphs.nodes.read_news import new_texts
from tests.builders.runtime import a_runtime

AT = datetime(2026, 3, 17, 15, tzinfo=UTC)
REFUSED = ("bars", "quote")
"""A source of prices that is ahead of its time ends the look; what else comes too early is left aside."""
MASK = Mask(5, {"NIMBO": "Nimbor Systems"})


@pytest.fixture(scope="module")
def deps(tmp_path_factory):
    with a_runtime(tmp_path_factory.mktemp("home")) as runtime:
        yield runtime.deps


@pytest.mark.parametrize("channel", CHANNELS)
def test_what_was_planted_long_ago_is_seen_and_what_is_yet_to_come_is_not(deps, channel):
    before = seen(deps, AT)
    if channel in REFUSED:
        with pytest.raises(DataQualityError, match="look-ahead"):
            seen(planted(channel, deps, SYMBOLS, AT), AT)
    else:
        assert seen(planted(channel, deps, SYMBOLS, AT), AT) - before == set()
    long_ago = AT - LATER - timedelta(days=1)
    assert seen(planted(channel, deps, SYMBOLS, long_ago), AT) - before


def seen(deps, as_of) -> set[tuple[str, str]]:
    """Every figure that is known, and every text that would be read."""
    texts = {("text", text.text) for text in new_texts(deps, SYMBOLS, as_of)}
    items = look(deps, CycleId("cyc-1"), as_of, SYMBOLS).evidence.items
    return texts | {(str(ref), str(item.value)) for ref, item in items.items() if item.value is not None}


QUESTIONS = {name: each.user for name, each in questions(Sampling("x")).items()}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_mask_hides_every_symbol_and_can_be_taken_off(name):
    text = QUESTIONS[name]
    pairs = pairs_of(text, MASK)
    hidden = masked(text, pairs, MASK)
    assert not [true for true in pairs if f'"{true}"' in hidden or f"@{true}" in hidden or f": {true}\n" in hidden]
    assert without_money(unmasked(hidden, pairs, MASK)) == without_money(text)


def without_money(text: str) -> list[str]:
    return [line for line in text.split("\n") if '"unit":"USD"' not in line]


def test_prices_move_together_and_shares_stay():
    text = QUESTIONS["advisor-01-clear"]
    plain, hidden = (slots(each) for each in (text, masked(text, pairs_of(text, MASK), MASK)))
    assert hidden["plan.qty"] == plain["plan.qty"]
    assert hidden["rsi14"] == plain["rsi14"]
    for name in ("plan.entry", "plan.stop", "close", "quote.ask", "plan.notional"):
        assert abs(Decimal(hidden[name]) / Decimal(plain[name]) - MASK.factor) < Decimal("0.001")


def slots(text: str) -> dict[str, str]:
    lines = (*read_slot(text, "plan"), *read_slot(text, "evidence"))
    return {line["ref"].partition("@")[0]: line["value"] for line in lines}


def test_a_price_that_was_copied_comes_back():
    text = QUESTIONS["advisor-01-clear"]
    pairs = pairs_of(text, MASK)
    close = Decimal(slots(text)["close"])
    shown = Decimal(slots(masked(text, pairs, MASK))["close"])
    answer = unmasked(f'{{"reference_price": {shown}}}', pairs, MASK)
    assert abs(Decimal(answer.partition(": ")[2].rstrip("}")) - close) < Decimal("0.001")


def test_names_and_years_in_a_text_are_masked_and_a_quote_is_found_again():
    article = NewsArticle(
        "a", (Symbol("NIMBO"),), "Nimbor Systems wins in 2026", "\nNimbor Systems (NIMBO) grows.", AT, AT, "x"
    )
    heard = Heard()
    made = play("reader", {"article": plain(article)}, Blinded(heard, MASK))
    assert "Nimbor" not in heard.user
    assert "NIMBO" not in heard.user
    assert "2026" not in heard.user
    assert (made["usable"], made["signs"]) == (True, {"NIMBO": 1})


SEEDS = (6, 2, 0)
"""They move dates by one, two and three quarters."""
DATED = {
    "before_the_month": "it said in January, since March and until May",
    "a_day": "on March 17 and May 5, 2026, 3rd May, Jan 5 and Oct. 12",
    "behind_a_line_break": '"one\\nOctober\\nin March"',
    "a_quarter": "Q3 results of 2025, the third-quarter loss, Fourth quarter sales",
}
"""Texts that name a time of the year by its words."""
UNDATED = (
    "it may fall, troops march on, May it rest, March on!",
    "Jan wins, Dec loses, a Mar of it",
    "the third quarter in a row, a weak quarter, Q5, IQ3",
)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("text", DATED.values(), ids=DATED)
def test_dates_in_words_are_masked_and_come_back(text, seed):
    mask = Mask(seed)
    hidden = masked(text, {}, mask)
    before, after = (re.findall(r"[A-Z][a-z]+|Q[1-4]|[a-z]+(?=-quarter)", each) for each in (text, hidden))
    assert not [one for one, other in zip(before, after, strict=True) if one == other]
    assert unmasked(hidden, {}, mask) == text


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("text", UNDATED)
def test_words_that_are_no_dates_stay(text, seed):
    assert masked(text, {}, Mask(seed)) == text


@pytest.mark.parametrize(("name", "month"), [("reader-01-good_news", "January"), ("reader-12-attack", "June")])
def test_the_months_of_the_recorded_questions_are_masked(name, month):
    assert month in QUESTIONS[name]
    assert month not in masked(QUESTIONS[name], {}, MASK)


class Heard(RulesModel):
    """The rules, with the last question kept."""

    user = ""

    def complete(self, request):
        self.user = request.user
        return super().complete(request)


@pytest.mark.parametrize("case", [case for case in cases() if role_of(case) in ("advisor", "decider")][:6],
                         ids=lambda case: case.id)  # fmt: skip
def test_the_rules_answer_the_same_behind_any_mask(case):
    role = role_of(case)
    assert play(role, case.inputs, Blinded(RulesModel(), Mask(77))) == play(role, case.inputs, RulesModel())
