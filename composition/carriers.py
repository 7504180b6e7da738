"""How people are told, made from the settings: who they are, and the ways to them.

Part of the composition root: ``duties.py`` calls it, and like it names the rooms once and runs them on first use.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from interfaces.lazy import rooms_on_first_use

with rooms_on_first_use():
    import composition.chats as chats
    import interfaces.delivery.bell as bells
    import interfaces.delivery.mail as mail
    import interfaces.delivery.slack as slack
    import interfaces.runtime as runtimes
    import interfaces.telegram_bot.screens.charts as charts
    import settings.variables as configuration
    import trading.store.messages.outbox as outboxes
    import trading.store.messages.tellings as telling_stores

if TYPE_CHECKING:
    from trading.store.database import Database
    from trading.store.messages.message import Carrier

CHANNEL = "slack:webhook"
"""The address of everybody who reads the channel of the webhook."""


def telling_of(settings: configuration.Settings, database: Database) -> runtimes.Telling:
    """The outbox, the addresses, and the carriers behind them."""
    addresses = addresses_of(settings)

    @contextmanager
    def opened() -> Iterator[Sequence[Carrier]]:
        with ExitStack() as stack:
            telegram = chats.carrier_of(settings, database, stack)
            yield (*carriers_of(settings, stack), *((telegram,) if telegram is not None else ()))

    return runtimes.Telling(
        outbox=outboxes.OutboxStore(database),
        tellings=telling_stores.TellingStore(database),
        # Asked for at each telling: the settings stay as they are, while roles are given and taken as the service runs.
        addresses=lambda: (*addresses, *chats.addresses_of(settings, database)),
        carriers=opened,
        bell=bells.Bell(),
        chart=lambda view: charts.equity(view),  # noqa: PLW0108  # the name would load the drawing at every start
    )


def addresses_of(settings: configuration.Settings) -> tuple[str, ...]:
    """Who is told what happens."""
    by_mail = recipients(settings) if settings.smtp_url is not None else ()
    return (*(f"mail:{each}" for each in by_mail), *((CHANNEL,) if settings.slack_webhook is not None else ()))


def recipients(settings: configuration.Settings) -> tuple[str, ...]:
    """The addresses of SAGE_MAIL_TO."""
    return tuple(dict.fromkeys(part.strip() for part in settings.mail_to.split(",") if part.strip()))


def carriers_of(settings: configuration.Settings, stack: ExitStack) -> Iterator[Carrier]:
    """One a way that the settings name; what has to be closed is left to ``stack``."""
    if settings.smtp_url is not None:
        config = mail.mail_config(settings.smtp_url.get_secret_value(), settings.mail_from, recipients(settings))
        yield mail.MailCarrier(config)
    if settings.slack_webhook is not None:
        channel = slack.SlackCarrier(settings.slack_webhook)
        stack.callback(channel.close)
        yield channel
