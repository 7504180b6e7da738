"""Replays of the cycle over stored markets: what is found, that nothing later is seen, and what people are told."""

import json
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest

from composition import backtesting
from composition.opening import stores_of
from domain.errors import IntegrityError
from domain.record.canonical import digest
from interfaces.acting.backtesting import answer_of, replay
from interfaces.cli.console import Terminal
from interfaces.cli.home import LATCH
from interfaces.cli.parser import parse
from policies.kill_switch import KillSwitch
from settings.reading import load_settings
from tests.builders.market import at
from tests.builders.runtime import standing_in, the_calendar
from tests.integration.test_commands import document, run
from trading.store.database import open_database
from trading.store.research.experiments import ExperimentStore

NAMES = ("RISE", "SWAY")
FIRST, LAST, CHANGED = "2026-03-09", "2026-03-13", "2026-03-11"
"""The period over files, and the day from which on the other future differs."""
PERIOD = ("--from", "2026-03-17", "--to", "2026-03-19", "--symbols", "KORVA,OSTRE")
COMMAND = ("backtest", "all", *PERIOD)


def write_market(folder: Path, *, other_future: bool = False) -> Path:
    """A year of daily bars that rise two sessions out of three; the other future falls from ``CHANGED`` on."""
    (folder / "bars").mkdir(parents=True)
    lines = ["symbol,time,open,high,low,close,volume"]
    for place, symbol in enumerate((*NAMES, "SPY")):
        close = Decimal(40 + 20 * place)
        for number, session in enumerate(the_calendar().sessions(at("2025-03-03T00:00"), at("2026-03-14T00:00"))):
            falls = other_future and str(session.day) >= CHANGED
            step = Decimal("0.9") if falls else Decimal("0.992") if number % 3 == 0 else Decimal("1.006")
            opened, close = close, round(close * step, 2)
            high, low = max(opened, close) * Decimal("1.01"), min(opened, close) * Decimal("0.99")
            volume = 9_000_000 if falls else 2_000_000 + 1_000 * number
            lines.append(f"{symbol},{session.day},{opened},{high:.2f},{low:.2f},{close},{volume}")
    (folder / "bars" / "daily.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    known = 'listed_on = 2001-01-02\nmarket_cap = "5000000000"\nsector = "Sector'
    stated = [f'[instruments.{symbol}]\n{known} {symbol}"' for symbol in NAMES]
    complete = 'event_kinds = ["earnings", "macro", "split", "dividend"]'
    (folder / "source.toml").write_text("\n".join((complete, *stated)) + "\n", encoding="utf-8")
    return folder


def asked_of(market: Path, home: Path, *words: str) -> backtesting.BacktestRequest:
    """The question of a command line over files."""
    told = ("backtest", "momentum", "--symbols", ",".join(NAMES), "--from", FIRST, "--to", LAST, *words)
    settings = load_settings(home=home, market=f"files:{market}", news="none", policy="conservative")
    with standing_in(home):
        database = open_database(settings.database)
        try:
            stores = stores_of(database, settings, KillSwitch(home / LATCH))
            return backtesting.request_of(parse(told), settings, stores)
        finally:
            database.close()


def played(what: backtesting.BacktestRequest):
    """The answer, and what is on record: when, and a digest of what."""
    with backtesting.started(what) as runtime:
        seen = list(replay(runtime, what.question.symbols, what.tape, approves=False))
        entries = runtime.deps.stores.ledger.entries()
        told = [(entry.at, digest((entry.kind, entry.subject, entry.body))) for entry in entries]
        return answer_of(runtime, what.question, what.tape, seen), told


@pytest.fixture(scope="module")
def true(tmp_path_factory):
    """A run over files: its question, its answer, and what is on record of it."""
    home = tmp_path_factory.mktemp("home")
    what = asked_of(write_market(home / "market"), home)
    return what, *played(what)


def test_bars_of_the_future_change_nothing_before_them(true, tmp_path):
    """From one day on every price but its opening is another: what was done up to the look of that day is the same."""
    what, answer, told = true
    other = asked_of(write_market(tmp_path / "market", other_future=True), tmp_path)
    changed, moved = played(what._replace(market=other.market, tape=other.tape))
    parted = next(look for look in what.tape.looks if str(look.date()) == CHANGED)
    assert what.question.data_digest != other.question.data_digest
    assert [each for each in told if each[0] <= parted] == [each for each in moved if each[0] <= parted]
    assert sum(at <= parted for at, _ in told) > 40
    assert [each for each in told if each[0] > parted] != [each for each in moved if each[0] > parted]
    assert [(one.equity, one.cash) for one in answer.closes[:2]] == [
        (one.equity, one.cash) for one in changed.closes[:2]
    ]
    assert answer.closes[2].equity > changed.closes[2].equity


def test_the_run_trades_and_its_figures_fit_its_curve(true):
    what, answer, _ = true
    assert answer.figures.fills > 0
    assert answer.judged.proposed >= answer.judged.passed > 0
    assert len(answer.closes) == what.question.sessions == 5
    grown = answer.closes[-1].equity / what.question.cash - 1
    assert answer.figures.curve.return_pct == (100 * grown).quantize(Decimal("0.01"))
    assert answer.figures.exposure_pct > 0


def test_the_same_question_over_the_same_files_elsewhere_is_the_same(true, tmp_path):
    again = asked_of(write_market(tmp_path / "elsewhere"), tmp_path)
    assert again.question == true[0].question
    assert played(again)[0] == true[1]


class Interrupted:
    """A market at which somebody presses Ctrl-C while the third session is looked at."""

    def __init__(self, market, when):
        self._market, self._when = market, when

    def __getattr__(self, name):
        return getattr(self._market, name)

    def bars(self, symbol, timeframe, *, as_of, limit):
        """The bars, until then."""
        if as_of >= self._when:
            raise KeyboardInterrupt
        return self._market.bars(symbol, timeframe, as_of=as_of, limit=limit)


def test_a_run_that_is_stopped_says_how_far_it_came_and_is_no_experiment(true):
    what = true[0]
    out, err = StringIO(), StringIO()
    stopped = what._replace(market=Interrupted(what.market, what.tape.looks[2]))
    assert backtesting.run(stopped, Terminal(out=out, err=err)) is None
    told = " ".join(err.getvalue().split())
    assert "stopped after 2 of 5 sessions, 2026-03-10: equity" in told
    assert told.endswith("nothing is stored")
    assert out.getvalue() == ""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A home with one run over the simulated market, and its document."""
    home = tmp_path_factory.mktemp("backtest")
    return home, json.loads(run(home, *COMMAND, "--json", "--quiet")[1])


def test_the_document_of_a_run(made):
    _, told = made
    assert told.keys() == {"as_of", "id", "digest", "made_by", "question", "answer"}
    assert (told["question"]["strategy"], told["question"]["sessions"]) == ("all", 3)
    assert [one["day"] for one in told["answer"]["closes"]] == ["2026-03-17", "2026-03-18", "2026-03-19"]
    assert told["digest"] == digest({"question": told["question"], "answer": told["answer"]})


def test_the_same_question_is_found_and_once_more_is_the_same_in_every_byte(made):
    home, told = made
    code, out, err = run(home, *COMMAND, "--json")
    assert (code, json.loads(out)) == (0, told)
    assert "was run before" in err
    code, out, err = run(home, *COMMAND, "--again", "--json")
    assert (code, json.loads(out)) == (0, told)
    assert "the same in every byte" in err


def test_an_answer_that_has_changed_is_refused_and_the_stored_one_kept(made):
    home, told = made
    database = open_database(f"sqlite:///{home / 'sage.db'}")
    stored = ExperimentStore(database).get(told["id"])
    database.close()
    assert stored is not None
    closes = (*stored.answer.closes[:1], stored.answer.closes[1]._replace(equity=Decimal(1)), *stored.answer.closes[2:])
    other = replace(stored, answer=replace(stored.answer, closes=closes))
    with pytest.raises(IntegrityError, match="first on 2026-03-18"):
        backtesting.compare(stored, other, Terminal(out=StringIO(), err=StringIO()))


def test_experiments_are_listed_and_one_is_shown(made):
    home, told = made
    rows = document(run(home, "experiments", "--json"))["experiments"]
    assert [(row["id"], row["strategy"], row["sessions"]) for row in rows] == [(told["id"], "all", 3)]
    assert document(run(home, "experiments", told["id"][:9], "--json")) == told
    assert document(run(home, "experiments", "last", "--json")) == told
    code, shown, _ = run(home, "experiments", "last")
    assert code == 0
    assert all(word in shown for word in ("Backtest all", "buy and hold", "Sharpe", "no language model"))
    assert run(home, "experiments")[1].count("exp-") == 1


WRONG = {
    "momntum": "there is no strategy 'momntum'. Choose one of momentum, mean_reversion, news_event, or all.",
    "momentum --from 2026-02-10 --to 2026-02-01": "the period begins on 2026-02-10, after its end on 2026-02-01.",
    "momentum --from 2026-02-07 --to 2026-02-08": "the exchange is closed from 2026-02-07 to 2026-02-08.",
    "momentum --symbols NOSUCH": "simulated does not know NOSUCH.",
    "momentum --from 2027-02-01 --to 2027-02-05 --symbols KORVA": "simulated holds no bars of KORVA",
    "momentum --market yahoo": "yahoo knows the present alone",
    "momentum --news rss": "a backtest needs the news of its own past, and rss does not keep them",
    "momentum --from 10.2.2026": "'10.2.2026' is not a day; write 2026-03-17",
    "momentum --to 2026-02-30": "'2026-02-30' is not a day of the calendar",
    "momentum --cash 0": "'0' is not a number above zero",
    "momentum --seed -1": "'-1' is not a whole number",
    "": "the following arguments are required: NAME",
}


@pytest.mark.parametrize("words", WRONG)
def test_what_cannot_be_run_is_told_in_one_line(tmp_path, words):
    code, out, err = run(tmp_path, "backtest", *words.split())
    assert (code, out) == (2, "")
    line = " ".join(err.split("sage: ")[-1].split())
    assert line.startswith(WRONG[words]) or WRONG[words] in line
    assert "Traceback" not in err


def test_no_experiment_of_that_id(made):
    code, out, err = run(made[0], "experiments", "exp-nosuch")
    assert (code, out) == (2, "")
    assert "no experiment exp-nosuch is on record" in err
