"""What people talk with, made from the settings: the Telegram bot of a start, and who may talk to it.

Part of the composition root: ``duties.py`` and ``carriers.py`` call it; like them it names the rooms once and
runs them on first use. Without TELEGRAM_BOT_TOKEN there is no bot, and nothing of it is loaded.
"""

from __future__ import annotations

import re
import secrets
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from domain.clock import SystemClock
from domain.errors import ConfigurationError
from interfaces.lazy import rooms_on_first_use

with rooms_on_first_use():
    import interfaces.cli.killing as killing
    import interfaces.delivery.deliverer as delivering
    import interfaces.service as services
    import interfaces.serving.work as work
    import interfaces.telegram_bot.acting as acting
    import interfaces.telegram_bot.answering as answering_there
    import interfaces.telegram_bot.bot as bots
    import interfaces.telegram_bot.carrier as carrier_there
    import interfaces.telegram_bot.dressing as dressing
    import interfaces.telegram_bot.hearing.brought as brought
    import interfaces.telegram_bot.hearing.polling as polling
    import interfaces.telegram_bot.hearing.webhook as webhooks
    import interfaces.telegram_bot.killing as kill_path
    import interfaces.telegram_bot.line as lines
    import interfaces.telegram_bot.looking as looking
    import trading.store.approvals as approval_store
    import trading.store.messages.outbox as outboxes
    import trading.store.people.inbox as inboxes
    import trading.store.people.nonces as nonce_store
    import trading.store.people.roles as people_store

if TYPE_CHECKING:
    import subprocess

    import graphs.deps as wiring
    import settings.variables as configuration
    from domain.market import Symbol
    from domain.ports import Clock
    from interfaces.runtime import Runtime
    from trading.store.database import Database

PROGRAM = Path(__file__).parents[1] / "app.py"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that look like others: a code is read from a screen and typed on a phone."""
_CODE = 10
HOOK_PORTS = (None, "443", "80", "88", "8443")
"""What the Bot API calls; without one in the address it is 443."""
SWITCH_S = 0.001


class Access(NamedTuple):
    """The bot's address and who is let in by the settings; ``hook`` where updates are brought and not polled."""

    token: str
    url: str
    owners: frozenset[int]
    groups: frozenset[tuple[int, int]]
    hook: brought.Hook | None = None

    @property
    def bot_id(self) -> int:
        """The bot's own number, which its token begins with."""
        return int(self.token.partition(":")[0])


def access_of(settings: configuration.Settings) -> Access | None:
    """What the settings say; None where they name no bot. ConfigurationError names the setting, never the token."""
    if settings.telegram_bot_token is None:
        return None
    token = settings.telegram_bot_token.get_secret_value()
    if not re.fullmatch(r"[0-9]{1,18}:[\w-]{8,}", token, re.ASCII):
        raise ConfigurationError("TELEGRAM_BOT_TOKEN is no token of a bot", "Copy it as @BotFather told it.")
    url = settings.telegram_api_base_url
    if not re.match(r"https?://[^\s]+$", url):
        raise ConfigurationError("TELEGRAM_API_BASE_URL is no address", "Leave it out, or write https://host.")
    return Access(token, url, owners_of(settings), frozenset(_groups(settings.telegram_groups)))


def hook_of(settings: configuration.Settings) -> brought.Hook | None:
    """The webhook; None where updates are polled. ConfigurationError where it could be reached by anybody."""
    if not settings.telegram_webhook_url:
        return None
    found = re.fullmatch(r"https://[\w.-]+(?::([0-9]+))?(/[\w./~-]*)?", settings.telegram_webhook_url, re.ASCII)
    if found is None or found[1] not in HOOK_PORTS:
        remedy = f"Write https://host/path; Telegram calls the ports {', '.join(filter(None, HOOK_PORTS))} alone."
        raise ConfigurationError("TELEGRAM_WEBHOOK_URL is no https address that Telegram calls", remedy)
    host, _, port = settings.telegram_webhook_listen.rpartition(":")
    if not host or not re.fullmatch(r"[0-9]{1,5}", port, re.ASCII) or int(port) > 65_535:
        raise ConfigurationError("TELEGRAM_WEBHOOK_LISTEN is no HOST:PORT", "Write 127.0.0.1:8688.")
    secret = settings.telegram_webhook_secret
    told = "" if secret is None else secret.get_secret_value()
    if not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", told, re.ASCII):
        what = "is missing" if not told else "is not of 16 to 256 letters, digits, _ and -"
        raise ConfigurationError(
            f"TELEGRAM_WEBHOOK_SECRET {what}: without it anybody could speak as Telegram",
            "Set it, or leave TELEGRAM_WEBHOOK_URL out and updates are polled.",
        )
    path = settings.telegram_webhook_path or found[2] or "/"
    if not re.fullmatch(r"/[\w./~-]*", path, re.ASCII):
        raise ConfigurationError("the webhook's path is none", "Write TELEGRAM_WEBHOOK_PATH like /telegram.")
    return brought.Hook(settings.telegram_webhook_url, host.strip("[]"), int(port), path, told)


def _numbers(text: str, name: str, shape: str) -> Iterator[int]:
    for part in filter(None, (each.strip() for each in text.split(","))):
        if not re.fullmatch(shape, part, re.ASCII):
            raise ConfigurationError(f"{name} names {part[:40]!r}, which is no number of a person", "Names are no ids.")
        yield int(part)


def _groups(text: str) -> Iterator[tuple[int, int]]:
    for part in filter(None, (each.strip() for each in text.split(","))):
        found = re.fullmatch(r"(-[1-9][0-9]{0,17}):([0-9]{1,18})", part, re.ASCII)
        if found is None:
            raise ConfigurationError(f"TELEGRAM_GROUPS names {part[:40]!r}", "Write CHAT:TOPIC, like -1001234:17.")
        yield int(found[1]), int(found[2])


def people_of(access: Access, runtime: Runtime, clock: Clock) -> people_store.PeopleStore:
    """Who is who."""
    return people_in(access.owners, runtime.deps, clock)


def people_in(owners: frozenset[int], deps: wiring.CycleDeps, clock: Clock) -> people_store.PeopleStore:
    """The same before there is a bot."""
    stores = deps.stores
    return people_store.PeopleStore(
        stores.database, stores.ledger, owners, clock=clock, times=deps.clock, new_code=pairing_code
    )


def owners_of(settings: configuration.Settings) -> frozenset[int]:
    """Who owns it by the settings, whether or not there is a bot."""
    return frozenset(_numbers(settings.telegram_owner_ids, "TELEGRAM_OWNER_IDS", r"[1-9][0-9]{0,17}"))


def pairing_code() -> str:
    """Ten letters and digits: fifty bits, which five guesses do not find."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_CODE))


class Talk:
    """The Telegram face of one start."""

    def __init__(
        self,
        access: Access,
        service: services.Service,
        runtime: Runtime,
        universe: tuple[Symbol, ...],
        clock: Clock | None = None,
        *,
        behind_kill: Callable[[], object] | None = None,
        poll_s: int = 25,
    ) -> None:
        self._access = access
        self._service = service
        self._runtime = runtime
        self._universe = universe
        self._clock = clock or SystemClock()
        self._poll_s = poll_s
        self._behind = behind_kill or self._cancel_behind
        self._cancelling: subprocess.Popen[bytes] | None = None
        self._cancelling_lock = threading.Lock()
        self.people = people_of(access, runtime, self._clock)
        self.nonces = nonce_store.NonceStore(runtime.deps.stores.database, self._clock, lambda: secrets.token_hex(8))
        self.outbox = outboxes.OutboxStore(runtime.deps.stores.database)

    @contextmanager
    def running(self, stop: threading.Event) -> Iterator[None]:
        """Answer, and deliver answers, for the length of the block."""
        line = lines.Line(self._access.token, self._access.url)
        with ExitStack() as stack:
            # A cycle computes for seconds, and an answer passes from thread to thread: each waits its turn this long.
            stack.callback(sys.setswitchinterval, sys.getswitchinterval())
            sys.setswitchinterval(SWITCH_S)
            line.open()
            stack.callback(line.close)
            dress = dresser_of(self._access, self._runtime.deps.stores.database, self._clock)
            carrier = carrier_there.TelegramCarrier(line, dress)
            bell = self._runtime.duties.telling.bell
            if not bell.heard:
                # Two that deliver from one outbox would wait for each other: each sees a chat's turn taken.
                deliverer = delivering.Deliverer(self.outbox, (carrier,), self._clock)
                stack.enter_context(bell.heard_by(deliverer.nudge))
                stack.enter_context(deliverer.running(broken=stop.set))
            way = self._way(line)
            if isinstance(way, webhooks.Webhook):
                stack.enter_context(way.listening())
            bot = self._bot(line, carrier, bell.ring, stop, way)
            stack.enter_context(bot.running(stop))
            yield
        if self._cancelling is not None and self._cancelling.poll() is None:
            self._cancelling.returncode = 0  # nobody waits for it: it outlives this process

    def _bot(
        self,
        line: lines.Line,
        carrier: carrier_there.TelegramCarrier,
        nudge: Callable[[], None],
        stop: threading.Event,
        way: polling.Polling | webhooks.Webhook,
    ) -> bots.Bot:
        inquiry = looking.Inquiry(self._service, self.people, 0, 0, people_store.Role.VIEWER)
        means = acting.Means(
            self.nonces, self._universe, self._runtime.deps.clock,
            still_wanted=lambda _step: still_wanted(stop),
            seen=lambda mark, by: self.outbox.acknowledge(mark, by, self._clock.now()),
        )  # fmt: skip
        answers = answering_there.Answers(inquiry, means, self._clock, self._access.groups)
        # The bot and the voice of a kill need each other; nothing is said before the list is filled.
        made: list[bots.Bot] = []
        say = bots.said_at_once(line, carrier, self.outbox, lambda: made[0])
        kills = kill_path.KillPath(
            self._runtime.kill_switch, self._clock, self._access.groups, self._access.owners,
            say=say, behind=self._behind, after=bots.after_kill(answers, inquiry, means, say),
        )  # fmt: skip
        inbox = inboxes.InboxStore(self._runtime.deps.stores.database, self._access.bot_id, self._clock)
        leases = self._runtime.duties.leases
        made.append(
            bots.Bot(line, inbox, self.outbox, answers, kills, self._clock, way=way, leases=leases, nudge=nudge)
        )
        return made[0]

    def _way(self, line: lines.Line) -> polling.Polling | webhooks.Webhook:
        """How updates come."""
        if self._access.hook is None:
            return polling.Polling(line, self._clock, poll_s=self._poll_s)
        return webhooks.Webhook(self._access.hook, line, self._clock, look_s=min(webhooks.LOOK_S, self._poll_s))

    def _cancel_behind(self) -> None:
        """The process that a kill at the machine starts behind itself, too; one at a time cancels for many kills."""
        with self._cancelling_lock:
            if self._cancelling is None or self._cancelling.poll() is not None:
                self._cancelling = killing.start_cancelling(self._runtime.setup.home, PROGRAM)


def still_wanted(stop: threading.Event) -> None:
    """A cycle that somebody asked for ends at its next step when the service is told to stop."""
    if stop.is_set():
        raise work.Stopping


class Talks:
    """Makes the bot of a start; see ``interfaces.runtime.Talks``."""

    def __init__(self, access: Access, hook: Callable[[], brought.Hook | None] = lambda: None) -> None:
        self._access = access
        self._hook = hook

    def over(self, runtime: Runtime, universe: tuple[Symbol, ...]) -> Talk:
        """The bot over a start."""
        return Talk(self._access._replace(hook=self._hook()), services.Service(runtime), runtime, universe)

    def way(self) -> str:
        """How updates come."""
        hook = self._hook()
        if hook is None:
            return "updates are polled"
        told = f"updates are brought to {hook.url}, and listened for on {hook.host}:{hook.port}{hook.path}"
        return f"{told}, which others may reach without TLS" if self.exposed() else told

    def exposed(self) -> bool:
        """Whether others than this machine reach the listener, which ends no TLS itself."""
        hook = self._hook()
        return hook is not None and not (hook.host in ("localhost", "::1") or hook.host.startswith("127."))

    def pairing(self, runtime: Runtime) -> str:
        """The code for the first owner, as it is told at the machine; empty once there is one."""
        code = people_of(self._access, runtime, SystemClock()).code()
        if code is None:
            return ""
        until = f"good until {code.expires_at:%H:%M} UTC"
        return f"nobody owns the bot yet: write it /start {code.text} to become its owner ({until})"


def talks_of(settings: configuration.Settings) -> Talks | None:
    """None where the settings name no bot."""
    access = access_of(settings)
    # A webhook that is not in order stops the bot, and not every command that never talks.
    return None if access is None else Talks(access, lambda: hook_of(settings))


def addresses_of(settings: configuration.Settings, database: Database) -> tuple[str, ...]:
    """Everybody who is told by Telegram what happens: whoever has a role."""
    access = access_of(settings)
    if access is None:
        return ()
    return tuple(carrier_there.address_of(one) for one in sorted(people_store.roles_in(database, access.owners)))


def carrier_of(
    settings: configuration.Settings, database: Database, stack: ExitStack
) -> carrier_there.TelegramCarrier | None:
    """Telegram as a carrier alone, for whoever only tells; what has to be closed is left to ``stack``."""
    access = access_of(settings)
    if access is None:
        return None
    line = lines.Line(access.token, access.url)
    line.open()
    stack.callback(line.close)
    return carrier_there.TelegramCarrier(line, dresser_of(access, database, SystemClock()))


def dresser_of(access: Access, database: Database, clock: Clock) -> dressing.Dresser:
    """What binds the buttons of notices to people."""
    nonces = nonce_store.NonceStore(database, clock, lambda: secrets.token_hex(8))
    requests = approval_store.ApprovalStore(database)
    return dressing.Dresser(requests.get, lambda: people_store.roles_in(database, access.owners), nonces)
