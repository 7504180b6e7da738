"""Every error that Alpaca documents, as the owner reads it: one line, the broker's code, and what happens next."""

import pytest

from domain.errors import OversightError
from domain.orders import OrderStatus
from tests.builders.alpaca import an_alpaca_house
from tests.builders.execution import an_intent
from trading.execution.brokers.alpaca.calls import NEXT

ORDERS = "POST /v2/orders"
REJECTED, UNKNOWN = OrderStatus.REJECTED, OrderStatus.UNKNOWN
LOOKED_UP = "looked up by its id; it is not sent again"
DOCUMENTED = {
    "malformed": (400, 40010000, "request body format is invalid", REJECTED, "next cycle decides anew"),
    "wrong_argument": (400, 40010001, "qty must be integer", REJECTED, "Correct the order"),
    "argument_missing": (422, 40010001, "qty or notional is required", REJECTED, "Correct the order"),
    "bad_key": (401, 40110000, "access key verification failed", REJECTED, "Check APCA_API_KEY_ID"),
    "too_little_cash": (403, 40310000, "insufficient buying power", REJECTED, "Free cash or shares"),
    "too_few_shares": (403, 40310000, "insufficient qty available for order", REJECTED, "Free cash or shares"),
    "account_restricted": (403, 40310000, "account is restricted to liquidation", REJECTED, "Free cash or shares"),
    "day_trades": (403, 40310100, "trade denied due to pattern day trading protection", REJECTED, "day trade too many"),
    "wash_trade": (403, 42210000, "potential wash trade detected", REJECTED, "on the other side"),
    "no_such_asset": (404, 40410000, "asset not found for NOSUCH", REJECTED, "Check the symbol"),
    "not_fractionable": (422, 42210000, "asset is not fractionable", REJECTED, "Correct the order"),
    "no_code_known": (422, 42299999, "something new", REJECTED, "next cycle decides anew"),
    "two_lines": (422, 42210000, "first\nsecond", REJECTED, "Correct the order"),
    "too_many_requests": (429, 42910000, "rate limit exceeded", UNKNOWN, LOOKED_UP),
    "internal": (500, 50010000, "internal server error occurred", UNKNOWN, LOOKED_UP),
    "bad_gateway": (502, 50210000, "bad gateway", UNKNOWN, LOOKED_UP),
    "away": (503, 50310000, "service unavailable", UNKNOWN, LOOKED_UP),
    "too_late": (504, 50410000, "gateway timeout", UNKNOWN, LOOKED_UP),
}


@pytest.fixture
def made(database, tmp_path):
    with an_alpaca_house(database, tmp_path) as made:
        yield made


@pytest.mark.parametrize(("status", "code", "message", "becomes", "next_"), DOCUMENTED.values(), ids=DOCUMENTED)
def test_an_order_that_alpaca_does_not_take(made, status, code, message, becomes, next_):
    made.server.fail(ORDERS, "reply", reply=(status, {"code": code, "message": message}))
    order = made.house.place(an_intent()).order
    assert order.status is becomes
    assert next_ in order.reason
    assert "\n" not in order.reason
    # alpaca-py raises a 429 without its body, and a status says enough there.
    assert str(code if status != 429 else 429) in order.reason
    assert made.server.arrived[ORDERS] == 1


@pytest.mark.parametrize(("status", "code", "message", "becomes", "next_"), DOCUMENTED.values(), ids=DOCUMENTED)
def test_a_question_that_alpaca_does_not_answer(made, status, code, message, becomes, next_):
    made.server.fail("GET /v2/account", "reply", reply=(status, {"code": code, "message": message}))
    with pytest.raises(OversightError) as told:
        made.broker.account()
    assert "\n" not in str(told.value)
    assert str(code if status != 429 else 429) in told.value.what
    assert told.value.remedy


def test_every_code_with_a_remedy_is_one_that_is_documented():
    assert set(NEXT) <= {str(code) for _, code, *_ in DOCUMENTED.values()}
