"""nginx as an edge: what it keeps, counts, and forgets."""

import pickle
import time
from collections.abc import Iterator

import pytest

from scalebook.services import NginxEdge
from scalebook.services.nginx import NginxEdgeDeployment
from scalebook.services.provide import Provisions
from scalebook.services.rundir import RunDirectory

pytestmark = pytest.mark.requires("nginx")


@pytest.fixture(scope="module")
def edge(run: RunDirectory, provisions: Provisions) -> Iterator[NginxEdgeDeployment]:
    spec = NginxEdge(origin={"expires": "1h"}, edge={"proxy_cache_lock": "on"})
    with spec.start("edge", run, provisions) as deployment:
        yield deployment


def test_the_origin_is_asked_once(edge: NginxEdgeDeployment) -> None:
    access = edge.access("arm")
    with pickle.loads(pickle.dumps(access)).connect() as client:
        assert client.put("/kept", b"first").status == 201
        before = access.counters()
        seen = [client.get("/kept") for _ in range(3)]
        after = access.counters()
    assert [answer.cache for answer in seen] == ["MISS", "HIT", "HIT"]
    assert {answer.body for answer in seen} == {b"first"}
    assert after["origin reads"] - before.get("origin reads", 0) == 1
    assert after["origin bytes"] - before.get("origin bytes", 0) == 5
    assert after["edge hit"] - before.get("edge hit", 0) == 2


def test_a_copy_is_old_until_it_is_refreshed(edge: NginxEdgeDeployment) -> None:
    access = edge.access("arm")
    with access.connect() as client, access.origin() as origin:
        client.put("/changed", b"old")
        assert client.get("/changed").body == b"old"
        origin.put("/changed", b"new")
        assert (client.get("/changed").body, origin.get("/changed").body) == (b"old", b"new")
        assert client.get("/changed", X_Refresh="1").body == b"new"
        assert client.get("/changed").body == b"new"


def test_release_removes_files_and_copies(edge: NginxEdgeDeployment) -> None:
    access = edge.access("arm")
    with access.connect() as client:
        client.put("/gone", b"there")
        assert client.get("/gone").status == 200
    edge.release(access)
    assert "origin reads" not in access.counters()
    with access.connect() as client:
        assert client.get("/gone").status == 404


def test_it_comes_back_after_a_kill(edge: NginxEdgeDeployment) -> None:
    access = edge.access("arm")
    with access.connect() as client:
        client.put("/stays", b"there")
        access.kill()
        with pytest.raises((ConnectionError, FileNotFoundError)):
            client.get("/stays")
        access.restart()
        assert client.get("/stays").body == b"there"


def test_nothing_is_kept_without_a_lifetime(run: RunDirectory, provisions: Provisions) -> None:
    deployment = NginxEdge().start("plain", run, provisions)
    with deployment, deployment.access("arm").connect() as client:
        client.put("/kept", b"x")
        assert [client.get("/kept").cache for _ in range(2)] == ["MISS", "MISS"]


def test_a_capacity_is_imposed_on_the_origin(run: RunDirectory, provisions: Provisions) -> None:
    deployment = NginxEdge(admitted=50).start("narrow", run, provisions)
    with deployment, deployment.access("arm").origin() as client:
        client.put("/file", b"x")
        begun = time.monotonic()
        for _ in range(11):
            client.get("/file")
        assert time.monotonic() - begun > 10 / 50


@pytest.mark.parametrize("cut", [0, 10, 60])
def test_a_part_of_an_answer_is_no_answer(edge: NginxEdgeDeployment, cut: int) -> None:
    whole = b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 5\r\nX-Cache: HIT\r\n\r\nfirst"
    access = edge.access("arm")
    assert access.reply_complete(whole)
    assert not access.reply_complete(whole[:cut])
    assert not access.reply_complete(whole[:-1])
