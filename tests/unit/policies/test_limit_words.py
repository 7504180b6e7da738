"""Every limit is explained in one line."""

import pytest

from policies.limit_words import MEANINGS, meaning
from policies.limits import BY_NAME, LIMITS


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.name)
def test_a_limit_says_what_it_does(limit):
    told = meaning(limit)
    assert 10 < len(told) <= 100
    assert "{" not in told
    assert "\n" not in told


def test_every_limit_has_words_and_no_words_are_left_of_limits_that_are_gone():
    assert set(MEANINGS) == set(BY_NAME)
