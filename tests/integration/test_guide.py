"""The what-if example of the operating guide, as a reader would copy it."""

from io import BytesIO
from pathlib import Path

from interfaces.telling.gating import answers

GUIDE = Path(__file__).parents[2] / "docs" / "operating.md"


def test_the_example_passes_the_small_order_and_refuses_the_large_one():
    cases = GUIDE.read_text(encoding="utf-8").partition("cat > cases.jsonl <<'END'\n")[2].partition("END\n")[0]
    found = [(each.id, each.verdict.value, each.codes) for each in answers(BytesIO(cases.encode()))]
    assert found == [("small", "PASS", ()), ("large", "DENY", ("ORDER_NOTIONAL",))]
