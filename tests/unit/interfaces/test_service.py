"""The one place where use cases are offered: every command has its method, and looking changes nothing."""

import inspect

import pytest

from domain.errors import ManualActionError
from domain.record.canonical import plain
from interfaces.cli.commands import COMMANDS
from interfaces.service import Service
from tests.builders.market import NOON
from tests.builders.runtime import GONE, KORVA, NIMBO, a_runtime, rewired

LOOKS = [
    "locks", "status", "balance", "positions", "orders", "trades", "pnl", "risk", "limits", "pending", "verify",
    "doctor",
]  # fmt: skip
OFFERED = {
    "demo": "cycle", "audit": "verify", "memory": "recall", "mode": "set_mode", "buy": "order",
    "sell": "order", "algo": "start_algo", "run": "live", "watchdog": "watch", "telegram": "talk",
    "chart": "prices", "agents": "last_cycle", "stats": "pnl",
}  # fmt: skip
ELSEWHERE = {"backtest", "evals", "gate", "reproduce"}
"""They open no market and no broker of this home, so they are no business of a start."""


@pytest.mark.parametrize("name", [command.name for command in COMMANDS if command.name not in ELSEWHERE])
def test_every_command_is_a_use_case(name):
    assert inspect.isfunction(getattr(Service, OFFERED.get(name, name)))


@pytest.mark.parametrize("name", LOOKS)
def test_looking_changes_nothing_and_answers_in_plain_values(traded_home, clock, name):
    clock.at = GONE
    with a_runtime(traded_home, clock=clock) as runtime:
        Service(runtime).pending()  # closes what has expired, once
        before = (runtime.deps.stores.ledger.head(), runtime.deps.stores.orders.newest(99))
        view = getattr(Service(runtime), name)()
        assert plain(view)["as_of"] == "2026-03-31T15:00:00Z"
        assert (runtime.deps.stores.ledger.head(), runtime.deps.stores.orders.newest(99)) == before


def test_the_ledger_of_a_history_verifies_and_a_changed_entry_is_named(traded_home, clock):
    with a_runtime(traded_home, clock=clock) as runtime:
        good = Service(runtime).verify()
        assert (good.ok, good.problems, good.head) == (True, (), runtime.deps.stores.ledger.head())
    with a_runtime(traded_home, clock=clock) as runtime:
        (traded_home / "ledger.anchor").write_text("nonsense")
        bad = Service(runtime).verify()
        assert not bad.ok
        assert "anchor" in bad.problems[0]


def test_a_memory_is_made_anew_from_the_ledger(traded_home, clock):
    with a_runtime(traded_home, clock=clock) as runtime:
        assert Service(runtime).rebuild_memory().trades == 1
        with pytest.raises(ManualActionError, match="no memory of trades"):
            Service(rewired(runtime, memory=None)).rebuild_memory()


def test_a_question_in_words_knows_the_markets_symbols(traded_home, clock):
    with a_runtime(traded_home, clock=clock) as runtime:
        asked = Service(runtime).understood("Why did you leave KORVA?")
    assert (asked.topic, asked.about) == ("explain", KORVA)


def test_progress_is_optional(tmp_path):
    with a_runtime(tmp_path) as runtime:
        assert Service(runtime).cycle((NIMBO,), NOON).orders
