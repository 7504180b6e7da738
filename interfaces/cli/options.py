"""The own arguments of each command, filled into its parser. Standard library and domain only, for speed."""

from __future__ import annotations

import argparse

from interfaces.words import (
    FACES,
    PERIODS,
    day,
    duration,
    faces,
    identifier,
    moment,
    period_or_symbol,
    person,
    positive,
    some,
    split,
    symbol,
    symbols,
    whole,
)

MODES = ("off", "observe", "paper", "approve", "auto")
"""As ``domain.case.Mode`` has them; that module takes longer to load than all the rest that ``kill`` needs."""

TYPES = ("market", "limit", "stop", "stop_limit", "trailing_stop")
TIFS = ("day", "gtc", "ioc", "fok", "opg", "cls")
ROLES = ("viewer", "operator", "approver", "owner", "none")
"""As ``trading.store.people.roles.Role`` has them, and none."""
UNITS = ("day", "week", "month", "symbol")
"""As ``trading.portfolio.periods.Unit`` has them."""
REGIMES = ("trend_up", "trend_down", "range", "volatile", "unknown")
"""As ``domain.signals.Regime`` has them; left out here for the same reason."""


def cycle(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--symbols", type=symbols, metavar="A,B", help="look at these symbols only")
    parser.add_argument(
        "--as-of", type=moment, metavar="T", help="pretend it is this moment, e.g. 2026-03-17T15:00:00Z"
    )
    parser.add_argument("--market", metavar="P", help="simulated, yahoo, alpaca or files:DIR")
    parser.add_argument("--news", metavar="P", help="simulated, newsapi, rss, alpaca, files:DIR or none")
    parser.add_argument("--model", metavar="M", help="openai:NAME, recorded or rules (no language model)")


def backtest(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", metavar="NAME", help="a strategy, or all of them: momentum, mean_reversion, news_event, all"
    )
    told = "first day (60 sessions back; each takes 0.3 s of CPU)"
    parser.add_argument("--from", dest="first_day", type=day, metavar="DAY", help=told)
    parser.add_argument("--to", dest="last_day", type=day, metavar="DAY", help="last day (where the market stands)")
    parser.add_argument("--symbols", type=symbols, metavar="A,B", help="these symbols only")
    parser.add_argument("--cash", type=positive, metavar="N", help="money at the start (SAGE_START_CASH)")
    parser.add_argument("--policy", metavar="P", help="profile or file whose limits judge (SAGE_POLICY)")
    parser.add_argument("--market", metavar="P", help="simulated or files:DIR")
    parser.add_argument("--news", metavar="P", help="simulated, files:DIR or none")
    parser.add_argument("--seed", type=whole, metavar="N", help="seed of the simulated market")
    parser.add_argument(
        "--approve", dest="approve_all", action="store_true", help="say yes to what waits for a person (nobody answers)"
    )
    parser.add_argument("--again", action="store_true", help="run it although it is stored, and compare every byte")


def experiments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id", nargs="?", type=identifier, metavar="ID", help="one of them, or how its id begins, or last"
    )
    parser.add_argument("--count", type=some, metavar="N", help="how many, newest first (10)")


def chart(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", type=identifier, metavar="KIND", help="equity, exposure, gates, or a symbol")
    parser.add_argument("--to", metavar="FILE.png", help="where the picture is written to (sage-KIND.png, here)")


def people(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("verb", nargs="?", choices=("role",), help="give somebody a role")
    parser.add_argument("who", nargs="?", type=person, metavar="ID", help="their number, as /whoami tells it")
    parser.add_argument("role", nargs="?", choices=ROLES, metavar="ROLE", help=f"one of {', '.join(ROLES)}")
    yes(parser)


def explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id", type=identifier, metavar="ID", help="a candidate, decision, order, trade or cycle, or last"
    )
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--before", dest="phase", action="store_const", const="before", help="why it was decided")
    when.add_argument("--after", dest="phase", action="store_const", const="after", help="what became of it")


def trades(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("many", nargs="?", type=some, metavar="N", help="how many, newest first (50)")


def pnl(parser: argparse.ArgumentParser) -> None:
    """A period or a symbol."""
    parser.add_argument(
        "what", nargs="?", type=period_or_symbol, metavar="WHAT", help=f"{', '.join(PERIODS)} or a symbol"
    )
    parser.add_argument("--by", choices=UNITS, metavar="UNIT", help=f"a line for each {', '.join(UNITS)}")


def gate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="CASES", help="a file with one JSON case a line, or - for standard input")
    parser.add_argument("--policy", metavar="F", help="profile or file whose limits judge cases that bring none")
    parser.add_argument("--summary", action="store_true", help="count the answers on standard error")


def limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", metavar="P", help="show this profile or file, not the policy of SAGE_POLICY")
    parser.add_argument("--diff", metavar="P", help="tell which limits of this profile or file are tighter or looser")
    parser.add_argument(
        "--accept", action="store_true", help="put the policy of SAGE_POLICY in force, even where it loosens something"
    )
    yes(parser)


def whynot(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", type=identifier, metavar="ID", help="a decision, order, request or symbol, or last")


def reproduce(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id", nargs="?", default="last", type=identifier, metavar="CYCLE", help="a cycle (the last one)"
    )
    parser.add_argument("--policy", metavar="F", help="what this profile or file would have let through")
    parser.add_argument("--model", metavar="M", help="what this model would have said, e.g. rules or openai:NAME")
    parser.add_argument(
        "--prompt", metavar="F", help="what would have been said to this prompt file, or a folder of them"
    )
    parser.add_argument("--blind", action="store_true", help="ask the model with names, years and prices masked")


def answer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", type=identifier, metavar="ID", help="the request of `sage pending`, or how its id begins")


def approve(parser: argparse.ArgumentParser) -> None:
    answer(parser)
    parser.add_argument("--half", action="store_true", help="half of it, down to whole lots")


def yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="ask nothing; for scripts")


def mode(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("mode", choices=MODES, metavar="MODE", help=f"one of {', '.join(MODES)}")
    yes(parser)


def resume(parser: argparse.ArgumentParser) -> None:
    scope(parser)
    parser.add_argument(
        "--accept-loss", action="store_true", help="after a drawdown: what is left is the new high-water mark"
    )
    yes(parser)


def scope(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scope", nargs="?", choices=("global", "strategy", "symbol"), metavar="SCOPE", help="strategy or symbol"
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="which strategy or symbol")


def pause(parser: argparse.ArgumentParser) -> None:
    scope(parser)
    parser.add_argument("--for", dest="lasting", type=duration, metavar="2h", help="lift it after this long")


def restrict(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("symbol", type=symbol, metavar="SYMBOL", help="which symbol")
    parser.add_argument("--for", dest="lasting", type=duration, metavar="2h", help="allow it again after this long")
    parser.add_argument("--reason", metavar="TEXT", help="why, for the record and for `sage locks`")


def allow(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("symbol", type=symbol, metavar="SYMBOL", help="which symbol")


def unlock(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a symbol or strategy, as `sage locks` shows it")


def close(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", type=identifier, metavar="ID", help="a trade, an order that entered it, or the symbol")
    yes(parser)


def flatten(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("symbols", nargs="?", type=symbols, metavar="A,B", help="only these symbols (all)")
    yes(parser)


def kill(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--flatten", action="store_true", help="then close all positions")
    parser.add_argument("--reason", metavar="TEXT", help="why, for the record")
    parser.add_argument("--cancel-entries", action="store_true", help=argparse.SUPPRESS)


def memory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("symbol", nargs="?", type=symbol, metavar="SYMBOL", help="which symbol to recall trades of")
    parser.add_argument("--regime", choices=REGIMES, metavar="R", help=f"only trades of a regime: {', '.join(REGIMES)}")
    parser.add_argument("--limit", type=some, metavar="N", help="at most as many trades (20)")
    parser.add_argument("--like", metavar="TEXT", help="by what their lessons and theses say, of any symbol")
    as_of(parser)


def evals(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("named", nargs="*", metavar="NAME", help="suites to run (all), or the folder of a report")
    parser.add_argument("--out", metavar="DIR", help="folder of report.json, page.html and junit.xml, or a recording")
    parser.add_argument("--baseline", metavar="F", help="compare with this baseline, not with the one that ships")
    parser.add_argument("--keep", metavar="F", help="keep what this run found as a baseline for later ones")
    parser.add_argument("--data", metavar="DIR", help="labelled headlines for S12, besides those that ship")
    parser.add_argument("--origin", choices=("relay", "hosted"), help="where recorded answers come from")
    parser.add_argument("--model-label", metavar="NAME", help="what a relay's answers were written by")
    parser.add_argument("--questions", metavar="DIR", help="write the questions of every role there, for a relay")
    parser.add_argument("--answers", metavar="DIR", help="where a relay has left its answers")


def as_of(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--as-of", type=moment, metavar="T", help="what was known then, e.g. 2026-03-17T15:00:00Z")


def run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", type=faces, metavar="A,B", help=f"run only these of {', '.join(FACES)}")
    parser.add_argument(
        "--for", dest="lasting", type=duration, metavar="8h", help="stop after so long, in the market's time"
    )
    parser.add_argument("--symbols", type=symbols, metavar="A,B", help="look at these symbols only")


def schedule(parser: argparse.ArgumentParser) -> None:
    told = "so many of the next runs, instead of the next one of each rule"
    parser.add_argument("--count", dest="runs", type=some, metavar="N", help=told)


def usage(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", type=some, metavar="N", help="how many of the newest days (10)")


def reconcile(parser: argparse.ArgumentParser) -> None:
    """Nothing of it is sent to a broker."""
    parser.add_argument("--adopt", type=symbol, metavar="SYMBOL", help="take over what the broker holds of it")
    parser.add_argument("--split", type=split, metavar="NEW:OLD", help="it was a split, as 2:1: the cost stays")
    yes(parser)


def audit(parser: argparse.ArgumentParser) -> None:
    """How many entries ``last`` shows."""
    parser.add_argument("--count", type=some, metavar="N", help="last: how many of the newest entries (10)")


def newest(parser: argparse.ArgumentParser) -> None:
    """How many lines of the log."""
    parser.add_argument("--count", type=some, metavar="N", help="how many of the newest lines (10)")


def watchdog(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=some, metavar="N", help="how long it may be silent or late (30)")
    parser.add_argument("--follow", action="store_true", help="look every minute and tell what changes")


def alerts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ack", type=identifier, metavar="MARK", help="somebody has seen it: repeat it no more")
    parser.add_argument("--to", metavar="ADDRESS", help="how this address is told, e.g. mail:me@example.com")
    change = parser.add_mutually_exclusive_group()
    change.add_argument("--switch", nargs=2, metavar=("KIND", "HOW"), help="one kind on, silent, off or digest")
    change.add_argument("--quiet-hours", metavar="H", help="22:00-07:00 of New York, or off")
    change.add_argument("--mute", metavar="2h", help="hold back everything that is not critical; or off")


def algo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("algo", nargs="*", metavar="WORD", help="KIND SYMBOL SIDE QTY to start, an ID to stop")
    parser.add_argument("--minutes", type=some, metavar="N", help="how long it may take (30), within the session")
    parser.add_argument("--slices", type=some, metavar="N", help="of a twap (4); each counts in the orders of a day")
    parser.add_argument("--limit", dest="limit_price", type=positive, metavar="P", help="worst price of every slice")
    parser.add_argument(
        "--stop", dest="stop_price", type=positive, metavar="P", help="protective stop behind each slice"
    )
    parser.add_argument("--tip", type=positive, metavar="N", help="what an iceberg shows (a tenth)")
    parser.add_argument("--rest", choices=("cancel", "marketable"), help="what becomes of the rest at the end (cancel)")
    parser.add_argument("--reduce-only", action="store_true", help="close what is held, open nothing")
    yes(parser)


def orders(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("verb", nargs="?", choices=("cancel", "replace"), help="what to do with one of them")
    parser.add_argument("id", nargs="?", type=identifier, metavar="ID", help="the order, or how its id begins")
    parser.add_argument("--qty", type=positive, metavar="N", help="replace: how many are still to be filled")
    parser.add_argument("--limit", dest="limit_price", type=positive, metavar="P", help="replace: its limit")
    parser.add_argument("--stop", dest="stop_price", type=positive, metavar="P", help="replace: where a stop triggers")
    yes(parser)


def ticket(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("symbol", type=symbol, metavar="SYMBOL", help="what")
    parser.add_argument("qty", nargs="?", type=positive, metavar="QTY", help="how many shares")
    parser.add_argument("--amount", type=positive, metavar="MONEY", help="as many as this buys, instead of QTY")
    parser.add_argument("--limit", dest="limit_price", type=positive, metavar="P", help="worst price (the present one)")
    parser.add_argument("--stop", dest="stop_price", type=positive, metavar="P", help="protective stop behind it")
    parser.add_argument("--target", dest="target_price", type=positive, metavar="P", help="target behind it")
    parser.add_argument("--type", dest="order_type", choices=TYPES, metavar="T", help=f"{', '.join(TYPES)} (limit)")
    parser.add_argument("--tif", choices=TIFS, metavar="F", help=f"{', '.join(TIFS)} (day)")
    parser.add_argument("--trigger", type=positive, metavar="P", help="where a stop or stop_limit order triggers")
    parser.add_argument("--trail", type=positive, metavar="P", help="how far a trailing_stop stays behind, in money")
    parser.add_argument("--trail-pct", type=positive, metavar="N", help="the same in percent of the price")
    parser.add_argument("--what-if", action="store_true", help="what the gates would say; sends nothing")
    parser.add_argument("-v", "--verbose", action="store_true", help="list every gate that objects")
    yes(parser)
