"""The committed transcript is what the demo prints today, but for how long it took and the ledger it wrote."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def without_times(text: str) -> str:
    flat = re.sub(r"\s+", " ", text).strip()
    return re.sub(r"ledger [0-9a-f]{12}", "ledger", re.sub(r"· \d+\.\d s ·", "· a moment ·", flat))


def test_the_demo_tells_the_story_that_is_in_the_docs(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "app", "demo"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert without_times(done.stdout) == without_times((ROOT / "docs" / "demo.txt").read_text(encoding="utf-8"))
    seen = ("filled 46", "shrink 115", "refused: bid and ask are too far apart", "block", "waits for you")
    for told in (*seen, "1 hostile, ignored"):
        assert told in done.stdout
