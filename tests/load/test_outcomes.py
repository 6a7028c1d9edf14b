import psycopg
import pytest
import redis

from scalebook.load.outcomes import classify, describe
from scalebook.services.postgres_access import PostgresAccess
from scalebook.services.redis import RedisAccess


@pytest.mark.parametrize(
    "error, outcome",
    [
        (psycopg.OperationalError("server closed the connection unexpectedly"), "unknown"),
        (psycopg.errors.AdminShutdown("terminating"), "unknown"),
        (psycopg.errors.ConnectionFailure("lost"), "unknown"),
        (psycopg.errors.QueryCanceled("statement timeout"), "failed"),
        (psycopg.errors.SerializationFailure("could not serialize"), "failed"),
        (psycopg.errors.LockNotAvailable("lock timeout"), "failed"),
        (redis.ConnectionError("reset"), "unknown"),
        (redis.TimeoutError("slow"), "unknown"),
        (redis.BusyLoadingError("loading"), "failed"),
        (redis.WatchError("changed"), "failed"),
        (ConnectionResetError(), "unknown"),
        (TimeoutError(), "unknown"),
        (ValueError("sold out"), "failed"),
    ],
)
def test_an_answer_is_a_failure_and_a_lost_answer_is_unknown(
    error: Exception, outcome: str
) -> None:
    assert classify(error) == outcome


def test_errors_of_a_real_database_are_failures_with_their_state(stock: PostgresAccess) -> None:
    with stock.connect(autocommit=True) as db, pytest.raises(psycopg.Error) as raised:
        db.execute("INSERT INTO stock VALUES (1, 1)")
    assert classify(raised.value) == "failed"
    assert "UniqueViolation [23505]" in describe(raised.value)


def test_errors_of_a_real_redis_are_failures(cache: RedisAccess) -> None:
    client = cache.connect()
    client.set("text", "x")
    with pytest.raises(redis.ResponseError) as raised:
        client.incr("text")
    assert classify(raised.value) == "failed"


def test_a_description_is_one_line_of_at_most_200_characters() -> None:
    text = describe(ValueError("long\n" * 100))
    assert len(text) == 200
    assert "\n" not in text
