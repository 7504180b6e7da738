"""Whether the logs that inspect_ai left in a folder are those of suites that were played whole and keep their bars.

    python -m evals.inspect_adapter logs

``inspect`` itself ends with 0 whatever became of its tasks. Of several logs of a suite the newest counts.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from inspect_ai.log import EvalLog, list_eval_logs, read_eval_log

from domain.errors import OversightError
from evals.runner import chosen


def newest(folder: Path) -> dict[str, EvalLog]:
    """The newest log of each suite, without its samples."""
    found: dict[str, EvalLog] = {}
    for info in list_eval_logs(str(folder), recursive=False, descending=True):
        log = read_eval_log(info, header_only=True)
        found.setdefault(str(log.eval.dataset.name), log)
    return dict(sorted(found.items()))


def told(name: str, log: EvalLog) -> tuple[bool, str]:
    """Whether the suite holds, and one line about it; raises UsageError for a log of something else."""
    (suite,) = chosen([name])
    total, scores = len(suite.cases()), log.results.scores if log.results is not None else []
    played = sum(each.scored_samples or 0 for each in scores[:1])
    held = any(score.metrics["bars held"].value == 1 for score in scores if "bars held" in score.metrics)
    ends = "bars hold" if held else "BROKEN" if played == total else "NOT ALL PLAYED"
    ok = played == total > 0 and held and log.status == "success"
    return ok, f"{name:<22} {played:>5} of {total:<5} {log.status:<10} {ends}"


def main() -> int:
    """One line a suite; 1 where one was not played whole or breaks a bar, or where there is no log."""
    parser = argparse.ArgumentParser(prog="python -m evals.inspect_adapter", description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="the --log-dir of `inspect eval`")
    folder = parser.parse_args().folder
    try:
        lines = [told(name, log) for name, log in newest(folder).items()]
    except OversightError as error:
        print(error, file=sys.stderr)
        return 1
    if not lines:
        print(f"there is no log of inspect_ai in {folder}", file=sys.stderr)
        return 1
    print("\n".join(line for _, line in lines))
    return 0 if all(ok for ok, _ in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
