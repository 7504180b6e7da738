"""Where trade records and their vectors are kept: Chroma, embedded in a folder or as a server.

Two processes on one embedded folder corrupt it for good, so the first takes a file lock and a second is refused. It is
an index: the ledger holds the facts, and whatever is wrong here is mended by ``sage memory rebuild``. Chroma itself is
imported on first use, because that alone takes most of a second.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO, cast
from urllib.parse import urlsplit

import numpy as np

from domain.errors import ConfigurationError, IntegrityError, RetryableError
from memory.neighbours import Neighbours, table

if TYPE_CHECKING:
    import httpx
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

COLLECTION = "trades"
REBUILD = "Run `sage memory rebuild`; the ledger holds everything."
_TIMEOUT_S = 10.0


class Row(NamedTuple):
    """One record: its document, its place in space, and the columns it is filtered and checked by."""

    id: str
    vector: tuple[float, ...]
    document: str
    metadata: dict[str, str | int]


class Stored(NamedTuple):
    """A record as it came back."""

    document: str
    metadata: Mapping[str, Any]


class ChromaIndex:
    """Records by id in ``folder``, or on the server at ``url`` when one is named. Opened on first use."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self._folder = folder
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
        with self._translated():
            found = self._collection().get(include=["embeddings", "metadatas"])
        ids, rows = found["ids"], [(row.get("symbol"), row.get("closed")) for row in found["metadatas"] or ()]
        vectors = np.asarray(found["embeddings"], dtype=np.float32) if ids else np.empty((0, width), dtype=np.float32)
        whole = all(isinstance(symbol, str) and type(closed) is int for symbol, closed in rows)
        if not whole or vectors.shape != (len(ids), width) or not np.isfinite(vectors).all():
            raise IntegrityError(f"the trade memory in {self.place} holds rows that Sage did not write", REBUILD)
        return table(ids, [str(symbol) for symbol, _ in rows], [int(cast(int, closed)) for _, closed in rows], vectors)

    def fetch(self, ids: Sequence[str]) -> dict[str, Stored]:
        """The records of these ids; absent ones are left out."""
        if not ids:
            return {}
        with self._translated():
            found = self._collection().get(ids=list(ids), include=["documents", "metadatas"])
        rows = zip(found["ids"], found["documents"] or (), found["metadatas"] or (), strict=True)
        return {name: Stored(document, metadata) for name, document, metadata in rows}

    def put(self, rows: Sequence[Row]) -> None:
        """Store records, each in place of an earlier one of its id."""
        with self._translated():
            collection = self._collection()
            step = self._opened().get_max_batch_size()
            for start in range(0, len(rows), step):
                batch = rows[start : start + step]
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
                self._opened().delete_collection(COLLECTION)
                self._found = None
            return
        self._disconnect()
        self._own_folder()
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

    def _disconnect(self) -> None:
        if self._client is not None:
            for session in sessions(self._client) if self.shared else ():
                session.close()
            cast(Any, self._client).close()
        self._client = self._found = None

    def _collection(self) -> Collection:
        if self._found is None:
            self._found = self._opened().get_or_create_collection(COLLECTION, embedding_function=None)
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
        lock = self._folder.with_name(f"{self._folder.name}.lock").open("a")
        try:
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
        port = address.port or {"http": 80, "https": 443}[address.scheme]
    except (ValueError, KeyError):
        address, port = urlsplit(""), 0
    if not address.hostname:
        raise ConfigurationError(
            "SAGE_CHROMA_URL is no address of a Chroma server", "Write it like http://127.0.0.1:8000."
        )
    host = f"[{address.hostname}]" if ":" in address.hostname else address.hostname
    return f"{address.scheme}://{host}:{port}"


def _settings() -> Any:
    """No telemetry, and nothing from a .env file that was written for Sage."""
    from chromadb.config import Settings

    return Settings(_env_file=None, anonymized_telemetry=False, chroma_otel_collection_endpoint="")
