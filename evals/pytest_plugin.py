"""Suites as pytest items: ``pytest evals`` plays every case that needs no start of the product, one item a case.

    pytest -p evals.pytest_plugin evals/suites -k S2

A case that fails is no failed item where its suite promises a share and not every case; the bars are items of their
own, named ``bar``. Suites that play on the whole product are run by ``sage evals run`` and are skipped here by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from evals.case import Case
from evals.catalogue import SUITES
from evals.outcome import Result
from evals.product import no_product
from evals.runner import play
from evals.suite import Measure, Suite, nothing_shared

FOLDER = Path(__file__).parent / "suites"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """One collector a suite's module."""
    if file_path.parent != FOLDER:
        return None
    suites = [suite for suite in SUITES if suite.solve.__module__.rpartition(".")[2] == file_path.stem]
    return SuiteFile.from_parent(parent, path=file_path, suite=suites[0]) if suites else None


class SuiteFile(pytest.File):
    """All cases of a suite, then its bars."""

    def __init__(self, *, suite: Suite, **given: Any) -> None:
        super().__init__(**given)
        self._suite = suite

    def collect(self) -> Iterator[pytest.Item]:
        """An item a case, and one for the bars."""
        # Handed to all items of the suite: the bars are taken of whatever was played before them.
        results: list[Result] = []
        for case in self._suite.cases():
            yield CaseItem.from_parent(self, name=case.id, suite=self._suite, case=case, results=results)
        yield BarItem.from_parent(self, name="bar", suite=self._suite, results=results)


class CaseItem(pytest.Item):
    """One case."""

    def __init__(self, *, suite: Suite, case: Case, results: list[Result], **given: Any) -> None:
        super().__init__(**given)
        self._suite = suite
        self._case = case
        self._results = results

    def runtest(self) -> None:
        """Play it; only what was not played fails here."""
        suite = self._suite
        if suite.opened is not nothing_shared:
            pytest.skip(f"{suite.name} plays on the whole product: sage evals run {suite.name}")
        with suite.opened(no_product) as stage:
            result = play(suite, suite.solve, stage, self._case)
        self._results.append(result)
        if not result.completed:
            raise NotPlayed(result.score.note)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where the case is from."""
        return self.path, None, self.name


class BarItem(pytest.Item):
    """The bars of a suite, on the cases that were played in this session."""

    def __init__(self, *, suite: Suite, results: list[Result], **given: Any) -> None:
        super().__init__(**given)
        self._suite = suite
        self._results = results

    def runtest(self) -> None:
        """Fail with every bar that is broken."""
        if not self._results:
            pytest.skip("no case of this suite was played")
        broken = [each for each in self._suite.measure(self._results) if not each.holds]
        if broken:
            raise BarBroken(told(broken))

    def reportinfo(self) -> tuple[Path, None, str]:
        """Which suite it is."""
        return self.path, None, f"{self._suite.name}: bars"


class NotPlayed(Exception):
    """A case could not be played."""


class BarBroken(Exception):
    """A suite does not keep its bar."""


def told(broken: Sequence[Measure]) -> str:
    """One line a bar."""
    return "; ".join(f"{each.name} {each.interval.value:g} is not {each.bound} {each.bar:g}" for each in broken)
