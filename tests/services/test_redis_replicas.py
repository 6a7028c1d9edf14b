"""Redis with replicas and Sentinels: who is primary, what is behind, and who takes over."""

import pickle
from collections.abc import Callable, Iterator

import pytest
import redis

from scalebook.errors import HarnessError, LabError
from scalebook.services import RedisReplicas
from scalebook.services.provide import Provisions
from scalebook.services.redis_replicas import RedisReplicasDeployment
from scalebook.services.redis_replicated import MASTER_NAME, ReplicatedAccess
from scalebook.services.rundir import RunDirectory

Until = Callable[..., bool]


@pytest.fixture
def replicated(run: RunDirectory, provisions: Provisions) -> Iterator[ReplicatedAccess]:
    with RedisReplicas(replicas=2).start("plain", run, provisions) as deployment:
        yield deployment.access("arm")


@pytest.fixture
def watched(run: RunDirectory, provisions: Provisions) -> Iterator[RedisReplicasDeployment]:
    spec = RedisReplicas(replicas=2, sentinels=3)
    with spec.start("watched", run, provisions) as deployment:
        yield deployment


def value(access: ReplicatedAccess, key: str) -> object:
    with access.connect() as client:
        return client.get(key)


def store(access: ReplicatedAccess, key: str, text: str) -> None:
    with access.connect() as client:
        client.set(key, text)


def test_replicas_follow_and_one_takes_over(replicated: ReplicatedAccess, until: Until) -> None:
    store(replicated, "kept", "here")
    replicated.wait_for_replicas()
    assert [value(replica, "kept") for replica in replicated.replicas] == ["here", "here"]
    with pytest.raises(redis.ReadOnlyError):
        store(replicated.replica(0), "kept", "elsewhere")
    replicated.primary.kill()
    replicated.promote(replicated.replica(0))
    assert replicated.primary.index == 1
    store(replicated, "kept", "by the new one")
    follower = replicated.replica(0)
    assert until(lambda: value(follower, "kept") == "by the new one")


def test_delayed_replica_is_behind_and_named(replicated: ReplicatedAccess) -> None:
    replicated.primary.delay_link(2.0)
    store(replicated, "late", "yes")
    assert value(replicated.replica(1), "late") is None
    with pytest.raises(HarnessError, match="replica 1 of plain"):
        replicated.wait_for_replicas(timeout_seconds=0.1)
    replicated.primary.delay_link(0)
    replicated.wait_for_replicas()
    assert value(replicated.replica(1), "late") == "yes"


def test_isolated_primary_is_alone_and_alive(replicated: ReplicatedAccess) -> None:
    replicated.primary.isolate()
    with replicated.primary.connect() as client:
        client.set("alone", "yes")
        assert client.wait(1, 200) == 0
    assert value(replicated.replica(0), "alone") is None
    replicated.primary.rejoin()
    replicated.wait_for_replicas()
    assert value(replicated.replica(0), "alone") == "yes"


def test_pickled_access_connects_and_breaks_nothing(replicated: ReplicatedAccess) -> None:
    copy: ReplicatedAccess = pickle.loads(pickle.dumps(replicated))
    store(copy, "from", "a worker")
    assert value(replicated, "from") == "a worker"
    for breaks in (copy.kill, copy.primary.isolate, copy.primary.rejoin):
        with pytest.raises(LabError, match="a worker cannot"):
            breaks()


def test_guest_reads_and_writes_but_cannot_administer(replicated: ReplicatedAccess) -> None:
    guest = replicated.as_guest()
    store(guest, "mine", "yes")
    replicated.wait_for_replicas()
    assert value(guest.replica(1), "mine") == "yes"
    with guest.connect() as client, pytest.raises(redis.exceptions.NoPermissionError):
        client.config_set("maxmemory", "1mb")
    with guest.connect() as client, pytest.raises(redis.exceptions.NoPermissionError):
        client.replicaof("NO", "ONE")


def test_release_empties_replicas_too(
    replicated: ReplicatedAccess, run: RunDirectory, provisions: Provisions
) -> None:
    del run, provisions
    deployment = replicated._running()
    store(replicated, "arm", "one")
    replicated.as_guest()
    deployment.release(replicated)
    assert [value(node, "arm") for node in (replicated, *replicated.replicas)] == [None] * 3


def test_nobody_enters_by_tcp_without_the_password(replicated: ReplicatedAccess) -> None:
    deployment = replicated._running()
    ports = [*deployment.links.ports, *(node.port for node in deployment.nodes)]
    for port in ports:
        with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.get("kept")


@pytest.mark.parametrize("fault", ["kill", "pause", "isolate"])
def test_sentinels_replace_a_primary_that_is_gone(
    watched: RedisReplicasDeployment, until: Until, fault: str
) -> None:
    access = watched.access("arm")
    first = access.primary
    assert first.index == 0
    by_sentinel = access.connect_by_sentinel(socket_timeout=0.5)
    by_sentinel.set("before", "yes")
    assert by_sentinel.wait(2, 2_000) == 2
    getattr(first, fault)()

    def writable() -> bool:
        try:
            return bool(by_sentinel.set("after", "yes"))
        except (redis.ConnectionError, redis.TimeoutError, redis.ReadOnlyError):
            return False

    assert until(writable)
    assert until(lambda: access.primary.index != 0)
    assert value(access, "before") == "yes"
    assert len(access.replicas) == 2
    if fault == "isolate":  # Two primaries: a client that stayed is acknowledged, in vain.
        store(first, "in vain", "yes")
        assert value(access, "in vain") is None
    by_sentinel.close()
    by_sentinel.connection_pool.disconnect()


def test_a_minority_of_sentinels_promotes_nobody(
    watched: RedisReplicasDeployment, until: Until
) -> None:
    access = watched.access("arm")
    for number in (0, 1):
        access.sentinel_service(number).kill()
    access.primary.kill()
    with watched.sentinels[2].administer() as client:

        def gone() -> bool:
            return bool(client.sentinel_master(MASTER_NAME)["is_sdown"])

        assert until(gone)
        assert not until(lambda: access.primary.index != 0, seconds=2.0)


def test_wrong_numbers_are_refused() -> None:
    with pytest.raises(LabError, match="sentinels=1"):
        RedisReplicas(sentinels=1)
    with pytest.raises(LabError, match="replicas=0"):
        RedisReplicas(replicas=0)


def test_sentinels_must_be_asked_for(replicated: ReplicatedAccess) -> None:
    with pytest.raises(LabError, match="no Sentinels"):
        replicated.connect_by_sentinel()
