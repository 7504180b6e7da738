"""The bot over real HTTP, on a start of Sage as `sage run` makes it: what people see, may do, and cannot do."""

import json
import re
import threading
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy

from domain.case import Mode
from domain.orders import Side
from domain.record.entries import RecordKind
from interfaces.acting.ordering import Ticket
from interfaces.service import Service
from interfaces.telegram_bot.commands import COMMANDS, Level
from tests.builders.execution import HandClock
from tests.builders.experiments import an_experiment
from tests.builders.market import NOON
from tests.builders.runtime import KORVA, NIMBO, OSTRE, SpyModel, a_cycle, a_runtime
from tests.builders.telegram import (
    APPROVER,
    GROUP,
    OPERATOR,
    OWNER,
    STRANGER,
    TOPIC,
    VIEWER,
    talking,
    world_of,
)
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
from trading.store.accounts.paper_tables import paper_positions
from trading.store.messages.message import Button, Message
from trading.store.messages.message import Kind as MessageKind
from trading.store.messages.outbox import mark_of
from trading.store.people.inbox import InboxStore
from trading.store.people.roles import Role
from trading.store.research.experiments import ExperimentStore


@pytest.fixture(scope="session")
def parked_home(tmp_path_factory):
    """KORVA and NIMBO are held, OSTRE waits for a person."""
    home = tmp_path_factory.mktemp("telegram")
    with a_runtime(home) as runtime:
        a_cycle(runtime, KORVA, NIMBO, OSTRE)
    return home


@pytest.fixture
def home(tmp_path, parked_home):
    """A copy of it."""
    for source in parked_home.rglob("*"):
        target = tmp_path / source.relative_to(parked_home)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_file():
            target.write_bytes(source.read_bytes())
    return tmp_path


@pytest.fixture
def api():
    with BotApi() as server:
        yield server


@pytest.fixture
def clock():
    """The market's, at noon."""
    return HandClock()


@pytest.fixture
def bot(home, api):
    """The bot over that home."""
    with a_runtime(home) as runtime, talking(api, runtime) as found:
        yield found


def denials(runtime):
    entries = runtime.deps.stores.ledger.entries(kind=RecordKind.ACCESS)
    return [one.body for one in entries if one.body["did"] == "denied"]


def settled(bot):
    """Until every update is confirmed and worked."""
    bot.api.wait(bot.api.all_taken)
    inbox = InboxStore(bot.runtime.deps.stores.database, 123456789, bot.clock)
    until(lambda: not inbox.left())


def until(true):
    """Until it is, looked at a hundred times a second."""
    for _ in range(2_000):
        if true():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never was")


LOOKING = {
    "/status": "mode", "/positions": "KORVA", "/orders": "ord-", "/trades": "None closed",
    "/trades 20": "None closed", "/pnl": "equity",
    "/stats": "No trade", "/balance": "our record",
    "/risk": "Breakers", "/risk 2": "Every gate", "/limits": "conservative", "/limits 2": "Limits",
    "/chart gates": "Room", "/chart exposure": "Exposure", "/chart nimbo": "NIMBO", "/chart": "Equity",
    "/explain": "what became of it", "/explain OSTRE": "OSTRE", "/why nimbo": "NIMBO", "/whynot ostre": "OSTRE",
    "/whatif buy NIMBO 10": "What if", "/agents": "Advisor", "/schedule": "Schedule", "/memory KORVA": "KORVA",
    "/memory stopped too early": "the words stopped too early",
    "/lessons": "Lessons", "/health": "Health", "/audit": "none was changed", "/version": "Version",
    "/whoami": "owner", "/people": "4712", "/help": "/status", "/help pause": "for 2h", "/start": "/status",
    "/pending": "Approve OSTRE?", "/locks": "Nothing.",
    "/pnl week": "Profit and loss, week", "/pnl korva": "Profit and loss, KORVA", "/daily": "since 2026-03-01",
    "/audit 5": "cycle_finished", "/logs 5": "Log", "/config": "SAGE_HOME", "/config 2": "Settings",
    "/evals": "Evals", "/backtest momentum": "sage backtest momentum", "/experiments": "No backtest is stored yet",
    "/weekly": "2026-03-16", "/monthly": "2026-03", "/performance": "KORVA", "/performance day": "NIMBO",
}  # fmt: skip


@pytest.mark.parametrize("command", LOOKING)
def test_a_look_shows_its_screen_and_changes_nothing(bot, command):
    before = world_of(bot.runtime)
    shown = bot.api.ask(OWNER, command)
    assert LOOKING[command] in shown.text
    assert len(shown.text.splitlines()) <= 70
    assert world_of(bot.runtime) | {"requests": None} == before | {"requests": None}


def test_a_stored_backtest_is_shown_with_its_chart_and_listed_with_a_button(bot):
    store = ExperimentStore(bot.runtime.deps.stores.database)
    older, newer = an_experiment(), replace(an_experiment(strategy="all"), made_at=NOON + timedelta(days=1))
    for one in (older, newer):
        store.save(one)
    told = bot.api.ask(VIEWER, "/backtest Momentum")
    assert told.method == "sendPhoto"
    assert all(word in told.text for word in ("Backtest momentum", "+1.20 %", "held", "SPREAD_TOO_WIDE", older.id))
    listed = bot.api.ask(VIEWER, "/experiments 1")
    assert "momentum" not in listed.text
    data = f"v:backtest {newer.id}"
    assert data in str(listed.fields["reply_markup"])
    assert newer.id in bot.api.tap(VIEWER, data).text


def test_every_command_of_the_table_that_looks_is_tried():
    tried = {command.split()[0][1:] for command in LOOKING}
    assert tried == {one.name for one in COMMANDS if one.level is Level.READ}


def test_the_menu_is_set_at_the_start(bot):
    bot.api.wait(lambda: any(one.method == "setMyCommands" for one in bot.api.sent))
    listed = next(one for one in bot.api.sent if one.method == "setMyCommands").fields["commands"]
    assert {one["command"] for one in listed} == {one.name for one in COMMANDS if one.listed}


WRONG = {
    "/frobnicate": "There is no /frobnicate", "/statu": "Did you mean /status?", "/positions x": "no page number",
    "/positions 99999999999999999999": "no page number", "/why": "name one id or symbol",
    "/status now": "nothing stands",
    "/whatif hold NIMBO 1": "buy or sell", "/whatif buy NIMBO -1": "number above zero", "/pause for ever": "2h",
    "/pause NOSUCH": "there is no strategy", "/mode fast": "name one of off",
    "/memory": "a symbol, or words", "/trades x": "not a whole number",
    "/explain \u202eevil": "Not understood", "/role 12 king": "name one of viewer",
    "/role @name owner": "the number of a person",
    "/cancel ord-nothing": "no working order", "/resume": "nothing is stopped", "/flatten TARQU": "nothing is held",
    "/chart NOSUCH": "there is no symbol", "/explain <b>": "&lt;B&gt; is on record",
    "/cycle now please": "nothing stands", "/close": "name one id or symbol", "/close OSTRE": "nothing that is held",
    "/close ord-": "nothing that is held", "/unlock": "/locks shows", "/unlock NIMBO": "is not locked",
    "/restrict NIMBO until": "until 2026-03-18", "/restrict NIMBO until soon": "is not a time",
    "/restrict NIMBO until 2026-03-16": "that time is over",
    "/restrict": "name one symbol", "/restrict NIMBO for": "for 2h", "/adopt": "name one symbol",
    "/adopt NIMBO": "held alike",
    "/restrict NOSUCH": "there is no symbol", "/allow NIMBO": "is not restricted",
    "/audit x": "not a whole number", "/logs 0": "not a whole number", "/logs 1 2": "at most 1 word",
    "/backtest": "name one strategy, or all", "/backtest nosuch": "there is no strategy",
    "/experiments x": "not a whole number",
    "/pnl NOSUCH": "is no period and no symbol",
    "/pnl week day": "at most 1 word", "/performance KORVA": "/pnl KORVA shows",
}  # fmt: skip


@pytest.mark.parametrize("command", WRONG)
def test_wrong_words_get_a_friendly_line_and_change_nothing(bot, command):
    before = world_of(bot.runtime)
    assert WRONG[command] in bot.api.ask(OWNER, command).text
    assert world_of(bot.runtime) == before


MORE = "/help pause tells more"


@pytest.mark.parametrize(
    ("text", "told"),
    [("x" * 4096, MORE), ("\x00\x01\x02", MORE), ("/" + "a" * 300, MORE), ("why KORVA?", "KORVA"),
     ("how much money did we earn", "equity"), ("\U0001f600" * 2000, MORE), ("am I killed?", "mode"),
     ("what is my balance", "our record"), ("draw a chart of the gates", "Room under the limits"),
     ("who may approve?", "/people takes the role owner"), ("what waits for me", "Approve OSTRE?"),
     ("Was wartet auf mich?", "Approve OSTRE?"), ("how much did I lose on NIMBO", "Profit and loss, NIMBO"),
     ("what did I make this week", "Profit and loss, week"), ("which symbol lost most?", "Profit and loss, total by"),
     ("why did you not buy OSTRE", "Why not OSTRE?"), ("what happens if I buy 10 NIMBO?", "only asked"),
     ("what if I buy NIMBO?", "what if I buy 10 KORVA?"), ("how much did I lose on FOOBAR", "no symbol of this market"),
     ("*why* [NIMBO](http://x) <b>now</b> \u202eevil", "NIMBO"), ("hello", "what waits for me?")],
)  # fmt: skip
def test_whatever_is_written_is_answered(bot, text, told):
    assert told in bot.api.ask(VIEWER, text).text


@pytest.mark.parametrize("more", [{"voice": {"file_id": "f"}}, {"photo": [{"file_id": "f"}]}, {"document": {}}])
def test_media_get_a_polite_answer(bot, more):
    bot.api.send({"message": bot.api.message(VIEWER, None, **more)})
    assert "text only" in bot.api.next(VIEWER, 0).text


# Who may.


def attacks(pending):
    """At least forty updates that nobody may have any effect with: each a name and what arrives."""
    say, press = "say", "press"
    strangers: list[tuple[str, tuple[Any, ...]]] = [
        (f"stranger {text}", (say, STRANGER, text, {}))
        for text in ("/kill", "/pause", "/resume", "/mode off", "/mode auto", "/flatten all", "/cancel all", "/cycle",
                     "/reconcile", f"/role {STRANGER} owner", "/start AAAAAAAAAA", "/pending", "/status", "stop all",
                     "/people")
    ]  # fmt: skip
    viewers: list[tuple[str, tuple[Any, ...]]] = [
        (f"viewer {text}", (say, VIEWER, text, {}))
        for text in ("/kill", "/pause", "/mode off", "/flatten all", "/cancel all", "/cycle", "/role 4714 owner",
                     "/people")
    ]  # fmt: skip
    lesser: list[tuple[str, tuple[Any, ...]]] = [
        ("operator resumes", (say, OPERATOR, "/resume", {})),
        ("operator flattens", (say, OPERATOR, "/flatten all", {})),
        ("operator makes an owner", (say, OPERATOR, f"/role {OPERATOR} owner", {})),
        ("approver adopts", (say, APPROVER, "/adopt NIMBO", {})),
        ("approver makes an owner", (say, APPROVER, f"/role {APPROVER} owner", {})),
        ("operator moves up", (say, OPERATOR, "/mode auto", {})),
    ]
    presses = [
        ("stranger approves", (press, STRANGER, f"a:{pending}:0123456789abcdef", {})),
        ("stranger kills", (press, STRANGER, "k:kill", {})),
        ("stranger confirms", (press, STRANGER, "d:0123456789abcdef", {})),
        ("viewer approves", (press, VIEWER, f"a:{pending}:0123456789abcdef", {})),
        ("viewer kills", (press, VIEWER, "k:kill", {})),
        ("owner guesses a nonce", (press, OWNER, f"a:{pending}:0123456789abcdef", {})),
        ("owner confirms nothing", (press, OWNER, "d:nothing", {})),
        ("a button that acts by view", (press, OWNER, "v:pause", {})),
        ("a button that kills by view", (press, OWNER, "v:kill", {})),
        ("a bare approve", (press, OWNER, f"approve:{pending}", {})),
        ("rubbish", (press, OWNER, "\x00;DROP TABLE people", {})),
        ("in a strange group", (press, OWNER, "k:kill", {"chat": -999})),
    ]
    forwarded = {"forward_origin": {"type": "user", "date": 1, "sender_user": {"id": OWNER}}}
    shapes = [
        ("forwarded", (say, OWNER, "/kill", forwarded)),
        ("forwarded of old", (say, OWNER, "/pause", {"forward_date": 1, "forward_from": {"id": OWNER}})),
        ("by another bot", (say, OWNER, "/pause", {"via_bot": {"id": 5, "is_bot": True}})),
        ("as a channel", (say, OWNER, "/pause", {"sender_chat": {"id": -100, "type": "channel"}})),
        ("a bot with the owner's number", (say, OWNER, "/kill", {"from": {"id": OWNER, "is_bot": True}})),
        ("a number in words", (say, OWNER, "/kill", {"from": {"id": str(OWNER)}})),
        ("a number that is true", (say, OWNER, "/kill", {"from": {"id": True}})),
        ("the owner's name", (say, STRANGER, "/kill", {"from": {"id": STRANGER, "username": str(OWNER)}})),
        ("nobody", (say, OWNER, "/kill", {"from": None})),
        ("a group that is not named", (say, OWNER, "/kill", {"chat": {"id": -999, "type": "supergroup"}})),
        ("the right group, a wrong topic", (say, OWNER, "/kill", in_group(TOPIC + 1))),
        ("a stranger in the right group", (say, STRANGER, "/kill", in_group(TOPIC))),
        ("somebody else's private chat", (say, OWNER, "/kill", {"chat": {"id": STRANGER, "type": "private"}})),
        ("for another bot", (say, OWNER, "/kill@other_bot", {})),
        ("an hour old", (say, OWNER, "/pause", {"age_s": 3600})),
        ("two minutes old", (say, OWNER, "/cycle", {"age_s": 120})),
    ]
    raw = [
        ("edited", ("raw", {"edited_message": kill_by(OWNER)})),
        ("channel post", ("raw", {"channel_post": kill_by(OWNER)})),
        ("edited channel post", ("raw", {"edited_channel_post": kill_by(OWNER)})),
        ("business message", ("raw", {"business_message": kill_by(OWNER)})),
        ("inline query", ("raw", {"inline_query": {"id": "1", "from": {"id": OWNER}, "query": "/kill"}})),
        ("membership", ("raw", {"my_chat_member": {"chat": {"id": OWNER, "type": "private"}, "from": {"id": OWNER}}})),
        ("a kind of tomorrow", ("raw", {"new_update_kind": {"some": 1}})),
        ("a message that is no object", ("raw", {"message": "/kill"})),
        ("a press without a message", ("raw", {"callback_query": {
            "id": "1", "from": {"id": OWNER}, "data": "k:kill"}})),
        ("a press by inline message", ("raw", {"callback_query": {
            "id": "1", "from": {"id": OWNER}, "data": "k:kill", "inline_message_id": "x"}})),
        ("empty", ("raw", {})),
    ]  # fmt: skip
    return [*strangers, *viewers, *lesser, *presses, *shapes, *raw]


def in_group(topic):
    return {"chat": {"id": GROUP, "type": "supergroup"}, "message_thread_id": topic, "is_topic_message": True}


def kill_by(user):
    chat = {"id": user, "type": "private"}
    return {"message_id": 1, "from": {"id": user, "is_bot": False}, "chat": chat, "date": 1, "text": "/kill"}


def strike(api, what):
    kind, *rest = what
    if kind == "raw":
        return api.send(rest[0])
    user, text, more = rest
    return api.say(user, text, **more) if kind == "say" else api.press(user, text, **more)


def test_no_attack_has_any_effect(bot):
    """One world, every attack after the other, and not a thing is different at the end."""
    pending = Service(bot.runtime).pending().pending[0].id
    found = attacks(pending)
    assert len(found) >= 60
    before = world_of(bot.runtime)
    for _name, what in found:
        strike(bot.api, what)
    settled(bot)
    assert world_of(bot.runtime) == before
    assert not bot.killed.is_set()
    until(lambda: len(denials(bot.runtime)) >= 30)


def test_a_stranger_is_told_nothing_but_their_number(bot):
    for text in ("/status", "/positions", "hello", "/start", "/whoami", "/help"):
        bot.api.say(STRANGER, text)
    settled(bot)
    bot.api.wait(lambda: bot.api.shown(STRANGER))
    assert [one.text for one in bot.api.shown(STRANGER)] == [
        "This bot is private. Your id is 666: whoever owns it can let you in."
    ]


def test_a_known_person_is_heard_in_the_named_topic_and_answered_there(bot):
    bot.api.say(VIEWER, "/status", **in_group(TOPIC))
    shown = bot.api.next(GROUP, 0)
    assert shown.fields["message_thread_id"] == str(TOPIC)


# Approvals.


def test_an_approval_by_button_sends_the_order_once(bot):
    card = bot.api.ask(APPROVER, "/pending")
    told = bot.api.tap(APPROVER, card.button("Approve"), message=card.number)
    assert told.method == "editMessageText"
    assert "approved and sent" in told.text
    again = bot.api.tap(APPROVER, card.button("Approve"), message=card.number)
    assert "used before" in again.text
    sent = [one for one in bot.runtime.deps.stores.orders.newest(99) if one.symbol == OSTRE and one.parent_id is None]
    assert len(sent) == 1
    (record,) = bot.runtime.deps.stores.ledger.entries(kind=RecordKind.APPROVAL)
    assert record.body["by"] == f"telegram:{APPROVER}"


def test_half_of_an_order_is_approved_by_its_button(bot):
    asked = Service(bot.runtime).pending().pending[0].order.qty
    card = bot.api.ask(APPROVER, "/pending")
    assert "approved and sent" in bot.api.tap(APPROVER, card.button("Halve"), message=card.number).text
    (sent,) = [one for one in bot.runtime.deps.stores.orders.newest(99) if one.symbol == OSTRE and one.leg == "entry"]
    assert sent.qty == asked // 2
    assert "answered before" in bot.api.tap(APPROVER, card.button("Approve"), message=card.number).text


def test_a_rejection_by_button_sends_nothing(bot):
    card = bot.api.ask(APPROVER, "/pending")
    assert "rejected" in bot.api.tap(APPROVER, card.button("Reject"), message=card.number).text
    assert not [one for one in bot.runtime.deps.stores.orders.newest(99) if one.symbol == OSTRE]
    assert "answered before" in bot.api.tap(APPROVER, card.button("Approve"), message=card.number).text


def test_a_button_works_for_the_person_it_was_made_for_alone(bot):
    card = bot.api.ask(APPROVER, "/pending")
    before = world_of(bot.runtime)
    assert "not yours" in bot.api.tap(OWNER, card.button("Approve")).text
    assert world_of(bot.runtime) == before
    assert "approved" in bot.api.tap(APPROVER, card.button("Approve")).text


def test_a_nonce_of_one_request_answers_no_other(bot):
    card = bot.api.ask(APPROVER, "/pending")
    nonce = card.button("Approve").rpartition(":")[2]
    before = world_of(bot.runtime)
    assert "does not belong" in bot.api.tap(APPROVER, f"a:apr-aaaaaaaaaaaaaaaa:{nonce}").text
    assert world_of(bot.runtime) == before


def test_a_viewer_sees_what_waits_and_has_no_button_to_answer(bot):
    card = bot.api.ask(VIEWER, "/pending")
    assert [one["text"] for one in card.buttons] == ["Explain", "What stops it"]


def test_the_gates_run_again_when_somebody_approves(bot):
    card = bot.api.ask(APPROVER, "/pending")
    bot.api.ask(OPERATOR, "/pause")
    told = bot.api.tap(APPROVER, card.button("Approve"))
    assert "the gates no longer allow it" in told.text
    assert not [one for one in bot.runtime.deps.stores.orders.newest(99) if one.symbol == OSTRE]


def test_a_button_outlives_a_restart_of_the_bot_in_the_middle_of_an_approval(home, api):
    with a_runtime(home) as runtime, talking(api, runtime) as bot:
        card = bot.api.ask(APPROVER, "/pending")
    with a_runtime(home) as runtime, talking(api, runtime) as bot:
        bot.api.ask(APPROVER, "/whoami")  # it is there again
        assert "approved and sent" in bot.api.tap(APPROVER, card.button("Approve")).text


def test_a_press_from_while_the_bot_was_away_is_asked_for_again(home, api):
    with a_runtime(home) as runtime, talking(api, runtime) as bot:
        card = bot.api.ask(APPROVER, "/pending")
    api.press(APPROVER, card.button("Approve"))
    with a_runtime(home) as runtime:
        before = world_of(runtime)
        with talking(api, runtime):
            assert "I was away" in api.next(APPROVER, 1).text
            assert world_of(runtime) == before
            assert "approved and sent" in api.tap(APPROVER, card.button("Approve")).text


# Acting.


def test_a_restricted_symbol_is_told_with_who_and_why_and_an_owner_allows_it_again(bot):
    told = bot.api.ask(OPERATOR, "/restrict nimbo for 2h a <b>rumour</b>").text
    assert "NIMBO is restricted" in told
    listed = bot.api.ask(VIEWER, "/locks").text
    assert all(word in listed for word in ("NIMBO until", f"by telegram:{OPERATOR}", "a &lt;b&gt;rumour&lt;/b&gt;"))
    before = world_of(bot.runtime)
    assert "paused until" in bot.api.ask(OPERATOR, "/restrict NIMBO for 1h").text
    assert "paused until" in bot.api.ask(OPERATOR, "/pause NIMBO for 1s").text
    assert world_of(bot.runtime) == before | {"requests": world_of(bot.runtime)["requests"]}
    assert "role owner" in bot.api.ask(OPERATOR, "/allow NIMBO").text
    assert "NIMBO may be entered again" in bot.api.ask(OWNER, "/allow NIMBO").text
    assert "Nothing." in bot.api.ask(VIEWER, "/locks").text


def test_a_pause_stands_until_it_is_resumed_with_a_second_word(bot):
    assert "entries stop" in bot.api.ask(OPERATOR, "/pause nimbo for 2h").text
    (pause,) = bot.runtime.deps.stores.control.read().pauses
    assert (pause.scope, pause.name, pause.until) == ("symbol", "NIMBO", pause.since + timedelta(hours=2))
    asked = bot.api.ask(OWNER, "/resume nimbo")
    assert bot.runtime.deps.stores.control.read().pauses == (pause,)
    assert "may enter again" in bot.api.tap(OWNER, asked.button("Resume")).text
    assert bot.runtime.deps.stores.control.read().pauses == ()


def test_the_mode_goes_down_at_once_and_up_after_an_owners_second_word(bot):
    control = bot.runtime.deps.stores.control
    assert "paper → observe" in bot.api.ask(OPERATOR, "/mode observe").text
    assert "only an owner" in bot.api.ask(OPERATOR, "/mode paper").text
    asked = bot.api.ask(OWNER, "/mode paper")
    assert control.read().mode is Mode.OBSERVE
    assert "observe → paper" in bot.api.tap(OWNER, asked.button("paper")).text
    assert control.read().mode is Mode.PAPER


def test_a_second_word_comes_within_a_minute_or_not_at_all(bot):
    bot.api.ask(OPERATOR, "/mode observe")
    asked = bot.api.ask(OWNER, "/mode paper")
    bot.clock.wait(seconds=61)
    bot.api.ask(OWNER, "/whoami")  # it is listening: a press after a minute of silence is one from while it was away
    assert "expired" in bot.api.tap(OWNER, asked.button("paper")).text
    assert bot.runtime.deps.stores.control.read().mode is Mode.OBSERVE


def test_a_second_word_is_to_what_was_shown_and_to_nothing_else(bot):
    """NIMBO is closed by somebody else between the two words: what is left is not what was agreed to."""
    asked = bot.api.ask(APPROVER, "/flatten all")
    Service(bot.runtime).flatten((NIMBO,))
    assert "Things have changed" in bot.api.tap(APPROVER, asked.button("Close")).text
    assert [one.symbol for one in bot.runtime.deps.broker.positions()] == [KORVA]


def test_a_second_word_that_was_left_is_gone(bot):
    asked = bot.api.ask(APPROVER, "/flatten KORVA")
    assert "Left as it is" in bot.api.tap(APPROVER, asked.button("Leave")).text
    assert "used before" in bot.api.tap(APPROVER, asked.button("Close")).text
    assert len(bot.runtime.deps.broker.positions()) == 2


def test_what_the_broker_holds_is_adopted_by_an_owner_after_two_words_to_the_same_figures(bot):
    stores = bot.runtime.deps.stores

    def they_hold(qty):
        with stores.database.transaction() as connection:
            connection.execute(paper_positions.delete().where(paper_positions.c.symbol == OSTRE))
            row = {"symbol": OSTRE, "qty": Decimal(qty), "avg_price": Decimal(40), "opened_at": NOON}
            connection.execute(paper_positions.insert().values(row))

    they_hold(4)
    assert "owner" in bot.api.ask(APPROVER, "/adopt OSTRE").text
    asked = bot.api.ask(OWNER, "/adopt ostre")
    assert "Ours 0, the broker's 4 at 40.00 a share." in asked.text
    they_hold(5)
    assert "Things have changed" in bot.api.tap(OWNER, asked.button("Adopt")).text
    asked = bot.api.ask(OWNER, "/adopt ostre")
    told = bot.api.tap(OWNER, asked.button("Adopt")).text
    assert "OSTRE 0 -&gt; 5" in told
    assert "the same on both sides again" in told
    (booked,) = stores.trades.adjustments.newest()
    assert (booked.by, booked.cost) == (f"telegram:{OWNER}", 200)
    assert "taken over" in bot.api.ask(OWNER, "/trades").text


def test_a_holding_is_closed_after_two_words(bot):
    asked = bot.api.ask(APPROVER, "/flatten nimbo")
    assert "46" in asked.text
    assert "nothing is held any more" in bot.api.tap(APPROVER, asked.button("Close")).text
    assert [one.symbol for one in bot.runtime.deps.broker.positions()] == [KORVA]


def test_a_holding_is_closed_by_the_id_of_its_order_after_two_words_while_all_is_paused(bot):
    bot.api.ask(OPERATOR, "/pause")
    entry = next(
        one for one in bot.runtime.deps.stores.orders.newest(99) if one.symbol == NIMBO and not one.reduce_only
    )
    assert "role approver" in bot.api.ask(OPERATOR, f"/close {entry.client_order_id}").text
    asked = bot.api.ask(APPROVER, f"/close {entry.client_order_id}")
    assert "NIMBO: 46 shares, all that is held of it." in asked.text
    assert len(bot.runtime.deps.broker.positions()) == 2
    assert "not yours" in bot.api.tap(OWNER, asked.button("Close")).text
    assert "nothing is held any more of NIMBO" in bot.api.tap(APPROVER, asked.button("Close")).text
    assert [one.symbol for one in bot.runtime.deps.broker.positions()] == [KORVA]


def test_a_close_is_of_what_was_shown_and_of_nothing_else(bot):
    asked = bot.api.ask(APPROVER, "/close nimbo")
    Service(bot.runtime).order(Ticket(Side.SELL, NIMBO, qty=Decimal(6)))
    assert "Things have changed" in bot.api.tap(APPROVER, asked.button("Close")).text
    assert {one.symbol: one.qty for one in bot.runtime.deps.broker.positions()} == {KORVA: 116, NIMBO: 40}


PAUSES = {"everything": ("", "everything"), "a_symbol": ("nimbo ", "symbol NIMBO"),
          "a_strategy": ("momentum ", "strategy momentum")}  # fmt: skip


@pytest.mark.parametrize("case", PAUSES)
def test_a_pause_outlives_a_restart_ends_by_itself_and_is_lifted_after_the_checklist(home, api, clock, case):
    what, _ = PAUSES[case]
    with a_runtime(home, clock=clock) as runtime, talking(api, runtime):
        assert "⏸" in api.ask(OPERATOR, f"/pause {what}for 2h").text
    with a_runtime(home, clock=clock) as runtime, talking(api, runtime):
        assert "until 03-17 17:00 UTC" in api.ask(VIEWER, "/status").text
        clock.at += timedelta(hours=2, seconds=1)
        assert "⏸" not in api.ask(VIEWER, "/status").text
        clock.at = NOON
        api.ask(OPERATOR, f"/pause {what}".strip())
        Service(runtime).reconcile()
        asked = api.ask(OWNER, f"/resume {what}".strip())
        assert "checklist finds nothing" in asked.text
        assert "role owner" in api.ask(OPERATOR, f"/resume {what}".strip()).text
        told = api.tap(OWNER, asked.button("Resume"))
        assert "Resume" in told.text.splitlines()[0]
        assert "⏸" not in api.ask(VIEWER, "/status").text
        api.ask(OPERATOR, f"/pause {what}".strip())
        with runtime.deps.stores.database.transaction() as connection:
            connection.execute(sqlalchemy.text("update paper_positions set qty = qty + 1"))
        assert "not resumed" in api.ask(OWNER, f"/resume {what}".strip()).text


def test_after_a_kill_a_resume_checks_and_orders_start_small(bot):
    bot.api.ask(OPERATOR, "/kill")
    asked = bot.api.ask(OWNER, "/resume")
    assert all(word in asked.text for word in ("the kill by owner", "checklist", "a quarter of their size"))
    bot.api.tap(OWNER, asked.button("Resume"))
    assert "25 %" in bot.api.ask(VIEWER, "/status").text


def typed_by(told):
    """What the answer says may be written back."""
    found = re.search(r"yes [0-9a-f]{4}", told)
    assert found is not None
    return found[0]


def test_a_second_word_may_be_typed_by_the_same_person_once_and_in_time(bot):
    typed = typed_by(bot.api.ask(APPROVER, "/close nimbo").text)
    before = world_of(bot.runtime)
    for user, said in ((OWNER, typed), (APPROVER, "yes 0000"), (OPERATOR, typed)):
        assert "not yours" in bot.api.ask(user, said).text
    assert "too late" in bot.api.ask(APPROVER, typed, age_s=61).text
    assert world_of(bot.runtime) == before
    assert "nothing is held any more of NIMBO" in bot.api.ask(APPROVER, f" {typed.upper()} ").text
    assert "used before" in bot.api.ask(APPROVER, typed).text
    typed = typed_by(bot.api.ask(APPROVER, "/close korva").text)
    Service(bot.runtime).order(Ticket(Side.SELL, KORVA, qty=Decimal(6)))
    assert "Things have changed" in bot.api.ask(APPROVER, typed).text
    typed = typed_by(bot.api.ask(APPROVER, "/close korva").text)
    bot.clock.at += timedelta(seconds=61)
    assert "too late" in bot.api.ask(APPROVER, typed, age_s=-61).text
    assert [one.symbol for one in bot.runtime.deps.broker.positions()] == [KORVA]


def test_under_a_kill_one_is_closed_or_all_and_the_kill_stays(bot):
    asked = bot.api.ask(APPROVER, "/flatten all")
    bot.api.ask(OPERATOR, "/kill")
    assert "Things have changed" in bot.api.tap(APPROVER, asked.button("Close")).text
    asked = bot.api.ask(APPROVER, "/close NIMBO")
    assert "The kill stays" in asked.text
    told = bot.api.tap(APPROVER, asked.button("Close")).text
    assert "Close" in told.splitlines()[0]
    assert "nothing is held of NIMBO" in told
    assert "KILLED" in told
    assert [one.symbol for one in bot.runtime.deps.broker.positions()] == [KORVA]
    asked = bot.api.ask(APPROVER, "/flatten all")
    assert "The kill stays" in asked.text
    assert "/kill flatten again goes on" in bot.api.tap(APPROVER, asked.button("Close")).text
    assert [(one.symbol, one.qty) for one in bot.runtime.deps.broker.positions()] == [(KORVA, 16)]


def test_a_lock_is_lifted_by_an_owner(bot):
    bot.api.ask(OPERATOR, "/pause momentum")
    assert "NIMBO until 03-18 23:59" in bot.api.ask(OPERATOR, "/restrict NIMBO until 2026-03-18 rumour").text
    assert "role owner" in bot.api.ask(APPROVER, "/unlock NIMBO").text
    assert "momentum may be entered again" in bot.api.ask(OWNER, "/unlock momentum").text
    assert "NIMBO may be entered again" in bot.api.ask(OWNER, "/unlock nimbo").text
    assert bot.runtime.deps.stores.control.read().pauses == ()


def test_the_books_are_compared_and_a_cycle_is_run_on_demand(bot):
    assert "They agree" in bot.api.ask(OPERATOR, "/reconcile").text
    before = bot.runtime.deps.stores.cycles.next_sequence(bot.runtime.setup.account_id)
    assert "Last cycle" in bot.api.ask(OPERATOR, "/cycle now").text
    assert bot.runtime.deps.stores.cycles.next_sequence(bot.runtime.setup.account_id) == before + 1


def test_an_owner_changes_roles_and_everything_is_on_record(bot):
    asked = bot.api.ask(OWNER, f"/role {STRANGER} viewer")
    assert bot.talk.people.roles().get(STRANGER) is None
    bot.api.tap(OWNER, asked.button("viewer"))
    assert bot.talk.people.roles()[STRANGER] is Role.VIEWER
    assert "mode" in bot.api.ask(STRANGER, "/status").text
    told = [one.body["did"] for one in bot.runtime.deps.stores.ledger.entries(kind=RecordKind.ACCESS)]
    assert told[-3:] == ["command", "confirmed", "role"]
    assert bot.runtime.deps.stores.ledger.verify().ok


@pytest.mark.parametrize("text", ["/pause", "/mode off", "/reconcile", "/flatten all"])
def test_what_acts_and_is_old_is_answered_as_expired(bot, text):
    before = world_of(bot.runtime)
    assert "has expired; nothing was done" in bot.api.ask(OWNER, text, age_s=61).text
    assert world_of(bot.runtime) == before


@pytest.mark.parametrize(
    ("text", "told"),
    [("/alerts trade silent", "silent"), ("/quiet 22:00-07:00", "22:00"), ("/mute 1h", "mute"), ("/alerts", "trade")],
)
def test_everybody_says_how_they_themselves_are_told(bot, text, told):
    before = world_of(bot.runtime)
    assert told in bot.api.ask(VIEWER, text).text
    assert "silent" not in bot.api.ask(OWNER, "/alerts").text.partition("trade")[2][:12]
    assert world_of(bot.runtime) == before


@pytest.mark.parametrize("text", ["/alerts critical off", "/quiet x", "/mute 1y", "/alerts nothing on"])
def test_a_wish_that_is_none_is_told_so(bot, text):
    assert "⚠" in bot.api.ask(VIEWER, text).text


# The kill.


@pytest.mark.parametrize("text", ["/kill", "/kill now!", "/KILL", "/kill@sage_test_bot"])
def test_a_kill_takes_one_word(bot, text):
    told = bot.api.ask(OPERATOR, text)
    assert "Killed" in told.text
    assert bot.runtime.kill_switch.engaged()
    assert bot.killed.wait(10)


def test_a_kill_takes_one_press(bot):
    button = bot.api.ask(OPERATOR, "/status").button("Kill")
    assert "Killed" in bot.api.tap(OPERATOR, button).text
    assert bot.runtime.kill_switch.engaged()


def test_a_kill_that_was_sent_while_nobody_was_there_is_pulled_at_the_start(home, api):
    api.say(OPERATOR, "/pause", age_s=7_200)
    api.say(OPERATOR, "/kill", age_s=7_200)
    with a_runtime(home) as runtime, talking(api, runtime):
        api.wait(lambda: len(api.shown(OPERATOR)) == 2)
        assert runtime.kill_switch.engaged()
        assert {one.text.split()[0] for one in api.shown(OPERATOR)} == {"<b>🛑", "⌛"}
        assert runtime.deps.stores.control.read().pauses == ()


def test_a_kill_passes_a_hung_model_a_running_cycle_and_busy_workers(home, api):
    """The model answers only once the test lets it; the cycle that waits for it sends nothing afterwards."""
    hung, asked = threading.Event(), threading.Event()

    def says(_request, answer):
        asked.set()
        assert hung.wait(60)
        return answer

    with a_runtime(home, model=SpyModel(says)) as runtime, talking(api, runtime) as bot:
        orders = len(runtime.deps.stores.orders.newest(999))
        api.say(OPERATOR, "/cycle")
        assert asked.wait(30)
        told = bot.api.ask(OPERATOR, "/kill")
        assert "Killed" in told.text
        hung.set()
        settled(bot)
        assert len(runtime.deps.stores.orders.newest(999)) == orders


def test_a_kill_falls_while_the_database_is_locked(bot):
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
        assert "Killed" in bot.api.ask(OPERATOR, "/kill").text
        assert bot.runtime.kill_switch.engaged()
    finally:
        over.set()
        holder.join()


def test_a_kill_may_close_everything_after_a_second_word(bot):
    bot.api.say(OWNER, "/kill flatten")
    asked = bot.api.next(OWNER, 1)
    assert "Close all positions too?" in asked.text
    assert bot.runtime.kill_switch.engaged()
    assert len(bot.runtime.deps.broker.positions()) == 2
    told = bot.api.tap(OWNER, asked.button("Close all"))
    assert "KORVA 16 still held" in told.text  # the market takes a hundred at a time, and the rest works on
    assert [(one.symbol, one.qty) for one in bot.runtime.deps.broker.positions()] == [(KORVA, 16)]


# The first owner.


def test_the_first_owner_comes_in_by_the_code_and_nobody_after(home, api):
    with a_runtime(home) as runtime, talking(api, runtime, owners=frozenset(), roles=False) as bot:
        code = bot.talk.people.code()
        assert code is not None
        assert "private" in api.ask(OWNER, "/start WRONGCODE2").text
        assert "You are the owner" in api.ask(OWNER, f"/start {code.text.lower()}").text
        assert "private" in api.ask(STRANGER, f"/start {code.text}").text
        assert bot.talk.people.roles() == {OWNER: Role.OWNER}
        assert bot.talk.people.code() is None


def test_a_code_is_void_after_five_wrong_guesses(home, api):
    with a_runtime(home) as runtime, talking(api, runtime, owners=frozenset(), roles=False) as bot:
        code = bot.talk.people.code()
        assert code is not None
        for _ in range(5):
            api.say(STRANGER, "/start AAAAAAAAAA")
        settled(bot)
        api.say(OWNER, f"/start {code.text}")
        settled(bot)
        assert bot.talk.people.roles() == {}
        assert bot.talk.people.code() != code


# What goes wrong on the way.


FAULTS = {
    "too fast": ("sendMessage", TOO_FAST), "bad gateway": ("sendMessage", BAD_GATEWAY),
    "marks": ("sendMessage", BAD_MARKS),
    "poll away": ("getUpdates", BAD_GATEWAY), "poll too fast": ("getUpdates", TOO_FAST),
    "poll cut": ("getUpdates", DROP),
    "poll of rubbish": ("getUpdates", [{"update_id": 999, "message": {"from": 7}}, 5]),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_an_answer_arrives_once_whatever_goes_wrong_before(bot, fault):
    method, answer = FAULTS[fault]
    bot.api.faults[method].append(answer)
    bot.api.say(VIEWER, "/whoami")
    found = threading.Event()
    for _ in range(100):
        bot.clock.wait(seconds=1)  # what is tried again later is due
        if found.wait(0.1) or bot.api.shown(VIEWER):
            break
    assert ["viewer" in one.text for one in bot.api.shown(VIEWER)] == [True]


def test_a_refusal_of_the_marks_is_answered_without_any(bot):
    bot.api.faults["sendMessage"].append(BAD_MARKS)
    told = bot.api.ask(VIEWER, "/whoami")
    assert "parse_mode" not in told.fields
    assert "<" not in told.text


def test_somebody_who_has_blocked_the_bot_holds_up_nobody(bot):
    bot.api.faults["sendMessage"].append(BLOCKED)
    bot.api.say(VIEWER, "/whoami")
    settled(bot)
    assert "operator" in bot.api.ask(OPERATOR, "/whoami").text


def test_a_screen_that_cannot_be_edited_is_sent_anew(bot):
    first = bot.api.ask(VIEWER, "/status")
    bot.api.faults["editMessageText"].append(GONE)
    assert bot.api.tap(VIEWER, first.button("Refresh"), message=first.number).method == "sendMessage"


def test_a_refresh_takes_the_place_of_the_screen(bot):
    first = bot.api.ask(VIEWER, "/status")
    told = bot.api.tap(VIEWER, first.button("Refresh"), message=first.number)
    assert (told.method, told.number) == ("editMessageText", first.number)


def test_an_answer_is_the_same_message_however_often_the_update_comes(home, api):
    number = api.say(VIEWER, "/whoami")
    with a_runtime(home) as runtime, talking(api, runtime):
        api.next(VIEWER, 0)
    api.send({"update_id": number, "message": api.message(VIEWER, "/whoami")})
    with a_runtime(home) as runtime, talking(api, runtime) as bot:
        bot.api.ask(VIEWER, "/version")
        assert [one.text.splitlines()[0] for one in api.shown(VIEWER)] == ["<b>You</b>", "<b>Version</b>"]


def test_what_was_taken_and_not_ended_is_found_by_the_next_start(home, api):
    with a_runtime(home) as runtime, talking(api, runtime) as bot:
        inbox = InboxStore(runtime.deps.stores.database, 123456789, bot.clock)
        bot.api.ask(VIEWER, "/version")
        arrived = {"update_id": 5000, "kind": "command", "user_id": OPERATOR, "chat_id": OPERATOR, "private": True}
        when = bot.clock.now().isoformat()
        for number, command in ((5000, "whoami"), (5001, "cycle")):
            body = {**arrived, "update_id": number, "command": command, "words": [], "at": when}
            inbox.take([(number, body)])
            inbox.begin(number)
    with a_runtime(home) as runtime, talking(api, runtime):
        api.wait(lambda: len(api.shown(OPERATOR)) == 2)
        told = " ".join(one.text for one in api.shown(OPERATOR))
    assert "operator" in told
    assert "/cycle was under way when I was restarted" in told


def test_two_bots_at_once_answer_once(home, api):
    """Telegram ends one of the two polls with 409; whichever is handed the update, it is stored and answered once."""
    with a_runtime(home) as one, a_runtime(home) as two, talking(api, one), talking(api, two, roles=False):
        api.wait(lambda: sum("getUpdates" in path for path in api.requests) >= 3)
        api.ask(VIEWER, "/whoami")
        api.ask(VIEWER, "/version")
        assert len(api.shown(VIEWER)) == 2
    api.strict = False
    with a_runtime(home) as one, a_runtime(home) as two, talking(api, one), talking(api, two, roles=False):
        api.ask(VIEWER, "/whoami")
        api.ask(VIEWER, "/version")
        assert len(api.shown(VIEWER)) == 4


def test_no_line_of_the_log_holds_the_token(home, api):
    api.faults["getMe"].append(Api(401, "Unauthorized"))
    api.faults["getUpdates"].extend([BAD_GATEWAY, DROP])
    with a_runtime(home) as runtime, talking(api, runtime) as bot:
        bot.api.ask(VIEWER, "/whoami")
    log = (home / "sage.log").read_text(encoding="utf-8")
    assert "Telegram" in log
    assert TOKEN not in log
    assert TOKEN.partition(":")[2] not in log
    assert all(json.loads(line) for line in log.splitlines())


def test_the_bot_stops_at_once_in_the_middle_of_a_long_poll(home, api):
    with a_runtime(home) as runtime, talking(api, runtime) as bot:
        bot.api.ask(VIEWER, "/whoami")
    assert not [one for one in threading.enumerate() if one.name.startswith("telegram")]


# Words.


class Script(SpyModel):
    """Says one document after the other, whatever it is asked; the last one over and over."""

    def __init__(self, *documents):
        super().__init__(lambda _request, _answer: self.left.pop(0) if len(self.left) > 1 else self.left[0])
        empty: dict[str, Any] = {"move": "answer", "tool": None, "words": [], "statements": [], "cards": []}
        self.left = [empty | one for one in documents]


LOOKS_AT_PNL = {"move": "look", "tool": "pnl"}
ABOUT_MONEY = {"statements": [{"text": "Dein Kapital ist {pnl.equity}.", "weight": "high"}]}


def proposes(effect, *words):
    return {"cards": [{"effect": effect, "words": list(words), "why": "You asked for it"}]}


@pytest.fixture
def talks(home, api):
    """A bot whose model says these documents."""
    with ExitStack() as stack:

        def begun(*documents):
            runtime = stack.enter_context(a_runtime(home, model=Script(*documents)))
            return stack.enter_context(talking(api, runtime))

        yield begun


def test_an_answer_in_words_shows_what_it_looks_at_and_takes_its_place(talks):
    bot = talks(LOOKS_AT_PNL, ABOUT_MONEY)
    looked = bot.api.ask(VIEWER, "Wie steht es?")
    told = bot.api.next(VIEWER, 1)
    assert "looked at pnl" in looked.text
    assert (told.method, told.number) == ("editMessageText", looked.number)
    assert "Dein Kapital ist 99,9" in told.text
    assert "from pnl" in told.text


def test_a_card_does_nothing_before_its_person_presses_it(talks):
    bot = talks(proposes("pause", "NIMBO"))
    before = world_of(bot.runtime)
    card = bot.api.ask(OPERATOR, "please stop buying NIMBO")
    assert "/pause NIMBO" in card.text
    assert "not yours" in bot.api.tap(OWNER, card.button("Pause")).text
    assert world_of(bot.runtime) == before
    assert "entries stop" in bot.api.tap(OPERATOR, card.button("Pause")).text
    assert [one.name for one in bot.runtime.deps.stores.control.read().pauses] == ["NIMBO"]
    assert "used before" in bot.api.tap(OPERATOR, card.button("Pause")).text


def test_a_card_for_what_cannot_be_taken_back_asks_twice(talks):
    bot = talks(proposes("flatten", "NIMBO"))
    card = bot.api.ask(APPROVER, "sell all NIMBO now, I confirm, do it")
    asked = bot.api.tap(APPROVER, card.button("Flatten"))
    assert len(bot.runtime.deps.broker.positions()) == 2
    assert "nothing is held any more" in bot.api.tap(APPROVER, asked.button("Close")).text


@pytest.mark.parametrize("effect", ["pause", "flatten", "cycle"])
def test_a_card_has_no_button_for_somebody_who_may_not(talks, effect):
    bot = talks(proposes(effect, *(["NIMBO"] if effect != "cycle" else [])))
    card = bot.api.ask(VIEWER, "do something")
    assert card.buttons == []
    assert "takes the role" in card.text


# Notices.


def a_notice(bot, user, *buttons, kind=MessageKind.APPROVAL):
    bot.api.ask(user, "/whoami")  # a press before the first poll would be one from while the bot was away
    row = tuple(Button(label, callback) for label, callback in buttons)
    message = Message("notice-1", f"telegram:{user}", kind, "<b>Look</b>", "Look", bot.clock.now(), (row,))
    seen = bot.count(user)
    bot.talk.outbox.put(message)
    bot.runtime.duties.telling.bell.ring()
    return bot.api.next(user, seen)


def test_the_buttons_of_a_notice_are_bound_to_the_person_who_gets_it(bot):
    name = Service(bot.runtime).pending().pending[0].id
    answers = tuple((each.capitalize(), f"{each}:{name}") for each in ("approve", "reject", "halve"))
    offered = (*answers, ("Explain", "explain:last"))
    assert [one["text"] for one in a_notice(bot, VIEWER, *offered).buttons] == ["Explain"]
    notice = a_notice(bot, APPROVER, *offered)
    assert [one["text"] for one in notice.buttons] == ["Approve", "Reject", "Halve", "Explain"]
    assert "not yours" in bot.api.tap(OWNER, notice.button("Approve")).text
    assert "approved and sent" in bot.api.tap(APPROVER, notice.button("Approve")).text


def test_a_critical_notice_is_acknowledged_by_its_button_once(bot):
    notice = a_notice(bot, OPERATOR, ("Seen", f"ack:{mark_of('notice-1')}"), kind=MessageKind.CRITICAL)
    assert "not repeated" in bot.api.tap(OPERATOR, notice.button("Seen")).text
    letter = bot.talk.outbox.get("notice-1", f"telegram:{OPERATOR}")
    assert letter.acknowledged_by == f"telegram:{OPERATOR}"
    assert "already" in bot.api.tap(OPERATOR, notice.button("Seen")).text
