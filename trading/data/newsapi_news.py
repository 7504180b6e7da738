"""News from NewsAPI through newsapi-python.

NewsAPI tags nothing with symbols: it is asked for the names a symbol goes by, and an article is about every symbol of
which a name stands in it (``mentioned``). Its free plan is delayed by a day and for development only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from domain.clock import parse_time
from domain.context.news import NewsArticle, SocialPost
from domain.errors import DataQualityError, OversightError, SourceUnavailable
from domain.ids import derive
from domain.market import Symbol
from domain.ports import Clock
from trading.data.vendors.news_text import (
    Batch,
    Names,
    Sightings,
    kept,
    known_names,
    mentioned,
    plain_text,
    shown,
    sort_out,
)
from trading.data.vendors.wire import LATER, MISREAD, PATIENCE, Patience, Vendor, bounded_session

if TYPE_CHECKING:
    from requests import Response, Session

T = TypeVar("T")
SOURCE = "newsapi"
NEWSAPI = Vendor("NewsAPI", "NEWSAPI_KEY", "NEWSAPI_BASE_URL")
HOME = "https://newsapi.org"
LONGEST_QUERY = 480
"""Characters; NewsAPI takes 500."""

# The most that NewsAPI gives at once, and its free plan no second page.
PAGE = 100
# NewsAPI's own codes, in the body of the answer. ``apiKeyExhausted`` is the daily quota: a new key does not mend it,
# waiting does.
_KEY_CODES = {"apiKeyDisabled", "apiKeyInvalid", "apiKeyMissing"}
_BUSY_CODES = {"apiKeyExhausted", "rateLimited", "unexpectedError"}


@dataclass(frozen=True, slots=True)
class NewsApiConfig:
    """Key, address, language and the names that texts call the companies by."""

    key: str = field(repr=False)
    names: Names = field(default_factory=dict)
    base_url: str = HOME
    language: str = "en"
    patience: Patience = PATIENCE


class Relocated:
    """What newsapi-python asks of a session, sent to another address: its own is a constant of its module."""

    def __init__(self, session: Session, base_url: str) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")

    def get(self, url: str, **options: Any) -> Response:
        """The request at our address, with our timeout in place of the client's 30 seconds.

        A refused key or a broken server is told here: the client passes the body on, but not the status.
        """
        response = self._session.get(f"{self._base_url}{url.removeprefix(HOME)}", **options)
        if response.status_code in (401, 403, 429) or response.status_code >= 500:
            raise NEWSAPI.refusal(response.status_code)
        return response


def news_client(config: NewsApiConfig) -> Any:
    """A ``NewsApiClient`` at our address."""
    from newsapi import NewsApiClient

    if not config.key:
        raise NEWSAPI.without_key()
    return NewsApiClient(api_key=config.key, session=Relocated(bounded_session(config.patience), config.base_url))


def queries(names: Names) -> Iterator[str]:
    """``"Apple" OR "AAPL" OR ...`` in as few questions as their length allows."""
    query = ""
    for word in (word for words in names.values() for word in words):
        # A quotation mark inside a name would end the phrase and make operators of the rest.
        term = '"' + word.replace('"', "") + '"'
        longer = f"{query} OR {term}" if query else term
        # ``and query``: a single name that is too long is asked for all the same, and NewsAPI says so.
        if len(longer) > LONGEST_QUERY and query:
            yield query
            longer = term
        query = longer
    if query:
        yield query


def parse_article(raw: Mapping[str, Any], names: Names) -> NewsArticle:
    """An article of ``{"title", "description", "content", "publishedAt", "url", "source": {"name"}}``."""
    headline = plain_text(raw["title"])
    description, content = plain_text(raw.get("description")), plain_text(raw.get("content"))
    # The content usually begins with the description and is cut off after 200 characters; told twice, it would count
    # twice.
    body = content if description and content.startswith(description) else f"{description}\n{content}".strip()
    published_at = parse_time(raw["publishedAt"], name="publishedAt")
    source, url = raw.get("source"), str(raw.get("url") or "")
    return NewsArticle(
        # NewsAPI gives no id: an article is named by its address and the time of its publication.
        article_id=derive(SOURCE, url or headline, published_at),
        symbols=mentioned(f"{headline}\n{body}", names),
        headline=headline,
        body=body,
        published_at=published_at,
        first_seen_at=published_at,
        source=str(source.get("name") or SOURCE) if isinstance(source, dict) else SOURCE,
        url=url,
    )


def parse_articles(raw: object, names: Names) -> Batch:
    """All articles of an answer ``{"status": "ok", "articles": [...]}``."""
    if not isinstance(raw, dict) or not isinstance(raw.get("articles"), list):
        raise NEWSAPI.garbage("no list of articles")
    return sort_out(raw["articles"], partial(parse_article, names=names), NEWSAPI.name)


def ask(question: Callable[[], T]) -> T:
    """Ask, read the answer, and translate whatever newsapi-python, requests or a strange answer raises."""
    from newsapi.newsapi_exception import NewsAPIException
    from requests.exceptions import RequestException

    try:
        return question()
    except (NewsAPIException, RequestException, *MISREAD) as error:
        raise translated(error) from error


def translated(error: Exception) -> OversightError:
    """The error of ours. NewsAPI's own carry the answer's body, of which the code alone is believed."""
    from newsapi.newsapi_exception import NewsAPIException

    if not isinstance(error, NewsAPIException):
        return NEWSAPI.failure(error)
    body = error.get_exception()
    code = body.get("code") if isinstance(body, dict) else None
    if code in _KEY_CODES:
        return NEWSAPI.refusal(401)
    if code in _BUSY_CODES:
        return SourceUnavailable(f"NewsAPI does not answer now ({code})", LATER)
    # The rest of the body is text from outside and may repeat the key; a code of letters can carry neither.
    if isinstance(code, str) and code.isascii() and code.isalpha():
        return DataQualityError(f"NewsAPI does not take this question ({code[:40]})", "Its plan may not reach so far.")
    return NEWSAPI.refusal(None)


class NewsApiNews:
    """The ``NewsFeed`` port over NewsAPI's search."""

    def __init__(self, config: NewsApiConfig, clock: Clock) -> None:
        self._config = config
        self._client = news_client(config)
        self._sightings = Sightings(clock)

    @property
    def name(self) -> str:
        """``newsapi``."""
        return SOURCE

    def articles(self, symbols: Sequence[Symbol], *, since: datetime, as_of: datetime) -> tuple[NewsArticle, ...]:
        """Articles first seen in (since, as_of] that name one of ``symbols``, at most the newest 100 a query."""
        if since >= as_of:
            return ()
        names = known_names(symbols, self._config.names)
        found = (article for query in queries(names) for article in self._search(query, names, since, as_of))
        return shown(
            (self._sightings.dated(each, as_of) for each in found if each.symbols and each.published_at <= as_of),
            since=since,
            as_of=as_of,
        )

    def posts(self, symbols: Sequence[Symbol], *, since: datetime, as_of: datetime) -> tuple[SocialPost, ...]:
        """NewsAPI has no posts."""
        return ()

    def _search(self, query: str, names: Names, since: datetime, as_of: datetime) -> Iterable[NewsArticle]:
        batch = ask(
            lambda: parse_articles(
                self._client.get_everything(
                    q=query,
                    # newsapi-python writes a time without its zone, and NewsAPI reads it as UTC.
                    from_param=since.astimezone(UTC),
                    to=as_of.astimezone(UTC),
                    language=self._config.language,
                    sort_by="publishedAt",
                    page_size=PAGE,
                ),
                names,
            )
        )
        return kept(batch, NEWSAPI.name)
