"""Peers in environments of their own, by name, so that none of their packages meets ours.

    uv venv benchmarks/.peers/nautilus_trader
    uv pip install --python benchmarks/.peers/nautilus_trader nautilus_trader "pandas<3"

A peer's script lies in ``benchmarks/peers/``, is run by that environment's interpreter and prints one JSON object.
"""

from __future__ import annotations

import json
import subprocess
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1]
LONGEST_S = 60


def takes_peers(parser: ArgumentParser) -> None:
    """Let the caller say where the environments are."""
    parser.add_argument("--peers", type=Path, default=HERE / ".peers", metavar="DIR", help="environments by peer name")


def interpreter(folder: Path, name: str) -> Path | None:
    """The Python of a peer's environment, or None where it is not installed."""
    places = (folder / name / "bin" / "python", folder / name / "Scripts" / "python.exe")
    # Not resolved: the link into the environment is what makes its interpreter see its packages.
    return next((place.absolute() for place in places if place.exists()), None)


def run_peer(python: Path, script: str, words: Sequence[str] = ()) -> dict[str, Any]:
    """What a peer's script printed last; raises CalledProcessError where it failed."""
    command = [str(python), str(HERE / "peers" / script), *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=LONGEST_S)
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer
