"""Every limit is explained in one line."""

import pytest

from policies.limit_words import MEANINGS, meaning
from policies.limits import BY_NAME, LIMITS, Kind, Limit


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.name)
def test_a_limit_says_what_it_does(limit):
    told = meaning(limit)
    assert 10 < len(told) <= 100
    assert "{" not in told
    assert "\n" not in told


def test_a_limit_without_words_of_its_own_takes_those_of_its_kind_and_gates():
    limit = Limit("max_of_something", Kind.AT_MOST, ("C1", "C2"))
    assert meaning(limit) == "order notional and order quantity: at most this"
    many = Limit("oversize_of_something", Kind.AT_LEAST, ("C1", "C2", "C5", "C6"))
    assert meaning(many) == "order notional and order quantity and 2 more gates: at least this"


def test_no_words_are_left_of_limits_that_are_gone():
    assert set(MEANINGS) <= set(BY_NAME)
