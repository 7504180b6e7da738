"""The two ways in which updates come, polled and brought, and two processes that share one bot."""

import re
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.clock import SystemClock
from interfaces.service import Service
from interfaces.serving.life import Life
from interfaces.telegram_bot.bot import UPDATE
from tests.builders.runtime import NIMBO, SpyModel, a_runtime
from tests.builders.telegram import OPERATOR, OWNER, SECRET, STRANGER, VIEWER, a_hook, talking, world_of
from tests.servers.telegram_api import BOT_ID, TOKEN, BotApi
from trading.store.messages.message import Kind, Message, Receipt
from trading.store.messages.outbox import Rate
from trading.store.people.inbox import InboxStore
from trading.store.scheduling.leases import LeaseStore, Process

WAYS = ("polled", "brought")
NONCE = re.compile(r"yes [0-9a-f]{4}")
"""What may be typed in the place of a button; drawn anew each time."""


@pytest.fixture
def home(tmp_path):
    """Nothing was traded there yet."""
    return tmp_path


@pytest.fixture
def api():
    with BotApi() as server:
        yield server


def by(way, api):
    """What makes a bot hear in that way."""
    return {} if way == "polled" else {"hook": a_hook(api)}


def hooked(api):
    """Until the webhook is set."""
    api.wait(lambda: api.hook)


def until(true):
    """Until it is, looked at a hundred times a second."""
    for _ in range(2_000):
        if true():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never was")


def test_the_same_words_and_presses_do_the_same_in_both_ways(tmp_path):
    told, worlds = {}, {}
    for way in WAYS:
        home = tmp_path / way
        home.mkdir()
        with BotApi() as api, a_runtime(home) as runtime, talking(api, runtime, **by(way, api)) as bot:
            if way == "brought":
                hooked(api)
            asked = [api.ask(VIEWER, text) for text in ("/whoami", "/positions", "what is my risk?", "/statu")]
            asked += [api.ask(OPERATOR, "/pause nimbo for 2h"), api.ask(OWNER, "/resume nimbo")]
            asked.append(api.tap(OWNER, asked[-1].button("Resume"), message=asked[-1].number))
            api.say(STRANGER, "/kill")
            api.say(OWNER, "/kill", forward_date=1)
            asked.append(api.ask(OPERATOR, "/restrict NIMBO rumour"))
            until(api.all_taken)
            told[way] = [(one.method, NONCE.sub("yes ....", one.text)) for one in asked]
            worlds[way] = world_of(bot.runtime)
            assert not bot.killed.is_set()
    assert told["brought"] == told["polled"]
    assert worlds["brought"] == worlds["polled"]


def test_without_the_secret_with_which_a_webhook_is_set_nothing_is_done_or_kept_and_it_is_taken_away_at_the_end(
    home, api
):
    with a_runtime(home) as runtime, talking(api, runtime, **by("brought", api)) as bot:
        hooked(api)
        assert (api.hook["url"], api.hook["secret_token"]) == ("https://sage.example.com/telegram", SECRET)
        assert "callback_query" in api.hook["allowed_updates"]
        before = world_of(runtime)
        forged = {"update_id": 7, "message": api.message(OWNER, "/kill")}
        assert [api.bring(forged, secret=said) for said in ("", "x", SECRET[1:])] == [401] * 3
        assert api.bring(forged, path="/") == 404
        api.ask(VIEWER, "/whoami")
        assert world_of(runtime) == before
        assert not bot.killed.is_set()
        assert InboxStore(runtime.deps.stores.database, BOT_ID, bot.clock).begin(7) is None
    assert api.hook == {}


def test_what_is_brought_again_is_answered_once_over_a_restart_too(home, api):
    hook = a_hook(api)
    with a_runtime(home) as runtime, talking(api, runtime, hook=hook):
        hooked(api)
        api.ask(VIEWER, "/whoami")
        again = {"update_id": api.brought[-1][0], "message": api.message(VIEWER, "/whoami")}
        assert [api.bring(again) for _ in range(3)] == [200] * 3
    with a_runtime(home) as runtime, talking(api, runtime, hook=hook):
        hooked(api)
        assert api.bring(again) == 200
        api.ask(VIEWER, "/version")
    assert [one.text.splitlines()[0] for one in api.shown(VIEWER)] == ["<b>You</b>", "<b>Version</b>"]


def test_a_kill_that_is_brought_passes_a_hung_model_and_a_locked_database(home, api):
    hung, asked, locked, over = (threading.Event() for _ in range(4))

    def says(_request, answer):
        asked.set()
        assert hung.wait(60)
        return answer

    def hold(database):
        with database.transaction():
            locked.set()
            over.wait(30)

    with (
        a_runtime(home, model=SpyModel(says)) as runtime,
        # One symbol is enough: the cycle is only there to hang.
        talking(api, runtime, universe=(NIMBO,), hook=a_hook(api)),
    ):
        hooked(api)
        api.say(OPERATOR, "/cycle")
        assert asked.wait(30)
        holder = threading.Thread(target=hold, args=(runtime.deps.stores.database,))
        holder.start()
        try:
            assert locked.wait(10)
            api.say(VIEWER, "/pause")  # waits for the database, and the kill does not wait for it
            assert "Killed" in api.ask(OPERATOR, "/kill").text
            assert runtime.kill_switch.engaged()
        finally:
            over.set()
            hung.set()
            holder.join()


def test_while_the_database_is_locked_what_is_brought_is_sent_away_and_the_kill_is_not(home, api):
    lines = range(20)  # all that the real server opens
    with (
        a_runtime(home) as runtime,
        talking(api, runtime, hook=a_hook(api)) as bot,
        closing(sqlite3.connect(home / "sage.db", isolation_level=None)) as other,
        ThreadPoolExecutor(len(lines)) as pool,
    ):
        hooked(api)
        updates = [{"update_id": 7000 + line, "message": api.message(VIEWER, "/whoami")} for line in lines]
        other.execute("BEGIN IMMEDIATE")
        # Far shorter than the database lets its writers wait, and than one line after the other would take.
        away = [pool.submit(api.bring, one, longest_s=10) for one in updates]
        assert api.bring({"update_id": 7100, "message": api.message(OPERATOR, "/kill")}) == 200
        until(runtime.kill_switch.engaged)
        assert [one.result() for one in away] == [503] * len(lines)
        other.execute("ROLLBACK")
        assert [api.bring(one) for one in updates] == [200] * len(lines)
        inbox = InboxStore(runtime.deps.stores.database, BOT_ID, bot.clock)
        assert inbox.take([(one["update_id"], {}) for one in updates], move=False) == ()


def test_what_came_while_nobody_listened_is_old_and_a_kill_counts_all_the_same(home, api):
    hook = a_hook(api)
    with a_runtime(home) as runtime, talking(api, runtime, hook=hook):
        hooked(api)
        asked = api.ask(OPERATOR, "/mode observe")
        asked = api.ask(OWNER, "/mode paper")
    api.press(OWNER, asked.button("paper"), message=asked.number)
    api.say(OPERATOR, "/pause", age_s=7_200)
    api.say(OPERATOR, "/kill", age_s=7_200)
    with a_runtime(home) as runtime, talking(api, runtime, hook=hook):
        api.wait(lambda: len(api.shown(OPERATOR)) == 3 and len(api.shown(OWNER)) == 2)
        assert runtime.kill_switch.engaged()
        assert runtime.deps.stores.control.read().mode == "observe"
        assert "I was away" in api.shown(OWNER)[-1].text
        assert any("has expired" in one.text for one in api.shown(OPERATOR))


def test_a_webhook_that_somebody_takes_away_is_set_again(home, api):
    with a_runtime(home) as runtime, talking(api, runtime, **by("brought", api), poll_s=1):
        hooked(api)
        api.hook = {}
        assert "viewer" in api.ask(VIEWER, "/whoami").text


def test_a_webhook_that_a_crash_has_left_keeps_nobody_from_polling(home, api):
    api.hook = {"url": "https://elsewhere.example.com/x"}
    with a_runtime(home) as runtime, talking(api, runtime):
        assert "viewer" in api.ask(VIEWER, "/whoami").text


# Two processes, one bot.


def as_another(runtime, is_gone=lambda _name: False):
    """The same start, as a process of another name sees it."""
    leases = LeaseStore(runtime.deps.stores.database, SystemClock(), Process("elsewhere:1:1", is_gone))
    return replace(runtime, duties=runtime.duties._replace(leases=leases))


def test_the_answer_of_a_running_cycle_outlives_a_second_process_that_takes_over(home, api):
    """The second one finds the update begun and not ended, and leaves it to the one that is at it."""
    hung, asked = threading.Event(), threading.Event()
    api.strict = False

    def says(_request, answer):
        asked.set()
        assert hung.wait(60)
        return answer

    with a_runtime(home, model=SpyModel(says)) as one, a_runtime(home) as two, talking(api, one, universe=(NIMBO,)):
        api.say(OPERATOR, "/cycle")
        assert asked.wait(30)
        with talking(api, as_another(two), roles=False):
            api.ask(VIEWER, "/whoami")
            assert api.shown(OPERATOR) == []
            hung.set()
            assert "Last cycle" in api.next(OPERATOR, 0).text
            api.ask(VIEWER, "/version")
    assert len(api.shown(OPERATOR)) == 1


def test_what_a_process_was_at_is_answered_once_it_is_gone(home, api):
    gone = threading.Event()
    with a_runtime(home) as runtime:
        database = runtime.deps.stores.database
        dead = LeaseStore(database, SystemClock(), Process("dead:1:1", lambda _name: False))
        dead.take(f"{UPDATE}{BOT_ID}:900", "an update")
        heir = as_another(runtime, lambda _name: gone.is_set())
        with talking(api, runtime) as bot:
            at = bot.clock.now().isoformat()
            body = {"update_id": 900, "kind": "command", "user_id": OPERATOR, "chat_id": OPERATOR, "private": True,
                    "command": "cycle", "words": [], "at": at}  # fmt: skip
            inbox = InboxStore(database, BOT_ID, bot.clock)
            inbox.take([(900, body)])
            inbox.begin(900)
        with talking(api, heir):
            api.ask(VIEWER, "/whoami")
            assert api.shown(OPERATOR) == []
            gone.set()
            api.ask(VIEWER, "/version")
            assert "/cycle was under way when I was restarted" in api.next(OPERATOR, 0).text


def test_the_bot_alone_forgets_what_was_said_long_ago(home, api):
    at = {"telegram_bot_token": TOKEN, "telegram_api_base_url": api.url, "telegram_owner_ids": str(OWNER)}
    with a_runtime(home, **at) as runtime:
        outbox, now = runtime.duties.telling.outbox, SystemClock().now()
        for key, age in (("old", timedelta(days=31)), ("new", timedelta(days=29))):
            outbox.put(Message(key, "slack:ops", Kind.TRADE, key, key, now - age))
            letter = outbox.claim("slack", now - age, Rate(0, 1))
            assert letter is not None
            outbox.settle(letter, Receipt(sent=True), now - age)
        Service(runtime).talk((), Life(threading.Event(), timedelta(seconds=0.1)))
        assert [one.message.key for one in outbox.newest(9)] == ["new"]
