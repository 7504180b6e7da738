"""Every command of ``sage``: its help, its own arguments, an example. Standard library and domain only, for speed."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from interfaces.cli import options


@dataclass(frozen=True, slots=True)
class Command:
    """One command. ``verbs`` are its second words, ``fill`` adds its own arguments, ``json`` says it returns data.

    ``notes`` stand below the examples as they are.
    """

    name: str
    group: str
    help: str
    examples: tuple[str, ...]
    fill: Callable[[argparse.ArgumentParser], None] | None = None
    verbs: tuple[str, ...] = ()
    json: bool = True
    notes: tuple[str, ...] = ()


CASE = """\
{"id": "c1", "clock": "2026-03-17T15:00:00Z", "market_calendar": "XNYS",
 "limits": {"max_order_notional": "10000"},
 "control": {"kill_switch": false, "trading_state": "ACTIVE"},
 "account": {"currency": "USD", "equity": "100000", "buying_power": "50000", "broker_reconciled": true},
 "market": {"AAPL": {"bid": "199.90", "ask": "200.00", "last": "200.00", "ts": "2026-03-17T15:00:00Z",
            "tick": "0.01", "lot": "1", "currency": "USD", "tradable": true, "halted": false}},
 "order": {"decision_id": "d1", "symbol": "AAPL", "side": "buy", "qty": "60", "type": "limit",
           "limit_price": "200.00", "tif": "day", "currency": "USD", "created_at": "2026-03-17T15:00:00Z"}}"""
"""A what-if case with little more than the gates have to know: 60 shares at 200.00 are more than 10,000."""

COMMANDS = (
    Command("demo", "run", "one whole cycle on a simulated market, with no key and no network", ("sage demo",)),
    Command(
        "cycle",
        "run",
        "one oversight cycle now",
        (
            "sage cycle --symbols NIMBO,KORVA",
            "sage cycle --market files:prices --news none --as-of 2025-04-04T19:00:00Z",
        ),
        options.cycle,
    ),
    Command(
        "run",
        "run",
        "live by the schedule, with the broker's stream, until stopped",
        ("sage run", "sage run --for 8h", "sage run --only scheduler --quiet"),
        options.run,
        json=False,
    ),
    Command(
        "telegram",
        "run",
        "answer by Telegram alone; shows its first owner the code",
        ("sage telegram",),
        json=False,
    ),
    Command(
        "backtest",
        "run",
        "a strategy over the past, through the whole cycle",
        ("sage backtest momentum", "sage backtest all --from 2026-02-02 --to 2026-02-27 --symbols NIMBO,KORVA --json"),
        options.backtest,
    ),
    Command("chat", "run", "ask about what happened, answered from the records", ("sage chat",), json=False),
    Command("status", "look", "mode, trading state, pauses, sources and their age", ("sage status",)),
    Command("positions", "look", "what is held, by our books and by the broker's", ("sage positions",)),
    Command(
        "orders",
        "look",
        "orders and where they stand; cancel or replace one",
        ("sage orders --json", "sage orders cancel ord-k3v5xw2a", "sage orders replace ord-k3v5xw2a --limit 134.20"),
        options.orders,
    ),
    Command("trades", "look", "round trips and what they brought", ("sage trades", "sage trades 20"), options.trades),
    Command("balance", "look", "equity and what it is made of, by the broker and by our record", ("sage balance",)),
    Command(
        "pnl",
        "look",
        "profit and loss of the day, of a period, or of a symbol",
        ("sage pnl", "sage pnl week", "sage pnl ytd --by symbol", "sage pnl NIMBO"),
        options.pnl,
    ),
    Command("stats", "look", "win rate, expectancy, drawdown, Sharpe of closed trades", ("sage stats",)),
    Command("risk", "look", "how much room every gate leaves", ("sage risk",)),
    Command(
        "limits",
        "look",
        "the policy in force, and how another differs",
        ("sage limits", "sage limits --diff balanced"),
        options.limits,
    ),
    Command(
        "chart",
        "look",
        "a picture of equity, exposure, gates or a symbol, into a file",
        ("sage chart equity", "sage chart NIMBO --to nimbo.png"),
        options.chart,
    ),
    Command("locks", "look", "what is restricted or paused: by whom, why, until when", ("sage locks",)),
    Command("pending", "look", "orders that wait for a person", ("sage pending",)),
    Command(
        "explain",
        "look",
        "why something was decided and what became of it",
        ("sage explain last --after",),
        options.explain,
    ),
    Command("agents", "look", "the last cycle: who said what, at what cost and in what time", ("sage agents",)),
    Command(
        "usage", "look", "what asking models has cost, by day, role and model", ("sage usage --count 3",), options.usage
    ),
    Command(
        "whynot", "look", "what stood in an order's way, and what would pass", ("sage whynot NIMBO",), options.whynot
    ),
    Command(
        "reproduce",
        "look",
        "run a stored cycle again: is it the same, and what if",
        ("sage reproduce last", "sage reproduce cyc-k3v5xw2a --policy research", "sage reproduce last --model rules"),
        options.reproduce,
    ),
    Command(
        "experiments",
        "look",
        "backtests that were run, newest first, or one of them",
        ("sage experiments", "sage experiments exp-k3v5 --json"),
        options.experiments,
    ),
    Command(
        "gate",
        "look",
        "what the gates would say to what-if cases; nothing is sent",
        ("sage gate cases.jsonl", "sage gate - --policy conservative --summary"),
        options.gate,
        notes=(
            "a case is one line of JSON; this one is over a limit, so the shell joins its lines and asks:",
            f"tr -d '\\n' <<'END' | sage gate - --summary\n{CASE}\nEND",
            "docs/operating.md tells every field, under `What if`; `sage limits` names the limits.",
        ),
    ),
    Command(
        "schedule",
        "look",
        "the next scheduled runs, and who is at work",
        ("sage schedule", "sage schedule --count 20"),
        options.schedule,
    ),
    Command(
        "algo",
        "decide",
        "work a large order of your own in slices",
        (
            "sage algo start twap NIMBO buy 20 --minutes 60 --stop 128",
            "sage algo start iceberg NIMBO sell 60 --tip 10 --reduce-only",
            "sage algo list",
            "sage algo stop algo-k3v5xw2a",
        ),
        options.algo,
        verbs=("start", "list", "stop"),
    ),
    Command(
        "approve",
        "decide",
        "let a waiting order, or half of it, go to the gates",
        ("sage approve apr-k3v5xw2a", "sage approve apr-k3v5xw2a --half"),
        options.approve,
    ),
    Command("reject", "decide", "refuse a waiting order", ("sage reject apr-k3v5xw2a",), options.answer),
    Command(
        "buy",
        "decide",
        "an order of your own, through the same gates",
        (
            "sage buy NIMBO 10 --stop 128 --target 145",
            "sage buy NIMBO --amount 2000 --stop 128 --what-if",
        ),
        options.ticket,
    ),
    Command(
        "sell",
        "decide",
        "sell what is held, or rest a stop and a target behind it",
        ("sage sell NIMBO 10", "sage sell NIMBO 10 --target 145 --stop 128 --tif gtc"),
        options.ticket,
    ),
    Command("pause", "decide", "stop new entries", ("sage pause", "sage pause symbol NIMBO --for 2h"), options.pause),
    Command(
        "resume",
        "decide",
        "lift a pause, a halt or a kill",
        ("sage resume", "sage resume --yes", "sage resume symbol NIMBO", "sage resume --accept-loss"),
        options.resume,
    ),
    Command(
        "restrict",
        "decide",
        "refuse new entries of a symbol; exits stay possible",
        ("sage restrict NIMBO --for 2h --reason 'earnings rumour'",),
        options.restrict,
    ),
    Command("allow", "decide", "take a symbol off the restricted list", ("sage allow NIMBO",), options.allow),
    Command(
        "unlock",
        "decide",
        "lift the restriction or pause of a symbol or strategy",
        ("sage unlock NIMBO",),
        options.unlock,
    ),
    Command("mode", "decide", "how much Sage may do by itself", ("sage mode observe", "sage mode paper"), options.mode),
    Command(
        "flatten", "decide", "close what is held", ("sage flatten", "sage flatten NIMBO,KORVA --yes"), options.flatten
    ),
    Command(
        "close",
        "decide",
        "close the holding that a trade, an order or a symbol stands for",
        ("sage close trd-k3v5xw2a", "sage close ord-k3v5xw2a --yes"),
        options.close,
    ),
    Command(
        "kill",
        "decide",
        "stop everything now, until a person resets it",
        ("sage kill --reason 'odd fills'",),
        options.kill,
    ),
    Command(
        "reconcile",
        "care",
        "compare our books with the broker's; missing stops go back",
        ("sage reconcile", "sage reconcile --adopt NIMBO", "sage reconcile --adopt NIMBO --split 2:1 --yes"),
        options.reconcile,
    ),
    Command(
        "audit",
        "care",
        "prove that no record or table was changed, or show the last",
        ("sage audit verify", "sage audit last --count 20"),
        options.audit,
        verbs=("verify", "last"),
    ),
    Command("logs", "care", "the last lines of sage.log, with secrets cut", ("sage logs --count 20",), options.newest),
    Command("config", "care", "the settings of this start, without secrets", ("sage config",)),
    Command(
        "people",
        "care",
        "who you are, who may do what by Telegram, and a role for somebody",
        ("sage people", "sage people role 4711 viewer", "sage people role 4711 none --yes"),
        options.people,
    ),
    Command(
        "watchdog",
        "care",
        "from outside: is the service alive, and was a cycle missed",
        ("sage watchdog", "sage watchdog --minutes 20 --follow"),
        options.watchdog,
    ),
    Command(
        "alerts",
        "care",
        "what was critical, who was told, and who has seen it",
        (
            "sage alerts",
            "sage alerts --ack 18f3b9280d13a362",
            "sage alerts --to mail:me@example.com --switch trade silent",
        ),
        options.alerts,
    ),
    Command("doctor", "care", "check keys, sources, clocks, policy and every gate", ("sage doctor",)),
    Command(
        "evals",
        "care",
        "play suites, show a report, record answers, find stale ones",
        (
            "sage evals run S2 S3 --out report",
            "sage evals report report",
            "sage evals report",
            "sage evals verify",
            "sage evals record --origin hosted --model-label gpt-5 --out gpt-5.jsonl",
        ),
        options.evals,
        verbs=("run", "verify", "report", "record"),
    ),
    Command(
        "memory",
        "care",
        "recall similar trades, count what is remembered, or make it anew",
        ("sage memory recall AAPL", "sage memory recall --like 'ended at its stop'", "sage memory stats"),
        options.memory,
        verbs=("rebuild", "stats", "recall"),
    ),
    Command("learn", "care", "draw lessons from closed trades and score forecasts", ("sage learn",), options.as_of),
)
