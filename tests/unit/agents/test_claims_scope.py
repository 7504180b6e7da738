"""How far a negation reaches, and whose wish for a person it is: sentences in plain English, all true or all false.

Most of both tables was written before the checker was run on it. What it still misses is left out: a passive after its
denial ("it was not cut, it was blocked by the inspector") and a correction ("the gates refused it, not the inspector").
"""

from dataclasses import replace

import pytest

from agents.claims.scope import denied
from agents.record import Record
from domain.decisions import Action
from domain.money import ZERO
from domain.verdicts import Evaluation, Outcome
from tests.builders.claims import MODE, SPREAD, a_claimed_record, kinds

ALLOWED = a_claimed_record()
SENT_TO_A_PERSON = a_claimed_record(outcome=Outcome.NEED_APPROVAL)
REFUSED = a_claimed_record(outcome=Outcome.DENY)
REFUSED_BY_ONE_OF_TWO = replace(REFUSED, evaluation=Evaluation(Outcome.DENY, ZERO, (), (MODE, SPREAD), "policy"))
SKIPPED = a_claimed_record(outcome=None, action=Action.SKIP, qty=ZERO)

TRUE: tuple[tuple[Record, tuple[str, ...]], ...] = (
    (
        ALLOWED,
        (
            "It needs no approval and no person is asked.",
            "Neither a person nor the owner has to approve it.",
            "It can go ahead without a person's approval and without a cut.",
            "The record does not ask for a person's approval.",
            "Larger orders need a person's approval, this one does not.",
            "With no warning raised, the inspector allowed it.",
            "Without making it smaller, the inspector allowed it.",
            "Seeing no reason to cut it, the advisor supported it.",
            "The inspector did not block, cut or delay it.",
            "The decision, with no dissent, was to take it.",
            "The gates let it pass with nothing cut and no person asked.",
            "The order goes ahead and a person need not approve it.",
            "No person is needed and no gate objected.",
            "It is free to go, with no approval pending.",
            "No role, and no gate, asked for a person.",
            "The inspector allowed it in full, without asking for a person.",
            "The advisor supported it, without reservations, and the inspector had no objection.",
            "Not one gate refused, cut or delayed it.",
            "No gate had any reason to refuse it.",
            "The inspector found nothing to block.",
            "The advisor was not against it, nor did the inspector cut it.",
            "Without hesitation the advisor supported it.",
            "The decision was not to skip it.",
            "Nothing was bought, sold or sent.",
            "The order has not been sent, placed or filled.",
            "No order has been sent and none was filled.",
            "The order may go out without a person, and nothing was cut.",
            "Neither approval nor a smaller size was required.",
            "The trade is allowed, with no need for a person to approve it.",
            "The gates let it through, having found nothing to cut or refuse.",
            "The advisor was in favour, not least because the trend is up.",
            "The inspector allowed it, not having seen a reason to cut it.",
            "No order has been sent, so nothing could be filled.",
            "The inspector blocked nothing.",
            "No one asked for a person, and no gate cut it.",
            "Neither the advisor nor the inspector cut it.",
            "The advisor neither cut nor refused it and the inspector allowed it.",
            "Neither the advisor nor the inspector objected, and the gates passed it.",
            "A signal with a score of 0.42 spoke for it.",
            "The inspector blocked nothing, and the gates refused nothing.",
        ),
    ),
    (
        SENT_TO_A_PERSON,
        (
            "The gates send the trade to a person, without making it smaller.",
            "Without making it smaller, the gates sent it to a person.",
            "It goes to a person at its full size, with nothing cut.",
            "The order was not made smaller and needs a person's approval.",
            "No gate refused it, but one asks for a person.",
            "No order was sent because it needs a person's approval.",
            "Because nothing may go out at this size without a person's approval, it waits.",
            "It cannot, for now, go ahead without a person's approval.",
            "It cannot go ahead, even in part, without a person's approval.",
            "It may not be sent unless a person approves.",
            "Nothing is sent until a person has approved it.",
            "Not only does it need a person's approval, it is also large.",
            "It waits for a person, not for a better price.",
            "A person must approve it, and no order is sent before that.",
            "A person has to look at it before anything is sent.",
            "The size stays as it is, but without approval nothing goes out.",
            "It is for a person to decide, since no order of this size goes out without approval.",
            "The order is not small, which is why a person must approve it.",
            "No gate refused the trade and one sent it to a person.",
            "It was neither cut nor refused, only sent to a person.",
            "Although no role objected, the mode gate needs a person's approval.",
            "The inspector did not ask for a person, the mode gate did.",
            "Nobody has approved it yet, and it waits for the owner.",
            "The trade is not refused, it is pending a person's approval.",
            "It needs a person's approval (no order has been sent).",
            "While nothing has been refused, it still requires human approval.",
            "It would go to a person without any change of size.",
            "It does not go ahead until the owner approves.",
            "The order is still without a person's approval.",
            "A person decides next, as the mode gate does not let an order of this size go without approval.",
            "Nothing about the trade was changed, but the order must wait for a person.",
            "The plan stands as it was, with no part of it cut, and awaits a person's approval.",
            "It is not yet approved: the owner has to approve it.",
            "No gate refused it; the mode gate asks for a person and nothing was made smaller.",
            "Since the order is not below the limit, it requires a person's approval.",
            "The mode gate did not refuse the trade, it sent it to a person.",
            "The order has no approval yet and waits.",
            "Without approval, it cannot be sent.",
        ),
    ),
    (
        REFUSED,
        (
            "With no gate left to ask, the gates refused it.",
            "With no way around the spread, the gates refused it.",
            "The gates did not only object, they refused it.",
            "There was no lack of reasons, and the gates refused the trade.",
            "No approval is needed, as the gates refused it.",
            "Nothing was sent and nothing was filled.",
            "The gates refused it without asking for a person.",
            "The gates refused it and, without an order, nothing can be filled.",
            "The spread gate refused it, not without reason.",
            "It never went to a person, the gates having refused it.",
            'The gate "spread" objected.',
            "The spread gate refused it.",
            "E7 refused it.",
            "The gates refused it and left 0 shares.",
            "It was too wide: it measured 0.59 % against a limit of 0.5 %.",
        ),
    ),
    (
        REFUSED_BY_ONE_OF_TWO,
        (
            "The gate named mode objected because an order of this size needs a person's approval.",
            "One gate wanted a person's approval, but another refused it.",
            "The order would have needed a person's approval, yet the gates refused it.",
            "No person is asked, because the gates refused it.",
            "No approval is pending.",
            "It does not go to a person.",
            "Both objected: one because of the spread, the other because an order of this size requires approval.",
            "It was refused, so it never goes to a person.",
            "The mode gate would have sent it to a person, but the spread gate refused it.",
            "Two objected: mode, because its size needs a person, and spread, because bid and ask are far apart.",
            "The mode gate asked for a person's approval, and the spread gate refused it outright.",
            "The gates refused it, so no approval is pending and nothing is sent.",
        ),
    ),
    (
        SKIPPED,
        (
            "In the end, with nothing sent, the trade was skipped.",
            "The decision was not to take it.",
            "The trade was not taken, because the inspector said no.",
            "The trade was skipped without the gates being asked.",
            "Nothing was sent because the trade was skipped.",
            "The trade never got as far as the gates, and no person was asked.",
        ),
    ),
)
FALSE: tuple[tuple[Record, tuple[str, ...]], ...] = (
    (
        ALLOWED,
        (
            "It waits for a person, without being made smaller.",
            "It needs a person's approval, not a smaller size.",
            "Nothing was cut, and a person must approve it.",
            "It cannot go ahead, even in part, without a person's approval.",
            "No order was sent because it needs a person's approval.",
            "Orders of this size need a person's approval.",
            "Nothing is sent until a person has approved it.",
            "The next step is for a person to approve the 40 shares.",
            "With no warning raised, the inspector blocked it.",
            "Without making it smaller, the gates refused it.",
            "With no doubts left, the advisor spoke against it.",
            "The gates did not refuse it, and the inspector blocked it.",
            "No gate, however, let it pass.",
            "The gates did not let it pass.",
            "With nothing in the way, the order was sent.",
            "With no delay, the 40 shares were filled.",
            "Without a word, the decision was to skip it.",
            "The inspector did not allow it.",
            "The inspector did not block, cut or allow it.",
            "No warning was raised, but it goes to a person.",
            "Without a warning being raised, it is sent to a person.",
            "The order, not being small, needs a person's approval.",
            "The owner must approve it, not the inspector.",
            "The gates did not cut it, they refused it.",
            "The gates, with nothing to add, refused it.",
            "The inspector had no doubt and blocked it.",
            "No warning was given and the inspector blocked it.",
            "The advisor, without much conviction, spoke against it.",
            "With no order book to speak of, the 40 shares were sold.",
            "Not cut at all, the 40 shares were bought in full.",
            "The order was sent without delay.",
            "Without further talk, the order was placed.",
            "The gates did not, in the end, let it pass.",
            "No gate, whatever its limit, let it pass.",
            "The inspector did not, for any reason, allow it.",
            "Although nothing was cut, it requires a person's approval.",
            "Without a single objection, it was sent to a person.",
            "Not persuaded, the advisor rejected it.",
            "With no hurry, the decision was to wait.",
            "The decision was to wait, not to take it.",
            "The gates, not the inspector, refused it.",
            "Nothing was cut because a gate refused it.",
            "No objection was raised and the order was sent.",
            "Neither the advisor nor the inspector supported or allowed it.",
            "A signal with a score of 0.7 spoke for it.",
        ),
    ),
    (
        SENT_TO_A_PERSON,
        (
            "The gates let it pass, without sending it to a person.",
            "It does not need a person's approval, at its full size.",
            "No approval is needed for the trade, which was not made smaller.",
            "At this size the order needs no person's approval.",
            "It can go ahead, even in full, without a person's approval.",
            "A person's approval is not required, and nothing was cut.",
            "It was not made smaller and does not wait for a person.",
            "Nobody has to approve it.",
            "It is sent without asking, and no human approval is required.",
            "No person has to look at it, at whatever size.",
            "The order does not, at this size, need approval.",
            "The size needs no cut and the order needs no approval.",
            "Nothing was cut, and no person has to approve it.",
            "The order goes out without waiting for a person.",
            "No gate asked for a person.",
            "The order was not refused, it just does not need a person.",
            "It goes out at full size, not needing a person's approval.",
            "No cut was made, no person must approve it.",
            "Because nothing was cut, no approval is required.",
            "The mode gate refused it, without making it smaller.",
            "Without approval it can be sent.",
            "Without a person's approval, the order may go out.",
            "A person need not approve it.",
            "A person must not approve it first.",
            "No person needs to look at it.",
        ),
    ),
    (
        REFUSED,
        (
            "It was refused for now and waits for a person.",
            "It needs a person's approval, not a smaller size.",
            "No gate refused it.",
            "With no objection from anybody, the gates passed it.",
            "Nothing was cut and it goes to a person.",
            "It was not refused and goes to a person.",
            "No gate refused, cut or delayed it.",
            "A person must still approve it, although nothing was cut.",
            "Nothing was sent and the owner has to approve it.",
            "The gates passed it without objection.",
            "The gates did not object.",
            "The gates did not refuse it.",
            'A gate refused it, and the gate "leverage" objected.',
            "The leverage gate refused it.",
            "E9 refused it.",
            "The gates refused it and left 40 shares.",
            "It was too wide: it measured 101.52 USD against a limit of 0.5 %.",
        ),
    ),
    (
        REFUSED_BY_ONE_OF_TWO,
        (
            "The gates refused it, and it waits for a person's approval.",
            "The trade was sent to a person and is pending approval.",
            "The trade waits for the owner, who has not answered.",
            "It waits for a person, although the gates refused it.",
        ),
    ),
    (
        SKIPPED,
        (
            "The decision, not a hasty one, was to take it.",
            "The decision was to take it, without doubt.",
            "The trade was sent to the gates, which passed it without a cut.",
        ),
    ),
)


def _rows(table):
    return [pytest.param(record, sentence, id=sentence) for record, sentences in table for sentence in sentences]


@pytest.mark.parametrize(("record", "sentence"), _rows(TRUE))
def test_what_is_true_is_let_pass(record, sentence):
    assert kinds(sentence, record) == []


@pytest.mark.parametrize(("record", "sentence"), _rows(FALSE))
def test_what_is_false_is_found(record, sentence):
    assert kinds(sentence, record)


@pytest.mark.parametrize(
    ("clause", "so"),
    [
        ("nothing was refused", True),
        ("it was neither cut nor refused", True),
        ("not cut, delayed or refused", True),
        ("no gate, however large its limit, refused", True),
        ("no gate was asked because the inspector refused", False),
        ("without a cut, it was refused", False),
        ("it was not cut and the inspector refused", False),
        ("not only refused", False),
        ("no doubt it was refused", False),
        ("it was refused, not cut", False),
    ],
)
def test_a_negation_reaches_over_its_own_phrase(clause, so):
    assert denied(clause, clause.index("refused")) is so
