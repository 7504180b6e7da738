"""Write judged what-if cases: ``python -m evals.gates --seed 7 --count 700 --out cases.jsonl``.

``--count`` is the least number of lines. The file of bare cases for ``sage gate`` is written beside it on ``--cases``;
``--check`` puts every case before the gates and tells where they differ from the oracle.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from evals.gates.agreement import compared, report
from evals.gates.generate import faults, generate, summary


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 1 when the gates, a person and the oracle differ, or a gate has no case on both sides."""
    parser = argparse.ArgumentParser(prog="python -m evals.gates", description="Judged what-if cases for sage gate.")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--count", type=int, default=700, help="the least number of cases")
    parser.add_argument("--out", type=Path, help="JSONL of cases with what must come out")
    parser.add_argument("--cases", type=Path, help="JSONL of the bare cases, as sage gate reads them")
    parser.add_argument("--check", action="store_true", help="put every case before the gates of the product")
    given = parser.parse_args(argv)
    judged = list(generate(given.seed, given.count))
    if given.out is not None:
        given.out.write_text("".join(f"{json.dumps(each.line)}\n" for each in judged), encoding="utf-8")
    if given.cases is not None:
        given.cases.write_text("".join(f"{json.dumps(each.case)}\n" for each in judged), encoding="utf-8")
    found = faults(judged)
    print(summary(judged))
    for each in found:
        print(each, file=sys.stderr)
    if not given.check:
        return 1 if found else 0
    agreement = compared(judged)
    print(report(agreement))
    return 1 if found or agreement.differences else 0


if __name__ == "__main__":
    sys.exit(main())
