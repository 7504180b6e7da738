"""What an attacker, a bad line and bad luck do to the bot: poisoned updates, kills that are held up, time tricks."""

import logging
import threading
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from telegram.error import InvalidToken, TelegramError

import composition.chats as chats
from domain.case import Mode
from domain.record.entries import RecordKind
from interfaces.service import Service
from interfaces.telegram_bot.acting import Means
from interfaces.telegram_bot.answering import Answers
from interfaces.telegram_bot.bot import Bot
from interfaces.telegram_bot.carrier import TelegramCarrier
from interfaces.telegram_bot.hearing.polling import Polling
from interfaces.telegram_bot.killing import KillPath
from interfaces.telegram_bot.line import Line
from interfaces.telegram_bot.looking import Inquiry
from tests.builders.execution import HandClock, own_schema
from tests.builders.runtime import OSTRE, SpyModel, a_cycle, a_runtime
from tests.builders.telegram import (
    APPROVER,
    GROUP,
    OPERATOR,
    OWNER,
    STRANGER,
    TOPIC,
    VIEWER,
    an_access,
    talking,
    wall_of,
    world_of,
)
from tests.integration.test_telegram import (  # noqa: F401  # the fixtures of its neighbour
    api,
    bot,
    denials,
    home,
    parked_home,
    settled,
    until,
)
from tests.servers.telegram_api import BAD_GATEWAY, TOKEN, Api
from trading.store.messages.message import Kind as MessageKind
from trading.store.messages.message import Message
from trading.store.people.inbox import InboxStore
from trading.store.people.roles import Role
from trading.store.people.tables import inbox

HALF_A_SIGN = "\ud83d"
"""One half of a pair: JSON can say it, and neither a file nor a database takes it."""


# Poison: what comes again for ever, and stops all that comes behind it.


def numbered_at_the_edge(to):
    to.send({"update_id": 2**63 - 1, "message": to.message(STRANGER, "/status")})
    to._next_update = 1_500  # the service goes on from where it was


POISON = {
    "half a sign in a text": lambda to: to.say(OWNER, f"/status {HALF_A_SIGN}"),
    "half a sign in a press": lambda to: to.press(OWNER, f"a:{HALF_A_SIGN}:x"),
    "half a sign of a stranger": lambda to: to.say(STRANGER, f"/start {HALF_A_SIGN}"),
    "a zero in a press": lambda to: to.press(OWNER, "d:\x00"),
    "a zero in a text": lambda to: to.say(OWNER, "/explain \x00"),
    "a number at the edge": numbered_at_the_edge,
}


@pytest.mark.parametrize("name", POISON)
def test_no_update_stops_those_behind_it(bot, name):  # noqa: F811
    POISON[name](bot.api)
    bot.api.say(VIEWER, "/whoami")
    bot.api.wait(lambda: any("viewer" in one.text for one in bot.api.shown(VIEWER)))


@pytest.mark.parametrize("result", ["junk", 7, True, {"message_id": "x"}])
def test_an_answer_that_makes_no_sense_ends_no_delivery(bot, result):  # noqa: F811
    bot.api.faults["sendMessage"].append(result)
    bot.api.say(VIEWER, "/whoami")
    settled(bot)
    assert "operator" in bot.api.ask(OPERATOR, "/whoami").text


@pytest.mark.parametrize("wait", [1e12, float("inf"), float("nan"), -5, True])
def test_a_wait_that_nobody_could_wait_ends_no_delivery(bot, wait):  # noqa: F811
    bot.api.faults["sendMessage"].append(Api(429, "Too Many Requests", {"retry_after": wait}))
    bot.api.faults["getUpdates"].append(Api(429, "Too Many Requests", {"retry_after": 0}))
    bot.api.say(VIEWER, "/whoami")
    settled(bot)
    assert "operator" in bot.api.ask(OPERATOR, "/whoami").text


class Muddled(Line):
    """A line that fails in a way that nobody has thought of."""

    def hello(self):
        raise ZeroDivisionError


def test_a_bot_that_dies_takes_the_service_along(home, api):  # noqa: F811
    """A service that goes on without its bot hears no kill, and nothing would start it anew."""
    stop = threading.Event()
    with a_runtime(home) as runtime, closing(Muddled(TOKEN, api.url)) as line:
        wall, service = wall_of(api), Service(runtime)
        talk = chats.Talk(an_access(api), service, runtime, (), wall)
        asked, means = Inquiry(service, talk.people, 0, 0, Role.VIEWER), Means(talk.nonces, (), wall)
        none: frozenset[Any] = frozenset()
        kills = KillPath(runtime.kill_switch, wall, none, none, say=print, behind=print, after=print)
        store, answers = InboxStore(runtime.deps.stores.database, 1, wall), Answers(asked, means, wall, frozenset())
        way, leases = Polling(line, wall), runtime.duties.leases
        made = Bot(line, store, talk.outbox, answers, kills, wall, way=way, leases=leases, nudge=print)
        with pytest.raises(ZeroDivisionError), made.running(stop):
            assert stop.wait(10)


# The kill: never lost, never behind anything.


def test_a_kill_of_somebody_just_promoted_falls(bot):  # noqa: F811
    """Their role is younger than what the kill path last read."""
    bot.api.ask(VIEWER, "/whoami")
    bot.talk.people.set_role(VIEWER, Role.OPERATOR, by=OWNER)
    assert "Killed" in bot.api.ask(VIEWER, "/kill").text
    assert bot.runtime.kill_switch.engaged()


@pytest.mark.parametrize("text", ["/kill!", "/kill.", "/kill\u00a0now", "/KILL!!!", "/kill@sage_test_bot!"])
def test_a_kill_typed_in_haste_is_one(bot, text):  # noqa: F811
    assert "Killed" in bot.api.ask(OPERATOR, text).text
    assert bot.runtime.kill_switch.engaged()


@pytest.mark.parametrize("text", ["/killer", "/kill\u00f6", "/kill@other_bot!", "/kill@\u00f6", "/kill@", "kill"])
def test_what_only_looks_like_one_is_none(bot, text):  # noqa: F811
    bot.api.say(OPERATOR, text)
    settled(bot)
    assert not bot.runtime.kill_switch.engaged()


def test_entries_are_cancelled_while_the_service_holds_up_the_acknowledgement(bot):  # noqa: F811
    hung = threading.Event()
    taken = bot.api._taken

    def hangs(method, fields):
        if method == "sendMessage":
            bot.api._changed.release()
            hung.wait(30)
            bot.api._changed.acquire()
        return taken(method, fields)

    bot.api._taken = hangs
    try:
        bot.api.say(OPERATOR, "/kill")
        assert bot.killed.wait(10)
    finally:
        hung.set()


def test_a_kill_falls_behind_an_update_that_a_locked_database_keeps_waiting(bot):  # noqa: F811
    locked, over = threading.Event(), threading.Event()

    def hold():
        with bot.runtime.deps.stores.database.transaction():
            locked.set()
            over.wait(30)

    bot.api.ask(OPERATOR, "/status")
    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert locked.wait(10)
        polls = len(bot.api.requests)
        bot.api.say(VIEWER, "/whoami")
        bot.api.wait(lambda: len(bot.api.requests) > polls)
        bot.api.say(OPERATOR, "/kill")
        assert bot.killed.wait(8)
        assert bot.runtime.kill_switch.engaged()
    finally:
        over.set()
        holder.join()
    bot.api.wait(lambda: any("viewer" in one.text for one in bot.api.shown(VIEWER)))
    assert ["Killed" in one.text for one in bot.api.shown(OPERATOR)].count(True) == 1


def test_a_menu_that_is_refused_keeps_no_kill_waiting(home, api):  # noqa: F811
    api.faults["setMyCommands"].extend([Api(400, "Bad Request: BOT_COMMAND_INVALID")] * 99)
    with a_runtime(home) as runtime, talking(api, runtime) as found:
        assert "Killed" in found.api.ask(OPERATOR, "/kill").text


def test_a_kill_in_answer_to_a_message_of_a_group_without_topics_falls(home, api):  # noqa: F811
    """There an answer carries the number of what it answers, and is in no topic for that."""
    answers = {"chat": {"id": GROUP, "type": "supergroup"}, "message_thread_id": 134545}
    with a_runtime(home) as runtime, talking(api, runtime, topic=0) as found:
        api.say(OPERATOR, "/kill", **answers)
        assert found.killed.wait(10)


def test_somebody_demoted_kills_no_more_and_a_stranger_never(bot):  # noqa: F811
    bot.talk.people.set_role(OPERATOR, Role.VIEWER, by=OWNER)
    bot.api.ask(VIEWER, "/whoami")
    bot.api.ask(VIEWER, "/whoami")
    bot.api.say(STRANGER, "/kill")
    assert "takes the role" in bot.api.ask(OPERATOR, "/kill").text
    assert not bot.runtime.kill_switch.engaged()


def test_words_that_hang_hold_up_no_look(home, api):  # noqa: F811
    hung = threading.Event()

    def says(_request, answer):
        assert hung.wait(60)
        return answer

    with a_runtime(home, model=SpyModel(says)) as runtime, talking(api, runtime) as found:
        try:
            for number in range(6):
                api.say((OWNER, APPROVER, OPERATOR)[number % 3], "how are we doing?")
            assert "viewer" in found.api.ask(VIEWER, "/whoami").text
        finally:
            hung.set()


# Time.


def test_a_press_from_an_outage_in_the_middle_of_the_run_is_asked_for_again(bot):  # noqa: F811
    """The press says no time of its own: what lay there while nobody listened may be an hour old."""
    card = bot.api.ask(APPROVER, "/pending")
    before = world_of(bot.runtime)
    bot.api.faults["getUpdates"].append(BAD_GATEWAY)
    bot.clock.wait(minutes=5)
    told = bot.api.tap(APPROVER, card.button("Approve"), message=card.number)
    assert "I was away" in told.text
    assert world_of(bot.runtime) == before
    assert "approved and sent" in bot.api.tap(APPROVER, card.button("Approve"), message=card.number).text


def test_a_cycle_that_was_under_way_at_a_crash_long_ago_is_not_called_undone(home, api):  # noqa: F811
    with a_runtime(home) as runtime, talking(api, runtime) as found:
        store = InboxStore(runtime.deps.stores.database, 123456789, found.clock)
        found.api.ask(VIEWER, "/version")
        when = (found.clock.now() - timedelta(hours=1)).isoformat()
        body = {"update_id": 5000, "kind": "command", "user_id": OPERATOR, "chat_id": OPERATOR, "private": True,
                "command": "cycle", "words": [], "at": when}  # fmt: skip
        store.take([(5000, body)])
        store.begin(5000)
    with a_runtime(home) as runtime, talking(api, runtime):
        assert "was under way when I was restarted" in api.next(OPERATOR, 0).text


# Twice.


def test_two_taps_at_once_send_one_order(bot):  # noqa: F811
    card = bot.api.ask(APPROVER, "/pending")
    seen = bot.count(APPROVER)
    for _ in range(5):
        bot.api.press(APPROVER, card.button("Approve"), message=card.number)
    bot.api.next(APPROVER, seen + 4)
    told = [one.text for one in bot.api.shown(APPROVER)[seen:]]
    assert sum("approved and sent" in one for one in told) == 1
    sent = [one for one in bot.runtime.deps.stores.orders.newest(99) if one.symbol == OSTRE and one.parent_id is None]
    assert len(sent) == 1


def test_yes_and_no_at_once_are_one_answer(bot):  # noqa: F811
    card = bot.api.ask(APPROVER, "/pending")
    seen = bot.count(APPROVER)
    bot.api.press(APPROVER, card.button("Approve"), message=card.number)
    bot.api.press(APPROVER, card.button("Reject"), message=card.number)
    bot.api.next(APPROVER, seen + 1)
    (record,) = bot.runtime.deps.stores.ledger.entries(kind=RecordKind.APPROVAL)
    sent = [one for one in bot.runtime.deps.stores.orders.newest(99) if one.symbol == OSTRE and one.parent_id is None]
    assert len(sent) == (record.body["answer"] == "approved")


def test_a_second_word_of_somebody_demoted_meanwhile_does_nothing(bot):  # noqa: F811
    bot.api.ask(OPERATOR, "/mode observe")
    bot.talk.people.set_role(APPROVER, Role.OWNER, by=OWNER)
    asked = bot.api.ask(APPROVER, "/mode paper")
    bot.talk.people.set_role(APPROVER, Role.APPROVER, by=OWNER)
    assert "only an owner" in bot.api.tap(APPROVER, asked.button("paper")).text
    assert bot.runtime.deps.stores.control.read().mode is Mode.OBSERVE


def test_an_approval_of_somebody_demoted_meanwhile_sends_nothing(bot):  # noqa: F811
    card = bot.api.ask(APPROVER, "/pending")
    bot.talk.people.set_role(APPROVER, Role.OPERATOR, by=OWNER)
    before = world_of(bot.runtime)
    assert "takes the role approver" in bot.api.tap(APPROVER, card.button("Approve")).text
    assert world_of(bot.runtime) == before


def test_a_button_of_one_kind_works_as_no_other(bot):  # noqa: F811
    nonce = bot.api.ask(APPROVER, "/pending").button("Approve").rpartition(":")[2]
    before = world_of(bot.runtime)
    assert "does nothing for you" in bot.api.tap(APPROVER, f"d:{nonce}").text
    nonce = bot.api.ask(APPROVER, "/flatten all").button("Close").rpartition(":")[2]
    name = Service(bot.runtime).pending().pending[0].id
    assert "does not belong" in bot.api.tap(APPROVER, f"a:{name}:{nonce}").text
    nonce = bot.api.ask(APPROVER, "/flatten all").button("Close").rpartition(":")[2]
    assert "does nothing for you" in bot.api.tap(APPROVER, f"p:{nonce}").text
    assert world_of(bot.runtime) == before


def test_a_press_that_was_carried_out_before_a_crash_is_not_carried_out_again(home, api):  # noqa: F811
    """The process died after the order went out and before the update was done."""
    with a_runtime(home) as runtime, talking(api, runtime) as found:
        card = api.ask(APPROVER, "/pending")
        assert "approved and sent" in api.tap(APPROVER, card.button("Approve")).text
        store = InboxStore(runtime.deps.stores.database, 123456789, found.clock)
        body = {"update_id": 5000, "kind": "press", "user_id": APPROVER, "chat_id": APPROVER, "private": True,
                "text": card.button("Approve"), "message_id": 1, "press_id": "q"}  # fmt: skip
        store.take([(5000, body)])
        store.begin(5000)
    with a_runtime(home) as runtime, talking(api, runtime):
        assert "nothing was done again" in api.next(APPROVER, 2).text
        entries = [one for one in runtime.deps.stores.orders.newest(99) if one.symbol == OSTRE]
        assert len([one for one in entries if one.parent_id is None]) == 1


def test_an_approval_of_what_has_expired_sends_nothing(home, api):  # noqa: F811
    """The button still lives by the wall clock, and the request does not by the market's."""
    clock = HandClock()
    with a_runtime(home, clock=clock) as runtime, talking(api, runtime):
        card = api.ask(APPROVER, "/pending")
        clock.wait(hours=2)
        assert "expired" in api.tap(APPROVER, card.button("Approve")).text
        assert not [one for one in runtime.deps.stores.orders.newest(99) if one.symbol == OSTRE]


# Records and disks.


def test_denials_of_another_hour_are_on_record_again(bot):  # noqa: F811
    for _ in range(25):
        bot.api.say(VIEWER, "/flatten all")
    settled(bot)
    bot.api.wait(lambda: bot.count(VIEWER) == 20)
    bot.clock.wait(hours=2)
    bot.api.now = bot.clock.now().timestamp()
    assert "takes the role" in bot.api.ask(VIEWER, "/flatten all").text
    assert len(denials(bot.runtime)) == 21


def test_a_flood_of_a_stranger_fills_no_disk(bot):  # noqa: F811
    """An owner is there already: their hello can make them nobody."""
    for _ in range(60):
        bot.api.say(STRANGER, f"/start {'x' * 4000}")
    settled(bot)
    until(lambda: len(denials(bot.runtime)) >= 20)
    assert len(denials(bot.runtime)) == 20
    with bot.runtime.deps.stores.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(inbox)).scalar_one() <= 20


def test_a_group_reads_a_topic_only_where_there_is_one(bot):  # noqa: F811
    bot.api.say(OPERATOR, "/kill", chat={"id": GROUP, "type": "supergroup"}, message_thread_id=TOPIC)
    settled(bot)
    assert not bot.runtime.kill_switch.engaged()


# Secrets.


LEAKS = {
    "nobody there": "http://127.0.0.1:9", "no such port": "http://127.0.0.1:99999", "no host": "http://",
    "no such name": "http://no-such-host.invalid", "a path": "http://127.0.0.1:9/proxy?x=",
}  # fmt: skip


@pytest.mark.parametrize("where", LEAKS)
def test_an_address_that_leads_nowhere_tells_no_token(home, where, capfd):  # noqa: F811
    """Neither the log, nor the outbox, nor the terminal."""
    with a_runtime(home) as runtime, a_line(LEAKS[where]) as line:
        message = Message("k", f"telegram:{OWNER}", MessageKind.REPLY, "", "x", runtime.deps.clock.now())
        told = TelegramCarrier(line).carry(message)
        with pytest.raises(TelegramError) as raised:
            line.updates(0, 0, threading.Event())
        logging.getLogger("interfaces").error("polling failed", exc_info=raised.value)
    said = [told.words, str(raised.value), (home / "sage.log").read_text(encoding="utf-8"), *capfd.readouterr()]
    secret = TOKEN.partition(":")[2]
    assert not [one for one in said if secret in one]


@contextmanager
def a_line(url):
    with closing(Line(TOKEN, url)) as line:
        line.open()
        yield line


def test_a_refused_token_is_in_no_error_that_is_kept(home, api):  # noqa: F811
    """The library's own words for it hold the token."""
    api.faults["getMe"].append(Api(401, "Unauthorized"))
    with a_runtime(home), a_line(api.url) as line:
        with pytest.raises(InvalidToken) as raised:
            line.hello()
        logging.getLogger("interfaces").error("hello failed", exc_info=raised.value)
    log = (home / "sage.log").read_text(encoding="utf-8")
    assert "hello failed" in log
    assert TOKEN.partition(":")[2] not in log


def test_what_a_stranger_wrote_and_what_the_log_holds_are_shown_inert_and_without_secrets(bot):  # noqa: F811
    bot.api.say(STRANGER, '<a href="tg://user?id=1">tap</a> <b>now')
    settled(bot)
    until(lambda: denials(bot.runtime))
    logging.getLogger("interfaces").error("POST %s/bot%s/sendMessage <b>failed", bot.api.url, TOKEN)
    told = [bot.api.ask(OWNER, text) for text in ("/audit 5", "/logs 5", "/config", "/config 2")]
    assert "failed" in told[1].text
    assert "tap" in told[0].text
    assert [one.fields.get("parse_mode") for one in told] == ["HTML"] * 4  # marks that do not close are refused
    assert not [one for one in told if TOKEN.partition(":")[2] in one.text or "<a" in one.text]


# On the other database.


@pytest.mark.postgres
def test_the_same_poison_presses_and_taps_on_postgresql(tmp_path, api, postgres_url):  # noqa: F811
    url = own_schema(postgres_url, "attacks")
    with a_runtime(tmp_path, database_url=url) as runtime:
        a_cycle(runtime, OSTRE)
        with talking(api, runtime) as found:
            for text in ("d:\x00", f"a:{HALF_A_SIGN}:\x00", "ack:\x00", "n:\x00", "p:\x00"):
                api.press(OWNER, text)
            api.say(STRANGER, "\x00")
            api.say(VIEWER, "/explain \x00")
            card = api.ask(APPROVER, "/pending")
            seen = found.count(APPROVER)
            for _ in range(4):
                api.press(APPROVER, card.button("Approve"), message=card.number)
            api.next(APPROVER, seen + 3)
            told = [one.text for one in api.shown(APPROVER)[seen:]]
            assert sum("approved and sent" in one for one in told) == 1
            assert not [one for one in api.shown(OWNER) if "unexpected" in one.text]
            assert "Killed" in api.ask(OPERATOR, "/kill").text
