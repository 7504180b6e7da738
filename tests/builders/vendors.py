"""What vendors send, in their own wire formats, with invented content."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.context.news import NewsArticle
from domain.market import Symbol
from trading.data.vendors.wire import Patience

PAYLOADS = Path(__file__).parents[1] / "payloads"
RECORDED = Path(__file__).parents[3] / "shared" / "data"
"""Real payloads and feeds, outside of the repository; tests that read them are skipped where they are not."""

DAY = timedelta(days=1)
OPENING = datetime(2026, 3, 16, 13, 30, tzinfo=UTC)
NOW = datetime(2026, 3, 17, 15, 0, tzinfo=UTC)
PATIENT = Patience(connect_s=5.0, read_s=10.0, retries=1, pause_s=0.0)
HELD = Patience(connect_s=5.0, read_s=0.3, retries=1, pause_s=0.0, whole_s=0.6)
"""For a server that hangs or drips on purpose: nothing comes from it, however long it is waited for."""
DRIPS = ("drip", "drip_headers")
"""Moods in which a server is never silent and never done; without a deadline it holds whoever asks for 20 s."""
AAPL, MSFT = Symbol("AAPL"), Symbol("MSFT")


def patience_with(mood: object) -> Patience:
    """As long as a busy machine may need, but for a server that holds on purpose."""
    return HELD if mood in ("hang", *DRIPS) else PATIENT


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / name).read_text(encoding="utf-8"))


def recorded(path: str) -> list[dict[str, Any]]:
    """The rows of a JSONL file of real payloads."""
    file = RECORDED / path
    if not file.exists():
        pytest.skip(f"{file} is not there: real payloads are not part of the repository")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def an_alpaca_bar(at: datetime = NOW - DAY, close: float = 101.5, **changes: Any) -> dict[str, Any]:
    row = {"t": stamp(at), "o": 100.25, "h": close + 1, "l": 99.125, "c": close, "v": 12345, "n": 50, "vw": 100.9}
    return row | changes


def an_alpaca_quote(at: datetime = NOW, bid: float = 101.4, ask: float = 101.6, **changes: Any) -> dict[str, Any]:
    row = {"t": stamp(at), "bp": bid, "bs": 3, "ap": ask, "as": 4, "bx": "V", "ax": "V", "c": ["R"], "z": "C"}
    return row | changes


def an_alpaca_trade(at: datetime = NOW, price: float = 101.5, **changes: Any) -> dict[str, Any]:
    return {"t": stamp(at), "p": price, "s": 100, "x": "V", "c": ["@"], "i": 1, "z": "C"} | changes


def an_alpaca_asset(symbol: str = "AAPL", **changes: Any) -> dict[str, Any]:
    row = {
        "id": "00000000-0000-4000-8000-000000000001", "class": "us_equity", "exchange": "NASDAQ", "symbol": symbol,
        "name": f"{symbol} Orchard Corp.", "status": "active", "tradable": True, "shortable": True,
        "easy_to_borrow": True, "fractionable": True,
    }  # fmt: skip
    return row | changes


def an_alpaca_article(
    number: int = 1, at: datetime = NOW - DAY, updated: datetime | None = None, **changes: Any
) -> dict[str, Any]:
    row = {
        "id": number, "headline": f"Orchard news number {number}", "author": "A. Writer", "source": "benzinga",
        "summary": "In short.", "content": f"<p>The orchard &amp; its <b>harvest</b> number {number}.</p>",
        "created_at": stamp(at), "updated_at": stamp(updated or at), "symbols": ["AAPL"], "images": [],
        "url": f"https://news.example/{number}",
    }  # fmt: skip
    return row | changes


def a_newsapi_article(number: int = 1, at: datetime = NOW - DAY, **changes: Any) -> dict[str, Any]:
    row = {
        "source": {"id": None, "name": "The Example"}, "author": None, "title": f"Apple tells story number {number}",
        "description": "A short one.", "content": "A short one. And more… [+123 chars]", "urlToImage": None,
        "url": f"https://news.example/{number}", "publishedAt": stamp(at),
    }  # fmt: skip
    return row | changes


def an_rss_item(number: int = 1, at: datetime | None = NOW - DAY, title: str = "", text: str = "") -> str:
    date = f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate>" if at else ""
    return (
        f"<item><title>{title or f'Apple tells story number {number}'}</title><guid>item-{number}</guid>"
        f"<link>https://news.example/{number}</link><description>{text or 'A short one.'}</description>{date}</item>"
    )


def an_rss_feed(*items: str) -> bytes:
    head = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>The Example</title>'
    return f"{head}{''.join(items)}</channel></rss>".encode()


def a_chart(
    starts: Sequence[datetime], closes: Sequence[float | None], *, interval: str = "1d", events: Any = None, **meta: Any
) -> dict[str, Any]:
    """A chart answer of Yahoo; each bar opens one below, and spans two around, its close."""
    columns = {name: [None if c is None else c + by for c in closes] for name, by in _AROUND.items()}
    columns["volume"] = [None if c is None else 1000 + place for place, c in enumerate(closes)]
    series: dict[str, Any] = {"quote": [columns]}
    if interval == "1d":
        series["adjclose"] = [{"adjclose": list(closes)}]
    about = {
        "currency": "USD", "symbol": "AAPL", "instrumentType": "EQUITY", "exchangeTimezoneName": "America/New_York",
        "timezone": "EDT", "gmtoffset": -14400, "longName": "Orchard Corp.", "dataGranularity": interval, "range": "",
        "priceHint": 2, "regularMarketTime": int(NOW.timestamp()), "regularMarketPrice": 101.5,
        "validRanges": ["1d", "5d", "1mo", "max"], "currentTradingPeriod": _periods(NOW),
        "tradingPeriods": [[_periods(at)["regular"]] for at in {at.date(): at for at in starts}.values()],
    }  # fmt: skip
    result = {"meta": about | meta, "timestamp": [int(at.timestamp()) for at in starts], "indicators": series}
    return {"chart": {"result": [result | ({"events": events} if events else {})], "error": None}}


_AROUND = {"open": -1.0, "high": 2.0, "low": -2.0, "close": 0.0}


def _periods(at: datetime) -> dict[str, Any]:
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    hours = {"pre": (8, 13.5), "regular": (13.5, 20), "post": (20, 24)}
    return {
        name: {
            "timezone": "EDT", "gmtoffset": -14400,
            "start": int((day + timedelta(hours=a)).timestamp()), "end": int((day + timedelta(hours=b)).timestamp()),
        }
        for name, (a, b) in hours.items()
    }  # fmt: skip


def an_article(number: int = 1, at: datetime = NOW, **changes: Any) -> NewsArticle:
    fields: dict[str, Any] = {
        "article_id": f"a-{number}", "symbols": (AAPL,), "headline": f"Story {number}", "body": "", "published_at": at,
        "first_seen_at": at, "source": "test", "url": "",
    }  # fmt: skip
    return NewsArticle(**(fields | changes))
