"""Mail over a real connection to a server on this machine, which takes it, refuses it or breaks the line."""

import dataclasses

import pytest

from domain.errors import ConfigurationError
from interfaces.delivery.mail import MailCarrier, MailConfig, mail_config, mail_of
from tests.builders.messages import a_message
from tests.servers.smtp import MailServer

TO = "mail:owner@example.com"
ME = "sage@example.com"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9


@pytest.fixture
def server():
    with MailServer() as running:
        yield running


def carrier(server):
    return MailCarrier(mail_config(server.url, ME, ("owner@example.com",)), timeout_s=5)


def a_mail(**changes):
    texts = {"html": "<b>Übermut</b>\n.5 &lt; 1", "plain": "Übermut: größer\n.5 < 1"}
    return a_message(address=TO, **{**texts, **changes})


def test_a_message_arrives_with_both_texts_and_its_picture_inline(server):
    receipt = carrier(server).carry(a_mail(picture=PNG))
    (mail,) = server.taken
    assert receipt.sent
    assert (mail["To"], mail["Subject"], mail["Message-ID"]) == (
        "owner@example.com",
        "Sage: Übermut: größer",
        receipt.name,
    )
    assert mail.get_body(("plain",)).get_content().replace("\r", "") == "Übermut: größer\n.5 < 1\n"
    assert "<b>Übermut</b>" in mail.get_body(("html",)).get_content()
    (picture,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert picture.get_content() == PNG
    assert picture["Content-Disposition"].startswith("inline")


@pytest.mark.parametrize(
    ("mood", "again", "unknown", "taken"),
    [
        ("hang up", True, False, 0), ("drop before", True, True, 0), ("drop after", True, True, 1),
        (451, True, False, 0), (421, True, False, 0), (550, False, False, 0), (554, False, False, 0),
    ],
)  # fmt: skip
def test_each_failure_is_what_it_is(server, mood, again, unknown, taken):
    server.moods.append(mood)
    receipt = carrier(server).carry(a_mail())
    assert (receipt.sent, receipt.retry_after_s is not None, receipt.unknown) == (False, again, unknown)
    assert receipt.words
    assert len(server.taken) == taken


def test_every_attempt_at_one_message_has_one_message_id():
    names = {mail_of(a_mail(html=str(attempt)), ME)["Message-ID"] for attempt in range(2)}
    assert len(names) == 1
    assert mail_of(a_mail(key="k2"), ME)["Message-ID"] not in names


def test_nobody_there_is_tried_again():
    with MailServer() as gone:
        config = mail_config(gone.url, ME, ())
    receipt = MailCarrier(config, timeout_s=2).carry(a_mail())
    assert (receipt.sent, receipt.retry_after_s, receipt.unknown) == (False, 2.0, False)


@pytest.mark.parametrize(("password", "sent"), [("right%3F", True), ("wrong", False)])
def test_a_login_is_made_and_a_wrong_password_never_shows(password, sent):
    with MailServer(login=("ops", "right?")) as server:
        url = server.url.replace("right?", password)
        receipt = MailCarrier(mail_config(url, ME, ()), timeout_s=5).carry(a_mail())
    assert receipt.sent is sent
    assert "wrong" not in receipt.words


def test_to_another_machine_nothing_is_said_in_the_clear(server):
    config = mail_config(server.url, ME, ())
    receipt = MailCarrier(dataclasses.replace(config, tls="asked"), timeout_s=5).carry(a_mail())
    assert (receipt.sent, "TLS" in receipt.words, server.taken) == (False, True, [])


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtps://a%40b.c:p%2F@mail.example.com", ("mail.example.com", 465, "start", "a@b.c", "p/")),
        ("smtp://mail.example.com", ("mail.example.com", 587, "asked", "", "")),
        ("smtp://127.0.0.1:1025", ("127.0.0.1", 1025, "none", "", "")),
        ("smtp://localhost", ("localhost", 587, "none", "", "")),
    ],
)
def test_an_address_says_how_it_is_spoken_to(url, expected):
    config = mail_config(url, ME, ())
    assert (config.host, config.port, config.tls, config.user, config.password) == expected
    assert "p/" not in repr(config)


@pytest.mark.parametrize(
    ("url", "sender", "to"),
    [
        ("http://mail.example.com", ME, ()), ("smtp://", ME, ()), ("smtp://h:port", ME, ()), ("nonsense", ME, ()),
        ("smtp://h", "no address", ()), ("smtp://h", ME, ("a@b.c\r\nBcc: all@b.c",)), ("smtp://h", "", ()),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_clear_line(url, sender, to):
    with pytest.raises(ConfigurationError):
        mail_config(url, sender, to)


def test_a_subject_is_one_line_whatever_the_text_says():
    mail = mail_of(a_message(address=TO, plain="\n\x07AAPL\u2028Bcc: all@example.com\nmore" + "x" * 300), ME)
    assert mail["Subject"] == "Sage: AAPLBcc: all@example.com" or len(mail["Subject"]) <= 110
    assert "\n" not in mail["Subject"]
    assert mail["Bcc"] is None


def test_the_config_keeps_its_password_to_itself():
    assert "secret" not in repr(MailConfig("h", 1, "none", ME, "u", "secret"))
