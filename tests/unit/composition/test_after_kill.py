"""What a kill starts behind itself: what it does where the policy of the settings is wrong as well."""

import pytest

from composition.after_kill import Notes, policy_of
from policies.policy import load_policy
from settings.reading import told_alone


@pytest.mark.parametrize(
    ("named", "used", "left"),
    [
        ("research", "research", []),
        ("planted", "conservative", ["SAGE_POLICY: it cannot be used as a policy"]),
    ],
)
def test_a_policy_that_cannot_be_used_gives_way_to_the_usual_one_and_is_told_without_its_name(named, used, left):
    notes = Notes([], {})
    assert policy_of(told_alone({"SAGE_POLICY": named}), notes).digest == load_policy(used).digest
    assert notes.left == left
