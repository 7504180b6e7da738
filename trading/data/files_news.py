"""News as files tell it: ``files:DIR`` with ``news/*.jsonl``, one article a line.

Fields: ``id``, ``symbols`` (a list), ``headline``, ``published_at``; and, if there, ``body``, ``source``, ``url`` and
``first_seen_at``, which is ``published_at`` otherwise and never before it. Times carry an offset, or source.toml states
the zone. Texts stay exactly as they are written. A line that cannot be used is left out and listed in ``issues``; a
file without a usable line is refused. The same article in several files keeps the symbols of all of them.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from domain.clock import in_utc
from domain.context.news import NewsArticle, SocialPost
from domain.errors import ConfigurationError, DataQualityError
from domain.market import Symbol, parse_symbol
from trading.data.files.source import files_in, read_notes
from trading.data.normalise import BrokenRule, Issue, Rule, moment

SOURCE = "files"


class FilesNews:
    """The ``NewsFeed`` port over one folder."""

    def __init__(self, directory: Path) -> None:
        zone = read_notes(directory).zone
        issues: list[Issue] = []
        found: dict[str, NewsArticle] = {}
        for path in files_in(directory, "news", (".jsonl",)):
            _merge(found, _read_file(path, zone, issues), issues)
        self._issues = tuple(issues)
        self._articles = sorted(found.values(), key=lambda article: (article.first_seen_at, article.article_id))
        self._seen = [article.first_seen_at for article in self._articles]

    @property
    def name(self) -> str:
        """``files``."""
        return SOURCE

    @property
    def issues(self) -> tuple[Issue, ...]:
        """Everything wrong or odd in the files, line by line."""
        return self._issues

    def articles(self, symbols: Sequence[Symbol], *, since: datetime, as_of: datetime) -> tuple[NewsArticle, ...]:
        """Articles first seen in (since, as_of], oldest first."""
        first, end = bisect_right(self._seen, in_utc(since)), bisect_right(self._seen, in_utc(as_of))
        wanted = set(symbols)
        return tuple(article for article in self._articles[first:end] if not wanted.isdisjoint(article.symbols))

    def posts(self, symbols: Sequence[Symbol], *, since: datetime, as_of: datetime) -> tuple[SocialPost, ...]:
        """None: files hold articles only."""
        return ()


class _Placed(NamedTuple):
    article: NewsArticle
    place: str


def _read_file(path: Path, zone: str | None, issues: list[Issue]) -> list[_Placed]:
    """The usable articles of one file; a file without any is refused with the first of its issues."""
    name = f"{path.parent.name}/{path.name}"
    found: list[_Placed] = []
    wrong: list[Issue] = []
    for line, raw in _lines(path):
        place = f"{name} line {line}"
        try:
            article, strangers = read_article(raw, zone)
        except BrokenRule as refused:
            wrong.append(refused.at(place))
            continue
        wrong += [Issue(Rule.SYMBOL, place, f"tag {tag[:40]!r} is left out", kept=True) for tag in strangers]
        found.append(_Placed(article, place))
    if not found:
        why = f": {wrong[0]}" if wrong else " and is empty"
        raise DataQualityError(f"{path} holds no usable line{why}", "Write one JSON object a line, or take it away.")
    issues += wrong
    return found


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}", "Check the file's rights.") from error
    # Bytes, cut at line feeds alone: a text's ``splitlines`` also cuts at U+2028, which JSON allows inside a string,
    # and a line that is no UTF-8 costs only itself.
    for line, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if raw.strip():
            yield line, raw


def read_article(raw: bytes, zone: str | None) -> tuple[NewsArticle, list[str]]:
    """One line as an article, with the tags that are no symbols; anything unusable raises ``BrokenRule``."""
    try:
        fields = json.loads(raw.decode("utf-8"))
    # A line of ten thousand brackets is nesting without end for the parser, and must not end the start.
    except (ValueError, RecursionError):
        raise BrokenRule(Rule.MALFORMED, "not a JSON object in UTF-8") from None
    if not isinstance(fields, dict):
        raise BrokenRule(Rule.MALFORMED, "not a JSON object")
    symbols, strangers = _tags(fields.get("symbols"))
    published = _time(fields.get("published_at"), zone)
    stated = fields.get("first_seen_at")
    # Nobody has seen an article before it was published, whatever the file says.
    seen = published if stated is None else max(published, _time(stated, zone))
    article = NewsArticle(
        article_id=_identity(fields),
        symbols=symbols,
        headline=_text(fields, "headline"),
        body=_text(fields, "body"),
        published_at=published,
        first_seen_at=seen,
        source=_text(fields, "source"),
        url=_text(fields, "url"),
    )
    if not article.text:
        raise BrokenRule(Rule.MALFORMED, "neither headline nor body")
    return article, strangers


def _identity(fields: dict[str, Any]) -> str:
    name = fields.get("id")
    # JSON's true is an int in Python and would become the id "True".
    text = str(name) if isinstance(name, int) and not isinstance(name, bool) else name
    if not isinstance(text, str) or not text.strip():
        raise BrokenRule(Rule.MALFORMED, "no id")
    return _encodable(text, "id")


def _tags(tags: object) -> tuple[tuple[Symbol, ...], list[str]]:
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise BrokenRule(Rule.MALFORMED, "symbols is not a list of texts")
    symbols: list[Symbol] = []
    strangers: list[str] = []
    for tag in tags:
        try:
            symbols.append(parse_symbol(tag))
        except DataQualityError:
            strangers.append(tag)
    return tuple(dict.fromkeys(symbols)), strangers


def _time(text: object, zone: str | None) -> datetime:
    at = moment(text, zone).at if isinstance(text, str) else None
    if at is None:
        raise BrokenRule(Rule.TIME, f"{text!r:.40} where a time with its day is needed")
    return at


def _text(fields: dict[str, Any], key: str) -> str:
    text = fields.get(key)
    if text is not None and not isinstance(text, str):
        raise BrokenRule(Rule.MALFORMED, f"{key} is not a text")
    return _encodable(text or "", key)


def _encodable(text: str, key: str) -> str:
    """The same text; half of a surrogate pair has no UTF-8 and could be neither stored nor hashed."""
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise BrokenRule(Rule.MALFORMED, f"{key} holds half a character")
    return text


def _merge(found: dict[str, NewsArticle], placed: Sequence[_Placed], issues: list[Issue]) -> None:
    """One article an id: the same text, seen at the same time, joins its symbols; anything else is left out."""
    for article, place in placed:
        known = found.setdefault(article.article_id, article)
        if known is article:
            continue
        # Which of two texts under one id is right nobody can tell; the first stays, because it may have been read
        # already.
        if (known.text, known.first_seen_at) != (article.text, article.first_seen_at):
            issues.append(Issue(Rule.CONFLICT, place, f"id {article.article_id[:40]} with another text or time"))
            continue
        issues.append(Issue(Rule.DUPLICATE, place, f"id {article.article_id[:40]}"))
        symbols = tuple(dict.fromkeys((*known.symbols, *article.symbols)))
        found[article.article_id] = replace(known, symbols=symbols)
