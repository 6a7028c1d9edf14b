"""A lab's programs: started, served, killed, restarted; their failures speak."""

import pickle
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scalebook.errors import HarnessError
from scalebook.lab import Program
from scalebook.labfile import import_lab_module
from scalebook.services.postgres_access import PostgresAccess
from scalebook.services.program import ProgramService
from scalebook.services.proxy import Proxy
from scalebook.services.rundir import RunDirectory


class Shop(Program):
    """Sells from a table."""

    def open(self, services: Any) -> None:
        self.db = services.pg.connect(autocommit=True)
        self.db.execute("CREATE TABLE IF NOT EXISTS sale (item text)")

    def handle(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if path == "/fail":
            raise ValueError("this shop is closed")
        if body:
            self.db.execute("INSERT INTO sale VALUES (%s)", [body["item"]])
        count = self.db.execute("SELECT count(*) FROM sale").fetchone()[0]
        return 200, {"path": path, "count": count, "name": self.name, "at": self.at}


class Ticker(Program):
    """Writes until it is stopped, then says so."""

    def open(self, services: Any) -> None:
        sys.stdout.write("opened\n")

    def run(self, stopped: Any) -> None:
        stopped.wait()
        sys.stdout.write("ended well\n")


class Broken(Program):
    def open(self, services: Any) -> None:
        raise KeyError("no such shelf")


@pytest.fixture
def shop(run: RunDirectory, database: PostgresAccess) -> Iterator[ProgramService]:
    service = ProgramService("shop", run, Shop, {"pg": database}, at=7)
    service.start()
    yield service
    service.stop()


def test_program_serves_and_comes_back_after_a_kill(shop: ProgramService) -> None:
    client = pickle.loads(pickle.dumps(shop.access)).http()
    reply = client.post("/sell", item="book")
    assert (reply.status, reply.json) == (
        200,
        {"path": "/sell", "count": 1, "name": "shop", "at": 7},
    )
    assert client.get("/count").json["count"] == 1
    shop.access.kill()
    with pytest.raises(ConnectionError):
        client.post("/sell", item="book")
    shop.access.restart()
    assert client.post("/sell", item="pen").json["count"] == 2
    client.close()


def test_paused_program_keeps_its_caller_waiting(shop: ProgramService) -> None:
    client = shop.access.http(timeout_seconds=0.3)
    shop.access.pause()
    with pytest.raises(TimeoutError):
        client.get("/count")
    shop.access.resume()
    patient = shop.access.http()
    assert patient.get("/count").status == 200
    patient.close()
    client.close()


def test_error_in_a_request_is_answered_and_logged(shop: ProgramService) -> None:
    client = shop.access.http()
    reply = client.get("/fail")
    assert reply.status == 500
    assert "this shop is closed" in reply.json["error"]
    assert any("ValueError" in line for line in shop.log_tail(30))
    assert client.get("/count").status == 200
    client.close()


def test_link_to_a_program_can_be_cut(run: RunDirectory, shop: ProgramService) -> None:
    proxy = Proxy.in_front_of(run, shop.access, "shop-proxy")
    client = proxy.access.http()
    assert client.get("/count").status == 200
    proxy.cut()
    with pytest.raises(ConnectionError):
        client.get("/count")
    proxy.heal()
    assert client.get("/count").status == 200
    client.close()
    proxy.stop()


def test_stop_lets_a_program_end_well(run: RunDirectory) -> None:
    service = ProgramService("ticker", run, Ticker, {})
    service.start()
    service.stop()
    assert service.log_tail() == ["opened", "ended well"]


def test_program_that_cannot_open_says_why(run: RunDirectory) -> None:
    with pytest.raises(HarnessError, match="no such shelf"):
        ProgramService("broken", run, Broken, {}).start()


def test_program_has_the_constants_that_the_user_changed(run: RunDirectory, tmp_path: Path) -> None:
    file = tmp_path / "lab.py"
    file.write_text(
        textwrap.dedent(
            """
            from dataclasses import dataclass
            from scalebook.lab import Program

            WORD = "hello"

            @dataclass
            class Greeter(Program):
                suffix: str = "!"

                def handle(self, path, body):
                    return 200, WORD + self.suffix
            """
        )
    )
    greeter = import_lab_module(file).Greeter
    service = ProgramService("greeter", run, greeter, {}, path=file, settings={"WORD": "bye"})
    service.start()
    client = service.access.http()
    assert client.get("/").json == "bye!"
    client.close()
    service.stop()
    assert not service.alive
