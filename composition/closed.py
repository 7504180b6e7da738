"""Settings that nothing outside the program can change: no variable, no file, only what is passed and what is shipped.

The demo is the same for everybody, and so is the answer of a backtest, because neither hears the environment.
"""

from __future__ import annotations

from pathlib import Path

from domain.case import Mode
from settings.reading import told_alone
from settings.variables import Settings


def demo_settings(home: Path) -> Settings:
    """The demo is the same for everybody: simulated market, recorded answers, no environment, no file."""
    return told_alone({"SAGE_HOME": home, "SAGE_MODEL": "recorded", "SAGE_MODE": Mode.PAPER})


def replay_settings(home: Path, given: Settings) -> Settings:
    """What a replay of the past takes over from the settings: its sources, cash and policy, and nothing that is kept.

    Everything else is as shipped, so that the same question has the same answer whatever else is set.
    """
    return told_alone(
        {
            "SAGE_HOME": home,
            "SAGE_MARKET": given.market,
            "SAGE_NEWS": given.news_name,
            "SAGE_EVENTS": given.events,
            "SAGE_TIMEFRAME": given.timeframe,
            "SAGE_SEED": given.seed,
            "SAGE_START_CASH": given.start_cash,
            "SAGE_POLICY": given.policy,
            "SAGE_MODEL": "rules",
            "SAGE_MODE": Mode.PAPER,
        }
    )
