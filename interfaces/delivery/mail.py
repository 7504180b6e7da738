"""Mail: one message, one recipient, over SMTP with TLS.

    smtps://user:password@host:465     TLS from the first byte
    smtp://user:password@host:587      STARTTLS, and without it nothing is said
    smtp://127.0.0.1:1025              in the clear, to this machine only

The Message-ID is made from the message's key, so that a mail program shows a repetition once. Only between the last
byte of a message and the server's answer is it unknown whether it was taken; every other failure is no delivery.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import unquote, urlsplit

from domain.errors import ConfigurationError
from trading.store.messages.message import Kind, Message, Receipt

TIMEOUT_S = 15.0
AGAIN_S = 2.0
REPAIRED_S = 300.0
"""How long what only the owner can repair is left alone: a wrong password stays wrong for a while."""
LONGEST_SUBJECT = 110
# RFC 5321: the server ends the connection, which says nothing against the message.
CLOSING_DOWN = 421
REMEDY = "Write smtps://user:password@host:465 or smtp://user:password@host:587."
_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")


@dataclass(frozen=True, slots=True)
class MailConfig:
    """Where mail is handed over, and who it is from. ``tls``: from the start, asked for, or none (loopback only)."""

    host: str
    port: int
    tls: str
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    context: ssl.SSLContext | None = field(default=None, repr=False)


def mail_config(url: str, sender: str, to: tuple[str, ...]) -> MailConfig:
    """SAGE_SMTP_URL, SAGE_MAIL_FROM and the first of SAGE_MAIL_TO as settings; a clear line for one that is wrong."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigurationError("SAGE_SMTP_URL is not an address", REMEDY) from error
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ConfigurationError("SAGE_SMTP_URL is not an address of a mail server", REMEDY)
    user = unquote(parts.username or "")
    own = sender or (user if "@" in user else "") or (to[0] if to else "")
    for each in (own, *to):
        if not _ADDRESS.fullmatch(each):
            raise ConfigurationError(f"{each!r} is no mail address", "Correct SAGE_MAIL_TO and SAGE_MAIL_FROM.")
    tls = "start" if parts.scheme == "smtps" else "none" if is_here(parts.hostname) else "asked"
    usual = 465 if parts.scheme == "smtps" else 587
    return MailConfig(parts.hostname, port or usual, tls, own, user, unquote(parts.password or ""))


def is_here(host: str) -> bool:
    """True for this machine, where nobody listens on the line."""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


class MailCarrier:
    """Addresses ``mail:someone@example.com``."""

    name = "mail"

    def __init__(self, config: MailConfig, *, timeout_s: float = TIMEOUT_S) -> None:
        self._config = config
        self._timeout_s = timeout_s

    def carry(self, message: Message) -> Receipt:
        """Hand it to the server."""
        recipient = message.address.partition(":")[2]
        mail = mail_of(message, self._config.sender)
        content = mail.as_bytes()
        try:
            with self._session() as session:
                # Step by step and not ``sendmail``, whose errors do not tell whether the message had left.
                for answer in (session.mail(self._config.sender), session.rcpt(recipient)):
                    if answer[0] >= 400:
                        return refusal(*answer)
                return taken(session, content, str(mail["Message-ID"]))
        # Before its parent SMTPResponseException: a 535 is a 5xx, and a password can be repaired.
        except smtplib.SMTPAuthenticationError:
            return Receipt(False, retry_after_s=REPAIRED_S, words="the mail server refused user or password")
        except smtplib.SMTPNotSupportedError:
            return Receipt(False, retry_after_s=REPAIRED_S, words="the mail server offers no TLS, or no login")
        except smtplib.SMTPResponseException as error:
            return refusal(error.smtp_code, error.smtp_error)
        except ssl.SSLError:
            return Receipt(
                False, retry_after_s=REPAIRED_S, words="the mail server's certificate or TLS is not in order"
            )
        except (OSError, smtplib.SMTPException) as error:
            return Receipt(
                False, retry_after_s=AGAIN_S, words=f"the mail server does not answer: {type(error).__name__}"
            )

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """A session of its own for each message: alerts are rare, and an idle one would be closed under us."""
        config = self._config
        context = config.context or ssl.create_default_context()
        session = (
            smtplib.SMTP_SSL(config.host, config.port, timeout=self._timeout_s, context=context)
            if config.tls == "start"
            else smtplib.SMTP(config.host, config.port, timeout=self._timeout_s)
        )
        try:
            session.ehlo()
            if config.tls == "asked":
                # Greeted again behind it: what was offered in the clear may have been forged, and smtplib forgets it.
                session.starttls(context=context)
                session.ehlo()
            if config.user:
                session.login(config.user, config.password)
            yield session
        finally:
            # What was taken stays taken, however the server takes leave.
            with suppress(OSError, smtplib.SMTPException):
                session.quit()
            session.close()


def taken(session: smtplib.SMTP, content: bytes, name: str) -> Receipt:
    """The message itself; a line that breaks after its last byte leaves its fate unknown."""
    try:
        code, words = session.data(content)
    except smtplib.SMTPDataError as error:
        return refusal(error.smtp_code, error.smtp_error)
    except (OSError, smtplib.SMTPServerDisconnected) as error:
        return Receipt(False, retry_after_s=AGAIN_S, words=f"the line broke: {type(error).__name__}", unknown=True)
    return Receipt(True, name=name) if code < 400 else refusal(code, words)


def refusal(code: int, words: bytes | str) -> Receipt:
    """A 4xx is for now, a 5xx for good; 421 is said of the server and not of the mail."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    told = f"the mail server said {code} {text.splitlines()[0][:120] if text else ''}".rstrip()
    return Receipt(False, retry_after_s=REPAIRED_S / 5 if code < 500 else None, words=told, own=code != CLOSING_DOWN)


def mail_of(message: Message, sender: str) -> EmailMessage:
    """The message as a mail: its plain text, beside it the marked one, and the picture in that."""
    mail = EmailMessage(SMTP.clone(cte_type="7bit"))  # not every server takes eight bits
    mail["From"] = Address("Sage", addr_spec=sender)
    mail["To"] = Address(addr_spec=message.address.partition(":")[2])
    mail["Subject"] = subject_of(message)
    mail["Date"] = message.at
    mail["Message-ID"] = f"<{message_id(message)}@{sender.rpartition('@')[2]}>"
    if message.kind is Kind.CRITICAL:
        mail["X-Priority"] = "1"
    mail.set_content(message.plain)
    if message.picture is None:
        mail.add_alternative(page_of(message), subtype="html")
        return mail
    page = EmailMessage(mail.policy)
    page.set_content(page_of(message), subtype="html")
    page.add_related(message.picture, "image", "png", cid="<picture>", disposition="inline", filename="chart.png")
    mail.make_alternative()
    mail.attach(page)
    return mail


def page_of(message: Message) -> str:
    """The marked text, whose line ends count, below its picture."""
    picture = "" if message.picture is None else '<p><img src="cid:picture" alt="chart" style="max-width:100%"></p>'
    return f'{picture}<div style="white-space:pre-wrap;font-family:sans-serif">{message.html}</div>'


def subject_of(message: Message) -> str:
    """The first line, as one line of printable text."""
    first = next((line for line in message.plain.splitlines() if line.strip()), "Sage")
    # What comes from outside begins no header of its own.
    words = "".join(letter for letter in first.strip() if letter.isprintable())
    return f"Sage: {words}"[:LONGEST_SUBJECT]


def message_id(message: Message) -> str:
    """One name for every attempt at it."""
    return hashlib.sha256(f"{message.key}\n{message.address}".encode()).hexdigest()[:32]
