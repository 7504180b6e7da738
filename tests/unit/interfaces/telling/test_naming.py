"""Names that do not exist: the nearest that do, few of many, and no judgement where the market does not answer."""

from typing import Any

import pytest

from domain.errors import SourceUnavailable, UsageError
from domain.market import Symbol
from interfaces.telling.naming import check_symbol, listed, nearest, nearest_symbol

KNOWN = ("CALDO", "DRAVE", "NIMBO", "VERDA")


class Listing:
    """A market of which only the names are asked."""

    def __init__(self, *known, away=False):
        self._known, self._away = known, away

    def symbols(self):
        self.instrument("any")
        return self._known

    def instrument(self, symbol):
        if self._away:
            raise SourceUnavailable("the market does not answer")
        return symbol if symbol in self._known else None


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("NIMOB", "; the nearest is NIMBO"),
        ("nimbo", "; the nearest is NIMBO"),
        ("VEDRA", "; the nearest are VERDA, DRAVE"),
        ("ZZZZ", ""),
        ("", ""),
    ],
)
def test_the_nearest(name, told):
    assert nearest(name, KNOWN) == told


def test_of_very_many_a_few_are_named():
    assert listed(KNOWN) == "There are CALDO, DRAVE, NIMBO, VERDA."
    many = tuple(f"A{number:03}" for number in range(1500))
    assert listed(many) == "There are 1,500, such as A000, A001, A002, A003, A004."
    assert "SAGE_UNIVERSE" in listed(())


def test_what_exists_passes_and_who_does_not_answer_is_not_judged():
    known: Any = Listing(*KNOWN)
    away: Any = Listing(*KNOWN, away=True)
    check_symbol(known, Symbol("NIMBO"))
    check_symbol(away, Symbol("NOSUCH"))
    with pytest.raises(UsageError, match="there is no symbol NOSUCH in this market"):
        check_symbol(known, Symbol("NOSUCH"))


@pytest.mark.parametrize(
    ("market", "name", "told"),
    [
        (Listing(*KNOWN), "NIMOB", "; the nearest is NIMBO"),
        (Listing(*KNOWN), "nimbo", ""),
        (Listing(*KNOWN), "ord-k3v5xw2a", ""),
        (Listing(*KNOWN, away=True), "NIMOB", ""),
    ],
    ids=["misspelt", "is_one", "an_id", "away"],
)
def test_a_word_that_may_stand_for_anything(market, name, told):
    assert nearest_symbol(market, name) == told
