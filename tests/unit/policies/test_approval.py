"""How long a request for a person's yes stays open; whether a yes holds is in the table of gate A10."""

from datetime import timedelta
from decimal import Decimal

import pytest

from policies.approval import answerable_until
from tests.builders.policies import NOW

LONGEST = NOW + timedelta(hours=4)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param(None, LONGEST, id="evidence_never_ages"),
        pytest.param("1800", NOW + timedelta(minutes=30), id="evidence_ages_first"),
        pytest.param("86400", LONGEST, id="a_person_gives_up_first"),
    ],
)
def test_a_request_closes_when_its_evidence_is_too_old(seconds, expected):
    assert answerable_until(NOW, LONGEST, None if seconds is None else Decimal(seconds)) == expected
