"""What every test starts from: a clean environment, this machine only, repeatable properties, servers on request."""

import os
import shutil
import socket
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pytest
import redis
from hypothesis import settings

from tests.builders.tally import COUNTS, page

OURS_AND_VENDORS = ("SAGE_", "OPENAI_", "APCA_", "TELEGRAM_", "NEWSAPI_", "FRED_", "LANGSMITH_", "LANGCHAIN_")
POSTGRES = "postgresql://postgres@127.0.0.1:5432"
REDIS = "redis://127.0.0.1:6379/15"
SERVER_FIXTURES = {"postgres_url": "postgres", "redis_url": "redis"}

# Every run tries the same examples; `--hypothesis-profile=search` looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None, database=None, print_blob=True)
settings.register_profile("search", deadline=None, max_examples=2_000, print_blob=True)
settings.register_profile("proofs", derandomize=True, deadline=None, database=None, print_blob=True)
settings.load_profile("same")

MEMORY = Path("/dev/shm")
ROOM = 4 * 1024**3
# SQLite has the disk confirm every commit, some ms each, and no test cuts the power: what a killed process has written
# is there in memory too. A container that gives it little room has its folders where they always are.
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Tell what ``make proofs`` has tried, and keep it as a page where nothing failed."""
    if not COUNTS or settings.get_current_profile_name() != "proofs":
        return
    terminalreporter.section("proofs")
    terminalreporter.write_line("\n".join(page()))
    if not terminalreporter.stats.get("failed") and not terminalreporter.stats.get("error"):
        (Path(config.rootpath) / "docs" / "proofs.md").write_text("\n".join((*page(), "")), encoding="utf-8")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark a test by the servers it asks for, so that `-m "not postgres"` leaves it out."""
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in SERVER_FIXTURES:
                item.add_marker(SERVER_FIXTURES[fixture])


@pytest.fixture(autouse=True, scope="session")
def clean_environment() -> Iterator[None]:
    """No key, address or mode of the person who runs the tests reaches them."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(OURS_AND_VENDORS)}
    yield
    os.environ.update(kept)


@pytest.fixture(autouse=True, scope="session")
def names_of_this_machine_only() -> Iterator[None]:
    """pytest-socket stops connections; this stops the look-ups before them, between tests too."""
    true_getaddrinfo = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if not is_this_machine(name):
            raise RuntimeError(f"a test asked for the address of {name!r}: tests talk to this machine only")
        return true_getaddrinfo(host, *args, **kwargs)

    socket.getaddrinfo = getaddrinfo
    yield
    socket.getaddrinfo = true_getaddrinfo


def is_this_machine(name: str | None) -> bool:
    if not name or name == "localhost":
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database of its own for this session, dropped at its end."""
    name = f"sage_test_{os.getpid()}"
    try:
        admin = psycopg.connect(f"{POSTGRES}/postgres", autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        missing(f"no PostgreSQL at {POSTGRES}: {error}")
    with admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name}")
        # For the same reason: a killed client loses nothing by a server that writes its log a little later.
        admin.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        yield f"{POSTGRES.replace('://', '+psycopg://')}/{name}"
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The last of the server's sixteen databases, emptied before and after this session."""
    with redis.Redis.from_url(REDIS, socket_connect_timeout=3) as client:
        try:
            client.flushdb()
        except redis.ConnectionError as error:
            missing(f"no Redis at {REDIS}: {error}")
        yield REDIS
        client.flushdb()


def missing(reason: str) -> NoReturn:
    """Where the servers are promised, their absence is a failure, never a quiet skip."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
