"""The one door: who gets in, and everybody who does not."""

from dataclasses import replace

import pytest

from interfaces.telegram_bot.authorise import AccessDenied, Doors, Granted, authorise
from interfaces.telegram_bot.updates import Arrival, Kind
from trading.store.people.roles import Role

ANN, BEN, GROUP = 1, 2, -100
DOORS = Doors({ANN: Role.OWNER, BEN: Role.VIEWER}, frozenset({(GROUP, 17)}))
AT_HOME = Arrival(1, Kind.COMMAND, user_id=ANN, chat_id=ANN, private=True, command="status")

IN = {
    "the owner at home": AT_HOME,
    "a viewer at home": replace(AT_HOME, user_id=BEN, chat_id=BEN),
    "in the named topic": replace(AT_HOME, chat_id=GROUP, topic_id=17, private=False),
    "a text": replace(AT_HOME, kind=Kind.TEXT),
    "a press": replace(AT_HOME, kind=Kind.PRESS),
}
OUT = {
    "a stranger": replace(AT_HOME, user_id=3, chat_id=3),
    "nobody": replace(AT_HOME, user_id=0),
    "no chat": replace(AT_HOME, chat_id=0),
    "the owner in another's chat": replace(AT_HOME, chat_id=BEN),
    "another topic": replace(AT_HOME, chat_id=GROUP, topic_id=18, private=False),
    "no topic": replace(AT_HOME, chat_id=GROUP, private=False),
    "another group": replace(AT_HOME, chat_id=-5, topic_id=17, private=False),
    "a stranger in the group": replace(AT_HOME, user_id=3, chat_id=GROUP, topic_id=17, private=False),
    **{kind.value: replace(AT_HOME, kind=kind) for kind in (Kind.FORWARDED, Kind.EDITED, Kind.CHANNEL, Kind.OTHER)},
}


@pytest.mark.parametrize("case", IN)
def test_who_is_let_in(case):
    assert isinstance(authorise(IN[case], DOORS, Role.VIEWER), Granted)


@pytest.mark.parametrize("case", OUT)
def test_who_is_not(case):
    assert isinstance(authorise(OUT[case], DOORS, Role.VIEWER), AccessDenied)


@pytest.mark.parametrize("needed", [Role.OPERATOR, Role.APPROVER, Role.OWNER])
def test_a_lesser_role_is_told_what_it_takes(needed):
    refused = authorise(replace(AT_HOME, user_id=BEN, chat_id=BEN), DOORS, needed)
    assert isinstance(refused, AccessDenied)
    assert refused.tell == f"This takes the role {needed.value}; yours is viewer."


def test_an_empty_list_of_people_is_nobody_and_not_everybody():
    assert all(
        isinstance(authorise(each, Doors({}), Role.VIEWER), AccessDenied) for each in (*IN.values(), *OUT.values())
    )


@pytest.mark.parametrize("held", Role)
@pytest.mark.parametrize("needed", Role)
def test_each_role_holds_those_before_it(held, needed):
    order = [Role.VIEWER, Role.OPERATOR, Role.APPROVER, Role.OWNER]
    assert held.covers(needed) is (order.index(held) >= order.index(needed))
