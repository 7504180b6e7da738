"""The two server fixtures hand out a database of this session's own, and a store that keeps what is put into it."""

import psycopg
import redis


def test_the_database_is_this_sessions_own(postgres_url):
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TEMPORARY TABLE kept (name text)")
        connection.execute("INSERT INTO kept VALUES (current_database())")
        rows = connection.execute("SELECT name FROM kept").fetchall()
    assert [name.startswith("sage_test_") for (name,) in rows] == [True]


def test_the_store_keeps_what_is_put_into_it(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        client.set("test_servers", "kept")
        assert client.getdel("test_servers") == b"kept"
