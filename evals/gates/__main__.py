"""Write judged what-if cases: ``python -m evals.gates --seed 7 --count 700 --out cases.jsonl``.

``--count`` is the least number of lines. The file of bare cases for ``sage gate`` is written beside it on ``--cases``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from evals.gates.generate import faults, generate, summary


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 1 when a person and the oracle differ or a gate has no case on both sides."""
    parser = argparse.ArgumentParser(prog="python -m evals.gates", description="Judged what-if cases for sage gate.")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--count", type=int, default=700, help="the least number of cases")
    parser.add_argument("--out", type=Path, required=True, help="JSONL of cases with what must come out")
    parser.add_argument("--cases", type=Path, help="JSONL of the bare cases, as sage gate reads them")
    given = parser.parse_args(argv)
    judged = list(generate(given.seed, given.count))
    given.out.write_text("".join(f"{json.dumps(each.line)}\n" for each in judged), encoding="utf-8")
    if given.cases is not None:
        given.cases.write_text("".join(f"{json.dumps(each.case)}\n" for each in judged), encoding="utf-8")
    found = faults(judged)
    print(summary(judged))
    for each in found:
        print(each, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
