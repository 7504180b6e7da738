"""Company news of ../shared/data/news/finnhub_2025 as the articles of a ``files:`` folder: fields renamed only."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.converters.prices import SHARED

FINNHUB = SHARED / "news" / "finnhub_2025"


def convert_finnhub(target: Path, symbols: Iterable[str]) -> Path:
    """Write the news of the symbols below ``target``, whose source.toml states UTC; returns it."""
    (target / "news").mkdir(parents=True, exist_ok=True)
    (target / "source.toml").write_text('zone = "UTC"\n', encoding="utf-8")
    for symbol in symbols:
        lines = (FINNHUB / f"{symbol}.jsonl").read_text(encoding="utf-8").split("\n")
        converted = [json.dumps(article(json.loads(line))) for line in lines if line.strip()]
        (target / "news" / f"{symbol}.jsonl").write_text("\n".join(converted), encoding="utf-8")
    return target


def article(item: dict[str, Any]) -> dict[str, Any]:
    """One item in our fields, tagged with the company it was fetched for and those it names; some came by Polygon."""
    named = item.get("related_symbols", item.get("tickers", []))
    return {
        "id": item["id"],
        "symbols": [item["symbol"], *(each for each in named if each != item["symbol"])],
        "headline": item["title"],
        "body": item["description"],
        "published_at": item["published_utc"],
        "source": item.get("source") or item["publisher"]["name"],
        "url": item.get("url") or item["article_url"],
    }
