"""The examples of the operating guide, as a reader would copy them."""

import re
import tomllib
from io import BytesIO
from pathlib import Path

from interfaces.telling.gates.gating import answers
from settings.paper_venue import PaperVenueSettings
from tests.builders.runtime import sage

GUIDE = Path(__file__).parents[2] / "docs" / "operating.md"


def test_the_example_passes_the_small_order_and_refuses_the_large_one():
    cases = GUIDE.read_text(encoding="utf-8").partition("cat > cases.jsonl <<'END'\n")[2].partition("END\n")[0]
    found = [(each.id, each.verdict.value, each.codes) for each in answers(BytesIO(cases.encode()))]
    assert found == [("small", "PASS", ()), ("large", "DENY", ("ORDER_NOTIONAL",))]


def test_the_paper_venue_of_the_guide_is_one_and_the_doctor_tells_it(tmp_path):
    _, _, section = GUIDE.read_text(encoding="utf-8").partition("## The paper venue\n")
    example = section.partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "sage.toml").write_text(example, encoding="utf-8")
    ran = sage("--home", "home", "doctor", "--json", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "volatility slippage, factor 0.8" in ran.stdout
    assert "shorts of 500 shares a symbol at most" in ran.stdout
    # Every key that a venue has is in the table below the example, and nothing else is.
    table = section.partition("## ")[0]
    told = set(re.findall(r"`([a-z_]+)(?: = |`)", table)) - {"rejected"}
    usual = {"commission_per_share", "commission_minimum", "slippage_bp"}
    assert told == (PaperVenueSettings.model_fields.keys() | usual) - {"start_cash"}
    assert tomllib.loads(example)["brokers"]["paper"].keys() <= told
