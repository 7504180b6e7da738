"""The memory and the learning job through the service, over a real history with one closed trade."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from domain.errors import ManualActionError
from domain.market import Symbol
from domain.record.canonical import plain
from domain.record.entries import RecordKind
from domain.signals import Regime
from interfaces.service import Service
from tests.builders.runtime import GONE, KORVA, NIMBO, SpyModel, a_runtime, rewired

AFTER = GONE + timedelta(days=7)


def test_the_closed_trade_of_a_history_is_learned_from_and_recalled(traded_home, clock):
    clock.at = AFTER
    with a_runtime(traded_home, model=SpyModel(), clock=clock) as runtime:
        service = Service(runtime)
        assert service.rebuild_memory().trades == 1
        before = service.recall(KORVA, None, 20)
        (similar,) = before.trades
        assert (similar.symbol, similar.source, similar.review) == (KORVA, "", ())
        assert similar.lesson.startswith("A long trade with")

        found = service.learn()
        assert (len(found.trades), found.problems) == (1, ())
        assert {(row.role, row.outcomes) for row in found.calibration} == {("advisor", 1), ("signal", 1)}
        (taught,) = service.recall(KORVA, None, 20).trades
        assert taught.source == "scripted:spy"
        assert taught.review
        assert not any("{" in sentence or "not available" in sentence for sentence in taught.review)
        assert service.learn().trades == ()

        told = service.memory_stats()
        assert (told.trades, told.symbols, told.lessons, told.embedding) == (1, {KORVA: 1}, 1, "v2")
        assert told.oldest == told.newest == taught.closed_at
        assert plain(told)["as_of"] == "2026-04-07T15:00:00Z"


@pytest.mark.parametrize(
    ("symbol", "regime", "count"),
    [
        pytest.param(KORVA, None, 1, id="its_own"),
        pytest.param(NIMBO, None, 0, id="held_and_never_closed"),
        pytest.param(Symbol("NOSUCH"), None, 0, id="unheard_of"),
        pytest.param(KORVA, Regime.UNKNOWN, 0, id="another_regime"),
    ],
)
def test_recall_is_filtered(traded_home, clock, symbol, regime, count):
    clock.at = AFTER
    with a_runtime(traded_home, clock=clock) as runtime:
        Service(runtime).rebuild_memory()
        found = Service(runtime).recall(symbol, regime, 20)
        assert (found.count, len(found.trades), found.note) == (count, count, "")


def test_recall_shows_nothing_from_later(traded_home, clock):
    clock.at = AFTER
    with a_runtime(traded_home, clock=clock) as runtime:
        Service(runtime).rebuild_memory()
        (entry,) = runtime.deps.stores.ledger.entries(kind=RecordKind.TRADE_CLOSED)
        clock.at = entry.at - timedelta(microseconds=1)
        assert Service(runtime).recall(KORVA, None, 20).count == 0
        clock.at = entry.at
        assert Service(runtime).recall(KORVA, None, 20).count == 1


class Echo:
    """An embedder for which all texts are alike."""

    name = "echo"

    def embed(self, texts):
        return [[1.0, 0.5] for _ in texts]


def test_lessons_are_found_by_their_words_where_an_embedder_is_configured(traded_home, clock):
    clock.at = AFTER
    with a_runtime(traded_home, clock=clock, deps={"texts": Echo()}) as runtime:
        service = Service(runtime)
        service.learn()
        found = service.recall(KORVA, None, 20, "stopped too early")
        assert (found.count, found.compared_with) == (1, "these words, by echo")
        assert found.trades[0].distance == 0
        assert service.recall(NIMBO, None, 20, "stopped too early").count == 0
        assert service.recall(KORVA, Regime.UNKNOWN, 20, "stopped too early").count == 0
        clock.at = found.trades[0].closed_at
        assert service.recall(KORVA, None, 20, "stopped too early").count == 0, "the lesson came later"


AS_WRITTEN = {
    "the_lesson": (("closed", "BY", "signal"), True),
    "the_strategy_of_the_thesis": (("momentum",), True),
    "a_symbol_and_words": (("korva", "long", "trade"), True),
    "words_of_another_symbol": (("NIMBO", "long", "trade"), False),
    "words_that_nobody_said": (("stopped", "too", "early"), False),
    "a_pattern_is_no_pattern": (("%",), None),
}


@pytest.mark.parametrize("case", AS_WRITTEN)
def test_without_an_embedder_words_are_looked_for_as_they_are_written(traded_home, clock, case):
    words, found = AS_WRITTEN[case]
    clock.at = AFTER
    with a_runtime(traded_home, clock=clock) as runtime:
        service = Service(runtime)
        service.rebuild_memory()
        (only,) = service.recall(KORVA, None, 20).trades
        if found is None:
            # A sentence may hold the sign; what it must not do is to stand for anything.
            found = "%" in only.lesson
        view = service.recall_words(words, 20)
        assert ([one.trade_id for one in view.trades] == [only.trade_id]) is found
        clock.at = only.closed_at - timedelta(seconds=1)
        assert service.recall_words(words, 20).trades == (), "nothing from later"


OWNER = """
import sys
from pathlib import Path
from memory.trades import TradeMemory
memory = TradeMemory(Path(sys.argv[1]))
memory.remembered()
print("mine", flush=True)
sys.stdin.readline()
"""


def test_while_a_service_owns_the_folder_the_ledger_answers(traded_home, clock):
    clock.at = AFTER
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(traded_home / "memory")],
        cwd=Path(__file__).parents[4],
        env={**os.environ, "PYTHONPATH": "."},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with owner, a_runtime(traded_home, clock=clock) as runtime:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "mine\n"
        stats, recalled = Service(runtime).memory_stats(), Service(runtime).recall(KORVA, None, 20)
        owner.kill()
    assert (stats.trades, stats.place, recalled.count) == (1, "the ledger", 1)
    assert "another running Sage" in stats.note
    assert "another running Sage" in recalled.note


def test_a_memory_that_is_off_is_said_to_be(traded_home, clock):
    with a_runtime(traded_home, clock=clock) as runtime:
        service = Service(rewired(runtime, memory=None))
        for ask in (service.memory_stats, lambda: service.recall(KORVA, None, 20)):
            with pytest.raises(ManualActionError, match="no memory of trades"):
                ask()
