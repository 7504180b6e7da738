"""The carrier against a real server: what arrives, in which parts, and what the receipt says where it does not."""

from datetime import UTC, datetime

import pytest

from interfaces.telegram_bot.carrier import TelegramCarrier, place_of, split, units, visible
from interfaces.telegram_bot.line import Line
from interfaces.telegram_bot.screens.pieces import LONGEST
from tests.servers.telegram_api import (
    BAD_GATEWAY,
    BAD_MARKS,
    BLOCKED,
    DROP,
    GONE,
    TOKEN,
    TOO_FAST,
    Api,
    BotApi,
)
from trading.store.messages.message import Button, Kind, Message

NOW = datetime(2026, 3, 17, 15, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 50


def a_message(html="<b>hello</b>", plain="hello", **changes):
    return Message(
        **{"key": "k", "address": "telegram:7", "kind": Kind.REPLY, "html": html, "plain": plain, "at": NOW} | changes
    )


@pytest.fixture
def api():
    with BotApi() as server:
        yield server


@pytest.fixture
def carrier(api):
    line = Line(TOKEN, api.url)
    line.open()
    yield TelegramCarrier(line)
    line.close()


def test_a_message_arrives_with_its_marks_buttons_and_topic(api, carrier):
    message = a_message(address="telegram:-100.17", buttons=((Button("Go", "v:status"),),), silent=True)
    receipt = carrier.carry(message)
    (sent,) = api.sent
    assert (receipt.sent, receipt.name) == (True, str(sent.number))
    assert (sent.fields["chat_id"], sent.fields["message_thread_id"]) == ("-100", "17")
    assert (sent.fields["parse_mode"], sent.button("Go"), sent.fields["disable_notification"]) == (
        "HTML",
        "v:status",
        "true",
    )


RECEIPTS = {
    "too fast": (TOO_FAST, 3.0, False),
    "bad gateway": (BAD_GATEWAY, 2.0, False),
    "a server error": (Api(500, "Internal"), 2.0, False),
    "cut off": (DROP, 2.0, True),
    "blocked": (BLOCKED, None, False),
    "no such chat": (Api(400, "Bad Request: chat not found"), None, False),
    "moved": (Api(400, "Bad Request: group chat was upgraded", {"migrate_to_chat_id": -5}), None, False),
}


@pytest.mark.parametrize("case", RECEIPTS)
def test_a_receipt_says_what_became_of_it(api, carrier, case):
    fault, again_s, unknown = RECEIPTS[case]
    api.faults["sendMessage"].append(fault)
    receipt = carrier.carry(a_message())
    assert (receipt.sent, receipt.retry_after_s, receipt.unknown) == (False, again_s, unknown)
    assert receipt.words
    assert TOKEN not in receipt.words
    assert carrier.carry(a_message()).sent


def test_a_server_that_is_away_has_taken_nothing(api):
    line = Line(TOKEN, "http://127.0.0.1:9")
    line.open()
    receipt = TelegramCarrier(line).carry(a_message())
    line.close()
    assert (receipt.sent, receipt.retry_after_s, receipt.unknown) == (False, 2.0, False)


def test_a_token_that_is_refused_is_told_and_not_shown(api):
    line = Line("1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", api.url)
    line.open()
    receipt = TelegramCarrier(line).carry(a_message())
    line.close()
    assert receipt.words == "the token is refused: look at TELEGRAM_BOT_TOKEN"


def test_marks_that_are_not_understood_are_left_out_and_the_words_arrive(api, carrier):
    assert carrier.carry(a_message(html="<b>hello")).sent
    api.faults["sendMessage"].append(BAD_MARKS)
    assert carrier.carry(a_message()).sent
    assert [one.text for one in api.sent] == ["hello", "hello"]


def test_an_earlier_message_is_replaced_and_one_that_is_gone_sent_anew(api, carrier):
    assert carrier.carry(a_message(replaces="55")).name == "55"
    api.faults["editMessageText"].append(Api(400, "Bad Request: message is not modified"))
    assert carrier.carry(a_message(replaces="55")).name == "55"
    api.faults["editMessageText"].append(GONE)
    assert carrier.carry(a_message(replaces="55")).name not in ("", "55")


def test_a_picture_carries_a_short_text_and_goes_before_a_long_one(api, carrier):
    assert carrier.carry(a_message(picture=PNG, buttons=((Button("Go", "v:status"),),))).sent
    assert carrier.carry(a_message(html="x" * 2000, plain="x" * 2000, picture=PNG)).sent
    assert [one.method for one in api.sent] == ["sendPhoto", "sendPhoto", "sendMessage"]
    assert api.sent[0].fields["photo"] == PNG
    assert api.sent[0].button("Go") == "v:status"


TEXTS = {
    "one long line": "x" * 9_000, "many lines": "\n".join(f"line {n} & <{n}>" for n in range(900)),
    "signs that count twice": "\U0001f600" * 4_000, "just too long": "y" * 4_097, "exactly": "y" * 4_096,
}  # fmt: skip


@pytest.mark.parametrize("case", TEXTS)
@pytest.mark.parametrize("tag", ["", "pre"])
def test_what_is_too_long_arrives_in_parts_that_fit(api, carrier, case, tag):
    text = TEXTS[case]
    marked = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    message = a_message(
        html=f"<{tag}>{marked}</{tag}>" if tag else marked, plain=text, buttons=((Button("Go", "v:x"),),)
    )
    assert carrier.carry(message).sent
    assert all(units(one.text) <= 4 * LONGEST for one in api.sent)
    assert [bool(one.buttons) for one in api.sent] == [False] * (len(api.sent) - 1) + [True]
    if case == "exactly":
        assert len(api.sent) == 1


def test_parts_open_and_close_their_own_marks():
    text = "\n".join(f"line {n}" for n in range(2_000))
    parts = split(f"<b>title</b>\n<pre>{text}</pre>", f"title\n{text}")
    assert len(parts) > 1
    assert all(part.count("<pre>") == part.count("</pre>") and visible(part) <= LONGEST for part, _ in parts if part)


def test_a_text_without_end_is_cut_and_says_so():
    parts = split("x\n" * 40_000, "x\n" * 40_000)
    assert len(parts) == 4
    assert "cut" in parts[-1][1]


@pytest.mark.parametrize(
    "address", ["telegram:", "telegram:abc", "mail:7", "telegram:7.", "telegram:1e3", "telegram:٧", "telegram:7 "]
)
def test_an_address_that_names_no_chat_is_refused(carrier, address):
    assert place_of(address) is None
    assert carrier.carry(a_message(address=address)).retry_after_s is None
