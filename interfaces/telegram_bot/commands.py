"""The commands, as data: what each is called, takes and does, how far it reaches, and who may.

R reads, W writes what a second word takes back, D cannot be taken back and asks a second time. A command that is not in
this table does not exist, whoever asks.
"""

from __future__ import annotations

from difflib import get_close_matches
from enum import StrEnum
from typing import NamedTuple

from trading.store.people.roles import Role


class Level(StrEnum):
    """How far a command reaches."""

    READ = "R"
    WRITE = "W"
    DANGER = "D"


class Command(NamedTuple):
    """One command. ``again``: doing it twice is doing it once, so a crash half-way may repeat it."""

    name: str
    takes: str
    help: str
    example: str
    level: Level = Level.READ
    role: Role = Role.VIEWER
    again: bool = True
    listed: bool = True

    @property
    def usage(self) -> str:
        """``/pause [symbol] [for 2h]``."""
        return f"/{self.name} {self.takes}".strip()


READ, WRITE, DANGER = Level.READ, Level.WRITE, Level.DANGER
VIEWER, OPERATOR, APPROVER, OWNER = Role.VIEWER, Role.OPERATOR, Role.APPROVER, Role.OWNER

COMMANDS = (
    Command("status", "", "mode, trading state, books, sources", "/status"),
    Command("positions", "[page]", "what is held, and what protects it", "/positions"),
    Command("orders", "[page]", "orders and where they stand", "/orders"),
    Command("trades", "[N]", "round trips and what they brought, newest first", "/trades 20"),
    Command("pnl", "[day|week|month|ytd|total|SYMBOL]", "profit and loss, of today or a period", "/pnl week"),
    Command("daily", "", "profit and loss of the month, by day", "/daily"),
    Command("weekly", "", "profit and loss of the year, by week", "/weekly"),
    Command("monthly", "", "profit and loss of all time, by month", "/monthly"),
    Command("performance", "[day|week|month|ytd|total]", "profit and loss by symbol", "/performance ytd"),
    Command("stats", "", "win rate, expectancy, drawdown, Sharpe", "/stats"),
    Command("balance", "", "equity and what it is made of, by the broker and by us", "/balance"),
    Command("risk", "[page]", "the room every gate leaves, breakers first", "/risk"),
    Command("limits", "[page]", "the policy in force", "/limits"),
    Command("chart", "equity|exposure|gates|SYMBOL", "a picture", "/chart NIMBO"),
    Command("locks", "", "what is restricted or paused: by whom, why, until when", "/locks"),
    Command("pending", "", "orders that wait for a yes, with buttons", "/pending"),
    Command("explain", "[id|symbol|last]", "why, and what became of it", "/explain last"),
    Command("why", "SYMBOL", "the last decision on a symbol", "/why NIMBO"),
    Command("whynot", "SYMBOL|id", "which gate stood in the way, and what would pass", "/whynot OSTRE"),
    Command("whatif", "buy|sell SYMBOL QTY [stop P]", "what the gates would say", "/whatif buy NIMBO 10 stop 126"),
    Command("agents", "", "the last cycle: who said what, at what cost", "/agents"),
    Command("schedule", "", "the next runs, and who is at work", "/schedule"),
    Command("memory", "[SYMBOL] [words]", "trades most like its situation now, or like the words", "/memory KORVA"),
    Command("lessons", "", "what is remembered, and how far roles can be believed", "/lessons"),
    Command("health", "", "every part, and what to do where one fails", "/health"),
    Command("audit", "[N]", "prove that no record or table was changed; N shows the last", "/audit 10"),
    Command("logs", "[N]", "the last lines of the log", "/logs 10", READ, OPERATOR),
    Command("config", "[page]", "the settings, without secrets", "/config", READ, OPERATOR),
    Command("evals", "", "how the evals went: the last report, or the baseline", "/evals"),
    Command("backtest", "STRATEGY|all", "the last run of a strategy over the past, with a chart", "/backtest all"),
    Command("experiments", "[N]", "runs over the past, newest first", "/experiments 5"),
    Command("version", "", "what runs here", "/version"),
    Command("whoami", "", "your id and role", "/whoami"),
    Command("help", "[command]", "the commands, or one of them", "/help pause"),
    Command("start", "[code]", "say hello, or become the owner with the code", "/start", listed=False),
    Command("cycle", "[now]", "run one cycle now", "/cycle", WRITE, OPERATOR, again=False),
    Command("reconcile", "", "compare the books with the broker's", "/reconcile", WRITE, OPERATOR),
    Command("pause", "[SYMBOL|STRATEGY] [for 2h]", "stop new entries", "/pause NIMBO for 2h", WRITE, OPERATOR),
    Command("restrict", "SYMBOL [for 2h|until DAY] [why]", "refuse new entries of a symbol", "/restrict NIMBO rumour",
            WRITE, OPERATOR),
    Command("allow", "SYMBOL", "take a symbol off the restricted list", "/allow NIMBO", WRITE, OWNER),
    Command("unlock", "SYMBOL|STRATEGY", "lift one of the locks", "/unlock NIMBO", WRITE, OWNER),
    Command("alerts", "[KIND on|silent|off|digest]", "how you are told", "/alerts trade silent", WRITE),
    Command("quiet", "[22:00-07:00|off]", "your quiet hours", "/quiet 22:00-07:00", WRITE),
    Command("mute", "[1h|off]", "nothing but what is critical for a while", "/mute 1h", WRITE),
    Command("resume", "[SYMBOL|STRATEGY]", "lift a pause, a halt or a kill", "/resume", DANGER, OWNER),
    Command("mode", "off|observe|paper|approve|auto", "how much Sage may do", "/mode observe", DANGER, OPERATOR),
    Command("kill", "[flatten]", "stop everything now; flatten also closes all", "/kill", WRITE, OPERATOR),
    Command("flatten", "SYMBOL|all", "close one holding, or all of them", "/flatten NIMBO", DANGER, APPROVER),
    Command("close", "ID", "close the holding of a trade, an order or a symbol", "/close NIMBO", DANGER, APPROVER),
    Command("cancel", "ID|all", "take working orders out", "/cancel ord-k3v5xw2a", DANGER, APPROVER),
    Command("adopt", "SYMBOL", "take over what the broker holds of a symbol", "/adopt NIMBO", DANGER, OWNER),
    Command("people", "", "who has which role", "/people", READ, OWNER),
    Command("role", "ID viewer|operator|approver|owner|none", "change a role", "/role 4711 viewer", DANGER, OWNER),
)  # fmt: skip
BY_NAME = {command.name: command for command in COMMANDS}
PRESSES = {"approve": APPROVER, "reject": APPROVER, "halve": APPROVER, "explain": VIEWER}
"""The role that a button of an approval takes."""


def nearest(name: str) -> Command | None:
    """The command that was probably meant."""
    near = get_close_matches(name, BY_NAME, n=1, cutoff=0.6)
    return BY_NAME[near[0]] if near else None


def menu() -> tuple[tuple[str, str], ...]:
    """What the bot's menu shows: name and help."""
    return tuple((command.name, command.help) for command in COMMANDS if command.listed)
