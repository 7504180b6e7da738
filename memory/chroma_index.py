"""Where trade records and their vectors are kept: Chroma, embedded in a folder or as a server.

Two processes on one embedded folder corrupt it for good, so the first takes a file lock and a second is refused. It is
an index: the ledger holds the facts, and whatever is wrong here is mended by ``sage memory rebuild``. Chroma itself is
imported on first use, because that alone takes most of a second.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast
from urllib.parse import urlsplit

import numpy as np

from domain.errors import ConfigurationError, IntegrityError, RetryableError
from memory.index import REBUILD, Row, StoredRow, checked_columns
from memory.neighbours import Neighbours

if TYPE_CHECKING:
    import httpx
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection
    from chromadb.api.types import GetResult

_TIMEOUT_S = 10.0
PAGE = 5_000
"""Records asked for or told at once. Chroma names each in a question of SQLite, which takes 32,766 names, and it takes
5,461 itself."""


class ChromaIndex:
    """Records by id in ``folder``, or on the server at ``url`` when one is named. Opened on first use.

    Vectors of two embeddings must never meet in one search, so each ``version`` has a collection of its own; after a
    change the new one starts empty and is filled from the ledger.
    """

    def __init__(self, folder: Path, url: str = "", *, version: str, page: int = PAGE) -> None:
        self._folder = folder
        self._name = f"trades-{version}"
        self._page = page
        self._url = server_address(url) if url else ""
        self._lock: TextIO | None = None
        self._client: ClientAPI | None = None
        self._found: Collection | None = None

    @property
    def shared(self) -> bool:
        """True where other processes may write too."""
        return bool(self._url)

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return self._url or str(self._folder)

    def count(self) -> int:
        """How many records there are."""
        with self._translated():
            return self._collection().count()

    def columns(self, width: int) -> Neighbours:
        """Ids, symbols, closing times and vectors of all records; raises IntegrityError for rows of another make."""
        pages = tuple(page for page in self._pages() if page["ids"])
        ids = [name for page in pages for name in page["ids"]]
        parts = [np.asarray(page["embeddings"], dtype=np.float32) for page in pages]
        vectors = np.concatenate(parts) if parts else np.empty((0, width), dtype=np.float32)
        if vectors.shape != (len(ids), width):
            raise IntegrityError(f"the trade memory in {self.place} holds rows that Sage did not write", REBUILD)
        # Pages are read one after the other: what is written between two of them moves rows from one to the next.
        if len(set(ids)) < len(ids):
            raise RetryableError("the trade memory changed while it was read", "The next cycle reads it again.")
        metadata = [row for page in pages for row in page["metadatas"] or ()]
        return checked_columns(ids, metadata, vectors, self.place)

    def fetch(self, ids: Sequence[str]) -> dict[str, StoredRow]:
        """The records of these ids; absent ones are left out."""
        found: dict[str, StoredRow] = {}
        for start in range(0, len(ids), self._page):
            with self._translated():
                wanted = list(ids[start : start + self._page])
                page = self._collection().get(ids=wanted, include=["documents", "metadatas"])
            rows = zip(page["ids"], page["documents"] or (), page["metadatas"] or (), strict=True)
            found.update((name, StoredRow(document, metadata)) for name, document, metadata in rows)
        return found

    def put(self, rows: Sequence[Row]) -> None:
        """Store records, each in place of an earlier one of its id."""
        with self._translated():
            collection = self._collection()
            for start in range(0, len(rows), self._page):
                batch = rows[start : start + self._page]
                collection.upsert(
                    ids=[row.id for row in batch],
                    embeddings=np.array([row.vector for row in batch], dtype=np.float32),
                    documents=[row.document for row in batch],
                    metadatas=[row.metadata for row in batch],
                )

    def wipe(self) -> None:
        """Delete everything, also what cannot be read any more."""
        if self.shared:
            with self._translated():
                self._collection()
                self._opened().delete_collection(self._name)
                self._found = None
            return
        self._disconnect()
        self._own_folder()
        # Deleted as files and not through Chroma, which may not be able to open it any more; that is when one rebuilds.
        if self._folder.is_dir():
            shutil.rmtree(self._folder)
        else:
            self._folder.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the folder or the server; the next use opens it again."""
        self._disconnect()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _pages(self) -> Iterator[GetResult]:
        """Everything, page by page; the last may be empty."""
        for start in range(0, 1 << 31, self._page):
            with self._translated():
                page = self._collection().get(limit=self._page, offset=start, include=["embeddings", "metadatas"])
            yield page
            if len(page["ids"]) < self._page:
                return

    def _disconnect(self) -> None:
        if self._client is not None:
            for session in sessions(self._client) if self.shared else ():
                session.close()
            cast(Any, self._client).close()
        self._client = self._found = None

    def _collection(self) -> Collection:
        if self._found is None:
            # ``embedding_function=None``: Chroma's default downloads a model at the first use.
            self._found = self._opened().get_or_create_collection(self._name, embedding_function=None)
        return self._found

    def _opened(self) -> ClientAPI:
        if self._client is None:
            if not self.shared:
                self._own_folder()
            self._client = connect(self._url) if self.shared else open_folder(self._folder)
        return self._client

    def _own_folder(self) -> None:
        if self._lock is not None:
            return
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        # Beside the folder and not in it: ``wipe`` removes the folder while the lock is held.
        lock = self._folder.with_name(f"{self._folder.name}.lock").open("a")
        try:
            # The kernel lets go of it with the process, so a crash leaves nothing to clear away.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.close()
            raise RetryableError(
                f"the trade memory in {self._folder} belongs to another running Sage",
                "Wait for it or stop it, or share a Chroma server by SAGE_CHROMA_URL.",
            ) from error
        self._lock = lock

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Vendor errors in our words; whatever was open is opened afresh by the next call."""
        from chromadb.errors import ChromaError
        from httpx import HTTPError

        try:
            yield
        except (ChromaError, HTTPError, ValueError, OSError) as error:
            self._disconnect()
            reason = " ".join(str(error).split())[:160] or type(error).__name__
            if self.shared:
                raise RetryableError(
                    f"the trade memory at {self._url} does not answer: {reason}", "Look at the Chroma server."
                ) from error
            raise IntegrityError(f"the trade memory in {self._folder} cannot be read: {reason}", REBUILD) from error


def open_folder(folder: Path) -> ClientAPI:
    """An embedded Chroma that reports to nobody."""
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.errors import ChromaError

    try:
        return chromadb.PersistentClient(path=str(folder), settings=_settings())
    except ChromaError:
        # A failed start stays cached under its path and would be handed out, half made, to the next caller.
        SharedSystemClient.clear_system_cache()
        raise


def connect(url: str) -> ClientAPI:
    """A client of the Chroma server at ``url``, which ``server_address`` has checked."""
    import chromadb
    import httpx

    # The client sets no time limit, from its constructor on: first see that somebody answers.
    httpx.get(f"{url}/api/v2/heartbeat", timeout=_TIMEOUT_S).raise_for_status()
    address = urlsplit(url)
    client = chromadb.HttpClient(
        host=address.hostname or "", port=address.port or 0, ssl=address.scheme == "https", settings=_settings()
    )
    for session in sessions(client):
        session.timeout = httpx.Timeout(_TIMEOUT_S)
    return client


def sessions(client: ClientAPI) -> tuple[httpx.Client, ...]:
    """The connections of a server's client, which it neither limits in time nor closes itself."""
    own = cast(Any, client)
    return own._server._session, own._admin_client._server._session


def server_address(url: str) -> str:
    """``https://host`` -> ``https://host:443``; raises ConfigurationError for an address that is none."""
    try:
        address = urlsplit(url)
        # A port that is no number is a ValueError of urlsplit, a scheme that is none a KeyError.
        port = address.port or {"http": 80, "https": 443}[address.scheme]
    except (ValueError, KeyError):
        address, port = urlsplit(""), 0
    if not address.hostname:
        raise ConfigurationError(
            "SAGE_CHROMA_URL is no address of a Chroma server", "Write it like http://127.0.0.1:8000."
        )
    # urlsplit takes the brackets of an IPv6 address off.
    host = f"[{address.hostname}]" if ":" in address.hostname else address.hostname
    return f"{address.scheme}://{host}:{port}"


def _settings() -> Any:
    """No telemetry, and nothing from a .env file that was written for Sage."""
    from chromadb.config import Settings

    return Settings(_env_file=None, anonymized_telemetry=False, chroma_otel_collection_endpoint="")
