"""Reason codes and their page."""

import re
from pathlib import Path

import pytest

from policies.codes import ReasonCode, markdown_table, meaning_of

ROOT = Path(__file__).parents[3]


def test_the_committed_page_is_the_one_the_codes_make():
    assert (ROOT / "docs" / "reason-codes.md").read_text(encoding="utf-8") == markdown_table()


def test_codes_are_stable_words_with_one_line_meanings():
    for code in ReasonCode:
        assert re.fullmatch(r"[A-Z][A-Z_]+", code)
        assert code == code.name == str(code)
        assert re.fullmatch(r"[A-Z][^\n|]+\.", code.meaning)


def test_every_code_is_used_by_a_gate_or_by_the_evaluation():
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "policies").rglob("*.py"))
    assert [code for code in ReasonCode if f"ReasonCode.{code}" not in sources] == []


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        pytest.param("KILL_SWITCH", "The kill switch is engaged.", id="in_the_list"),
        pytest.param("OLD_AND_GONE", "old and gone.", id="of_an_old_record"),
    ],
)
def test_what_a_code_means(code, meaning):
    assert meaning_of(code) == meaning
