"""The transition table: what may follow what, late news included, and nothing that crashes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders import OrderStatus as S
from trading.execution.lifecycle import TRANSITIONS, Move, transition

OVER = (S.FILLED, S.REJECTED, S.DENIED)


@pytest.mark.parametrize(
    ("current", "reported"),
    [
        pytest.param(S.INTENT, S.SUBMITTED, id="sent"),
        pytest.param(S.INTENT, S.CANCELED, id="never_left"),
        pytest.param(S.SUBMITTED, S.ACCEPTED, id="taken"),
        pytest.param(S.SUBMITTED, S.FILLED, id="filled_before_it_was_acknowledged"),
        pytest.param(S.SUBMITTED, S.DENIED, id="permit_refused"),
        pytest.param(S.SUBMITTED, S.UNKNOWN, id="no_clear_answer"),
        pytest.param(S.UNKNOWN, S.FILLED, id="found_filled"),
        pytest.param(S.UNKNOWN, S.CANCELED, id="never_arrived"),
        pytest.param(S.ACCEPTED, S.REJECTED, id="rejected_after_it_was_taken"),
        pytest.param(S.ACCEPTED, S.TRIGGERED, id="stop_triggered"),
        pytest.param(S.PARTIALLY_FILLED, S.EXPIRED, id="rest_expired"),
        pytest.param(S.PENDING_CANCEL, S.ACCEPTED, id="cancel_refused"),
        pytest.param(S.PENDING_CANCEL, S.FILLED, id="filled_while_cancelling"),
        pytest.param(S.CANCELED, S.FILLED, id="cancelled_and_filled_at_the_same_moment"),
        pytest.param(S.REPLACED, S.FILLED, id="filled_while_replaced"),
    ],
)
def test_news_that_happens_is_taken(current, reported):
    assert transition(current, reported) == Move(reported, legal=True)


@pytest.mark.parametrize(
    ("current", "reported"),
    [
        pytest.param(S.FILLED, S.CANCELED, id="filled_is_final"),
        pytest.param(S.REJECTED, S.FILLED, id="a_rejected_order_fills"),
        pytest.param(S.DENIED, S.ACCEPTED, id="a_denied_order_is_at_the_broker"),
        pytest.param(S.CANCELED, S.ACCEPTED, id="a_cancelled_order_works_again"),
        pytest.param(S.PARTIALLY_FILLED, S.ACCEPTED, id="a_fill_is_taken_back"),
        pytest.param(S.ACCEPTED, S.INTENT, id="back_to_the_start"),
    ],
)
def test_what_cannot_be_is_unknown_and_told(current, reported):
    assert transition(current, reported) == Move(S.UNKNOWN, legal=False)


TABLE = """
                  INT SUB ACC TRI PAR PUP PCA UNK FIL CAN REJ EXP REP DEN
INTENT             =   +   +   +   +   +   +   +   +   +   +   +   +   +
SUBMITTED          .   =   +   +   +   +   +   +   +   +   +   +   +   +
ACCEPTED           .   .   =   +   +   +   +   +   +   +   +   +   +   .
TRIGGERED          .   .   .   =   +   +   +   +   +   +   +   +   +   .
PARTIALLY_FILLED   .   .   .   .   =   +   +   +   +   +   .   +   +   .
PENDING_UPDATE     .   .   +   +   +   =   +   +   +   +   +   +   +   .
PENDING_CANCEL     .   .   +   +   +   +   =   +   +   +   +   +   +   .
UNKNOWN            .   +   +   +   +   +   +   =   +   +   +   +   +   .
FILLED             .   .   .   .   .   .   .   .   =   .   .   .   .   .
CANCELED           .   .   .   .   +   .   .   .   +   =   .   .   .   .
REJECTED           .   .   .   .   .   .   .   .   .   .   =   .   .   .
EXPIRED            .   .   .   .   +   .   .   .   +   .   .   =   .   .
REPLACED           .   .   .   .   +   .   .   .   +   .   .   .   =   .
DENIED             .   .   .   .   .   .   .   .   .   .   .   .   .   =
"""
COLUMNS = (S.INTENT, S.SUBMITTED, S.ACCEPTED, S.TRIGGERED, S.PARTIALLY_FILLED, S.PENDING_UPDATE, S.PENDING_CANCEL,
           S.UNKNOWN, S.FILLED, S.CANCELED, S.REJECTED, S.EXPIRED, S.REPLACED, S.DENIED)  # fmt: skip
ROWS = [line.split() for line in TABLE.strip().splitlines()[1:]]


@pytest.mark.parametrize(
    ("current", "reported", "sign"),
    [
        pytest.param(S[row[0]], reported, sign, id=f"{row[0]}-{reported.name}")
        for row in ROWS
        for reported, sign in zip(COLUMNS, row[1:], strict=True)
    ],
)
def test_the_whole_table(current, reported, sign):
    legal = sign in "+="
    assert transition(current, reported) == Move(reported if legal else S.UNKNOWN, legal=legal)


def test_the_table_names_every_status():
    assert {row[0] for row in ROWS} == {status.name for status in S} == {status.name for status in COLUMNS}


@given(st.sampled_from(S), st.sampled_from(S))
def test_every_pair_has_an_answer(current, reported):
    move = transition(current, reported)
    assert move.status in (reported, S.UNKNOWN)
    assert move.legal is (reported is current or reported in TRANSITIONS[current])


@given(st.sampled_from(S))
def test_no_news_changes_nothing(status):
    assert transition(status, status) == Move(status, legal=True)


@pytest.mark.parametrize("status", OVER)
def test_what_is_over_stays_over(status):
    assert TRANSITIONS[status] == frozenset()
