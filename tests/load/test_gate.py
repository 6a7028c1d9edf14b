import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from scalebook.load.gate import Gate, Seat
from scalebook.services.access import Access
from scalebook.services.postgres_access import PostgresAccess
from scalebook.services.redis import RedisAccess
from scalebook.services.rundir import RunDirectory


class Desk:
    """A gate with one seat, a client thread behind it, and polling until something is so."""

    def __init__(self, access: Access, directory: Path) -> None:
        self.gate, self.seat = Gate(), Seat(0)
        self.gate.seat(self.seat, access, access.listen_path(directory))
        self.results: list[object] = []

    def do(self, action: Callable[[], object]) -> None:
        def work() -> None:
            self.results.append(action())

        self.seat.state = "thinking"
        threading.Thread(target=work, daemon=True).start()

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not condition():
            self.gate.poll(0.01)
            assert time.monotonic() < deadline


def test_a_command_is_held_until_it_may_go(cache: RedisAccess, run: RunDirectory) -> None:
    directory = run.folder("gate", as_engine=False)
    desk = Desk(cache, directory)
    client = cache.through(directory).connect()
    desk.do(client.ping)
    desk.until(lambda: desk.results == [True])
    desk.gate.open = False
    desk.do(lambda: client.incr("held"))
    desk.until(lambda: desk.seat.state == "pending")
    assert cache.connect().get("held") is None
    desk.gate.forward(desk.seat)
    desk.until(lambda: desk.seat.state != "sent")
    desk.until(lambda: len(desk.results) == 2)
    assert desk.results[1] == 1
    desk.gate.close()


def test_the_greeting_of_a_database_passes_and_names_its_backend(
    stock: PostgresAccess, run: RunDirectory
) -> None:
    directory = run.folder("gate", as_engine=False)
    desk = Desk(stock, directory)
    desk.gate.open = False
    led = stock.through(directory)
    desk.do(lambda: desk.results.append(led.connect(autocommit=True)))
    desk.until(lambda: len(desk.results) == 2)
    connection = next(result for result in desk.results if result is not None)
    (line,) = desk.seat.lines
    assert line.backend == connection.info.backend_pid  # type: ignore[attr-defined]
    desk.do(connection.close)  # type: ignore[attr-defined]
    desk.until(lambda: desk.seat.lines == [])
    desk.gate.close()


def test_a_client_whose_engine_breaks_off_is_not_waited_for(
    cache: RedisAccess, run: RunDirectory
) -> None:
    directory = run.folder("gate", as_engine=False)
    desk = Desk(cache, directory)
    client = cache.through(directory).connect(client_name="victim")
    desk.do(client.ping)
    desk.until(lambda: desk.results == [True])
    desk.gate.open = False

    def attempt() -> object:
        with pytest.raises(redis.ConnectionError):
            client.blpop(["never"])
        return "broke off"

    desk.do(attempt)
    desk.until(lambda: desk.seat.state == "pending")
    desk.gate.forward(desk.seat)
    admin = cache.connect()
    (victim,) = [c for c in admin.client_list() if c["name"] == "victim"]
    admin.client_kill_filter(_id=victim["id"])
    desk.until(lambda: desk.results[1:] == ["broke off"])
    assert desk.seat.state == "thinking"
    desk.gate.close()
