"""What an update is read as: every shape that was ever seen, and every shape that nobody should send."""

import pytest

from interfaces.telegram_bot.updates import Arrival, Kind, read

ANN = 4711


def a_message(text="/status", **changes):
    chat = {"id": ANN, "type": "private"}
    return {
        "message_id": 7,
        "from": {"id": ANN, "is_bot": False},
        "chat": chat,
        "date": 1_773_763_200,
        "text": text,
    } | changes


def a_press(**changes):
    return {"id": "q", "from": {"id": ANN, "is_bot": False}, "data": "r:status", "message": a_message()} | changes


def arrived(update, me="") -> Arrival:
    """An update that has a number."""
    found = read({"update_id": 1} | update, me)
    assert found is not None
    return found


KINDS: dict[str, tuple[dict[str, object], Kind]] = {
    "command": ({"message": a_message()}, Kind.COMMAND),
    "command for us": ({"message": a_message("/status@Sage_Bot")}, Kind.COMMAND),
    "command for another": ({"message": a_message("/status@other_bot")}, Kind.OTHER),
    "text": ({"message": a_message("hello /status")}, Kind.TEXT),
    "a path is no command": ({"message": a_message("/etc/passwd")}, Kind.TEXT),
    "photo": ({"message": a_message(None, photo=[{}])}, Kind.MEDIA),
    "voice": ({"message": a_message(None, voice={})}, Kind.MEDIA),
    "somebody joined": ({"message": a_message(None, new_chat_members=[{}])}, Kind.OTHER),
    "a pin": ({"message": a_message(None, pinned_message={})}, Kind.OTHER),
    "forwarded": ({"message": a_message(forward_origin={})}, Kind.FORWARDED),
    "forwarded of old": ({"message": a_message(forward_from={})}, Kind.FORWARDED),
    "forwarded, hidden": ({"message": a_message(forward_sender_name="x")}, Kind.FORWARDED),
    "as a channel": ({"message": a_message(sender_chat={})}, Kind.OTHER),
    "by a bot": ({"message": a_message(via_bot={})}, Kind.OTHER),
    "edited": ({"edited_message": a_message()}, Kind.EDITED),
    "channel": ({"channel_post": a_message()}, Kind.CHANNEL),
    "edited channel": ({"edited_channel_post": a_message()}, Kind.CHANNEL),
    "business": ({"business_message": a_message()}, Kind.OTHER),
    "press": ({"callback_query": a_press()}, Kind.PRESS),
    "press without data": ({"callback_query": a_press(data=None)}, Kind.OTHER),
    "press of a message that is gone": ({"callback_query": a_press(message=None)}, Kind.OTHER),
    "inline": ({"inline_query": {"from": {"id": ANN}, "query": "/kill"}}, Kind.OTHER),
    "member": ({"my_chat_member": {"from": {"id": ANN}}}, Kind.OTHER),
    "reaction": ({"message_reaction": {"user": {"id": ANN}}}, Kind.OTHER),
    "nothing": ({}, Kind.OTHER),
    "a message that is a text": ({"message": "/kill"}, Kind.OTHER),
}


@pytest.mark.parametrize("case", KINDS)
def test_an_update_is_what_it_is(case):
    update, kind = KINDS[case]
    assert arrived(update, "sage_bot").kind is kind


NOBODY = {
    "a bot": {"id": ANN, "is_bot": True}, "a text": {"id": "4711"}, "true": {"id": True}, "a fraction": {"id": 4711.0},
    "less than nothing": {"id": -4711}, "too large": {"id": 2**63}, "none": None, "a list": [],
    "no id": {"username": "ann"},
}  # fmt: skip


@pytest.mark.parametrize("sender", NOBODY)
def test_nobody_is_a_person_but_a_positive_whole_number(sender):
    assert arrived({"message": a_message(**{"from": NOBODY[sender]})}).user_id == 0


@pytest.mark.parametrize(
    "update", [None, 5, "x", [], {}, {"update_id": "5"}, {"update_id": True}, {"update_id": 2**70}]
)
def test_what_has_no_number_is_no_update(update):
    assert read(update) is None


@pytest.mark.parametrize("date", [None, "now", -1, 0, 10**18, True, 1.5])
def test_a_date_that_is_none_is_not_known(date):
    assert arrived({"message": a_message(date=date)}).at is None


def test_a_command_has_its_words_and_its_place():
    found = arrived({"message": a_message("/Pause  NIMBO\nfor 2h", message_thread_id=17, is_topic_message=True)})
    assert (found.command, found.words, found.topic_id) == ("pause", ("NIMBO", "for", "2h"), 17)
    assert (found.user_id, found.chat_id, found.private) == (ANN, ANN, True)


def test_a_press_has_no_time_of_its_own():
    assert arrived({"callback_query": a_press()}).at is None


SEEN = (
    {"poll_answer": {"poll_id": "P", "user": {"id": 42, "is_bot": False}, "option_ids": []}},
    {"message": a_message(None, dice={"emoji": "x", "value": 2})},
    {"message": a_message("/report", message_thread_id=134545, reply_to_message={"story": {"id": 2}})},
    {"callback_query": {"id": "id", "from": {"id": 1}, "inline_message_id": "i", "chat_instance": "1", "data": "d"}},
    {"message": a_message(**{"from": {"id": ANN, "first_name": "no is_bot, as the oldest guide has it"}})},
    {"chat_join_request": {"chat": {"id": -1}, "from": {"id": 5}, "user_chat_id": 5}},
    {"shipping_query": {"id": "1", "from": {"id": 5}, "shipping_address": {}}},
)


@pytest.mark.parametrize("update", SEEN)
def test_shapes_that_were_seen_in_the_wild_are_read(update):
    assert arrived(update).kind in Kind
