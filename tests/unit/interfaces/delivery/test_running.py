"""`sage run` and `sage watchdog` with a mail server and a Slack channel: what happens arrives."""

import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from pydantic import SecretStr

from domain.case import TradingState
from domain.clock import SystemClock
from domain.errors import UsageError
from interfaces.delivery.running import of_day, tell_watch, told
from interfaces.service import Service
from interfaces.serving.life import Life
from interfaces.serving.live import live
from interfaces.telling.looking import pnl
from settings.reading import load_settings
from tests.builders.lives import UNIVERSE, a_schedule
from tests.builders.market import NOON
from tests.builders.runtime import a_runtime, standing_in
from tests.servers.slack import SlackServer
from tests.servers.smtp import MailServer
from trading.store.messages.message import Kind

PATIENCE_S = 60


@pytest.fixture
def mail():
    with MailServer() as server:
        yield server


@pytest.fixture
def slack():
    with SlackServer() as server:
        yield server


@contextmanager
def a_start(folder, mail, slack, **changes):
    ways = {"smtp_url": SecretStr(mail.url), "mail_to": "owner@example.com", "slack_webhook": SecretStr(slack.hook)}
    with a_runtime(folder, **{**ways, "schedule": a_schedule(), "health_port": 0, **changes}) as runtime:
        yield runtime


def halt(runtime):
    runtime.deps.stores.control.tighten(TradingState.HALTED, by="gates", at=NOON, reason="daily loss of 3.1 %")


def test_a_halt_that_another_process_raises_arrives_by_mail_and_in_the_channel(tmp_path, mail, slack):
    stop = threading.Event()
    with a_start(tmp_path, mail, slack, clock=SystemClock()) as runtime, a_runtime(tmp_path) as other:
        life = Life(stop, timedelta(seconds=PATIENCE_S))
        serving = threading.Thread(target=live, args=(runtime, UNIVERSE, life))
        serving.start()
        try:
            halt(other)
            assert mail.arrived.wait(PATIENCE_S)
            assert slack.arrived.wait(PATIENCE_S)
        finally:
            stop.set()
            serving.join()
    critical = [mail for mail in mail.taken if "HALTED" in mail["Subject"]]
    assert len(critical) == 1
    assert "daily loss of 3.1 %" in critical[0].get_body(("plain",)).get_content()
    assert sum("HALTED" in text for text in slack.texts) == 1


def test_what_could_not_be_delivered_arrives_in_the_next_life(tmp_path, mail, slack):
    with a_start(tmp_path, mail, slack) as runtime:
        mail.moods.extend(["hang up"] * 99)
        slack.moods.extend([502] * 99)
        with told(runtime, broken=lambda: None):
            pass
        halt(runtime)
    mail.moods.clear()
    slack.moods.clear()
    with a_start(tmp_path, mail, slack) as runtime, told(runtime, broken=lambda: None):
        assert mail.arrived.wait(PATIENCE_S)
        assert slack.arrived.wait(PATIENCE_S)


def test_a_carrier_that_breaks_ends_the_service_and_says_why(tmp_path, mail, slack):
    class Broken(Exception):
        """Nobody expected this."""

    class Worn:
        name = "slack"

        def carry(self, _message):
            raise Broken

    @contextmanager
    def worn():
        yield (Worn(),)

    ended = threading.Event()
    with a_start(tmp_path, mail, slack) as runtime:
        duties = runtime.duties._replace(telling=runtime.duties.telling._replace(carriers=worn))
        halt(runtime)
        object.__setattr__(runtime, "duties", duties)
        with pytest.raises(Broken), told(runtime, broken=ended.set):
            assert ended.wait(PATIENCE_S)


def test_without_a_way_to_anybody_nothing_is_written_down(tmp_path):
    with a_runtime(tmp_path) as runtime:
        with told(runtime, broken=lambda: None):
            halt(runtime)
        assert runtime.duties.telling.outbox.newest(9) == ()


def test_the_watchdog_tells_what_changed_and_nothing_twice(tmp_path, mail, slack):
    with a_start(tmp_path, mail, slack) as runtime:
        alerts = ["no service is alive in this home: there has been none"]
        arrived = [tell_watch(runtime, seen) for seen in ([], alerts, alerts, [], [], alerts)]
    assert arrived == [0, 2, 0, 2, 0, 2]
    assert [text.partition("\n")[0] for text in slack.texts] == [
        "*The service is not well*",
        "*The service is well again*",
        "*The service is not well*",
    ]


def test_the_day_is_on_one_screen_with_its_picture(tmp_path):
    with a_runtime(tmp_path) as runtime:
        notice = of_day(pnl(runtime), b"png")
    assert (notice.kind, notice.key, notice.picture) == (Kind.REPORT, "report:2026-03-17", b"png")
    assert notice.lines[0] == "equity: 100,000.00"
    assert len(notice.lines) == 7


def test_the_ways_to_people_are_secrets(tmp_path):
    with standing_in(
        tmp_path, SAGE_SMTP_URL="smtps://ops:p%2Fw@mail.example.com", SAGE_SLACK_WEBHOOK="https://s.example/x"
    ):
        settings = load_settings()
    assert {"p%2Fw", "p/w", "https://s.example/x"} <= set(settings.secrets)
    assert "p%2Fw" not in repr(settings)


def test_an_alert_is_listed_until_somebody_has_seen_it_and_a_wrong_mark_is_one_clear_line(tmp_path, mail, slack):
    with a_start(tmp_path, mail, slack) as runtime:
        halt(runtime)
        with told(runtime, broken=lambda: None):
            assert slack.arrived.wait(PATIENCE_S)
        service = Service(runtime)
        (row,) = service.alerts().alerts
        assert (row.words, row.acknowledged_by) == ("HALTED: no order leaves until you resume", "")
        service.acknowledge(row.mark, "owner")
        (row,) = service.alerts().alerts
        assert row.acknowledged_by == "owner"
        with pytest.raises(UsageError):
            service.acknowledge("nothing", "owner")


@pytest.mark.parametrize(
    ("what", "words", "line"),
    [
        ("alerts", ("trade", "silent"), "trade: silent"),
        ("quiet", ("22:00-07:00",), "quiet hours: 22:00-07:00 America/New_York"),
        ("quiet", ("22:00", "-", "07:00"), "quiet hours: 22:00-07:00 America/New_York"),
        ("mute", ("off",), "critical: always"),
        ("alerts", (), "trade: on"),
    ],
)
def test_an_address_is_told_as_its_person_wishes(tmp_path, what, words, line):
    with a_runtime(tmp_path) as runtime:
        Service(runtime).prefer("mail:a@b.c", what, words, "owner")
        assert line in Service(runtime).prefer("mail:a@b.c", "alerts", (), "owner").lines


@pytest.mark.parametrize(
    ("what", "words"), [("alerts", ("critical", "off")), ("alerts", ("trade",)), ("mute", ("long",)), ("quiet", ("x",))]
)
def test_wishes_that_cannot_be_are_one_clear_line(tmp_path, what, words):
    with a_runtime(tmp_path) as runtime, pytest.raises(UsageError):
        Service(runtime).prefer("mail:a@b.c", what, words, "owner")


@pytest.mark.parametrize("address", ["me", "mail:", "pigeon:coo", ""])
def test_an_address_that_nothing_goes_to_is_told_with_the_right_form(tmp_path, address):
    with a_runtime(tmp_path) as runtime, pytest.raises(UsageError, match="is no address: telegram:"):
        Service(runtime).prefer(address, "alerts", (), "owner")
