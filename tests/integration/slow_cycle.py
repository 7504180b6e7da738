"""A process to be killed: one cycle with a model that takes its time, and whose answers carry a mark.

    python slow_cycle.py HOME SYMBOL...

It answers as the rules do, word for word, so that the command line can go on with ``--model rules``; the mark is the
number of tokens it says it read. Every answer is told on standard output when it is on its way.
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

from agents.llm import ModelReply, ModelRequest
from agents.models.rules_llm import RulesModel
from domain.market import parse_symbol
from tests.builders.runtime import a_cycle, a_runtime

MARK = 7


class SlowRules(RulesModel):
    """The rules, slowly."""

    def complete(self, request: ModelRequest) -> ModelReply:
        """Answer after a while."""
        time.sleep(0.2)
        sys.stdout.write(f"{request.role}\n")
        sys.stdout.flush()
        return replace(super().complete(request), tokens_in=MARK)


if __name__ == "__main__":
    with a_runtime(Path(sys.argv[1]), model=SlowRules()) as runtime:
        a_cycle(runtime, *(parse_symbol(symbol) for symbol in sys.argv[2:]))
