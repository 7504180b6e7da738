"""A service to be stopped or killed: ``python slow_service.py HOME``. Its model takes time and tells what it is asked.

It lives a simulated day with one cycle in it. Each question is told on standard output when its answer is on its way.
"""

import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from agents.llm import ModelReply, ModelRequest
from agents.models.rules_llm import RulesModel
from interfaces.serving.life import Life, stopped_by_signals
from interfaces.serving.live import live
from tests.builders.lives import Home, a_schedule
from tests.builders.runtime import rewired

ONE_CYCLE = a_schedule(cycle=("close-60m",))


class SlowRules(RulesModel):
    """The rules, slowly."""

    def complete(self, request: ModelRequest) -> ModelReply:
        """Answer after a while."""
        sys.stdout.write(f"{request.role} {request.digest}\n")
        sys.stdout.flush()
        time.sleep(0.3)
        return super().complete(request)


def main(folder: Path) -> None:
    """One life, until its time is over or a signal comes."""
    home = Home(folder, ONE_CYCLE)
    with home.opened() as runtime, stopped_by_signals() as stop:
        slow = rewired(runtime, asker=replace(runtime.deps.asker, model=SlowRules()))
        live(slow, home.universe, Life(stop, timedelta(hours=6)))
    sys.stdout.write("stopped\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
