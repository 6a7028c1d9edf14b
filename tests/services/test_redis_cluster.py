"""Redis Cluster, and many nodes with ports at once: none collides, none stays behind."""

import os
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis

from scalebook.errors import HarnessError, LabError
from scalebook.services import RedisCluster, RedisReplicas
from scalebook.services.access import Deployment
from scalebook.services.provide import Provisions
from scalebook.services.redis_cluster import ClusterAccess, ClusterDeployment
from scalebook.services.redis_replicas import RedisReplicasDeployment
from scalebook.services.rundir import RunDirectory
from scalebook.services.watch import processes_inside

Until = Callable[..., bool]


@pytest.fixture
def cluster(run: RunDirectory, provisions: Provisions) -> Iterator[ClusterDeployment]:
    with RedisCluster().start("cluster", run, provisions) as deployment:
        yield deployment


@pytest.fixture
def access(cluster: ClusterDeployment) -> ClusterAccess:
    return cluster.access("arm")


def key_of(access: ClusterAccess, node: int) -> str:
    name = access.node(node).name
    return next(f"key{n}" for n in range(1_000) if access.owner(f"key{n}").name == name)


def test_three_primaries_share_the_slots(access: ClusterAccess) -> None:
    with access.connect() as client:
        for number in range(300):
            client.set(f"key{number}", number)
        assert [client.get(f"key{n}") for n in (0, 299)] == ["0", "299"]
    held = []
    for node in access.primaries():
        with node.connect() as single:
            held.append(single.dbsize())
    assert len(held) == 3
    assert sum(held) == 300
    assert min(held) > 0
    assert access.counters()["set"] == 300


def test_a_node_sends_others_on(access: ClusterAccess) -> None:
    key = key_of(access, 1)
    with access.node(0).connect() as plain, pytest.raises(redis.exceptions.MovedError) as moved:
        plain.set(key, 1)
    assert moved.value.port == access.ports[1]


def test_a_slot_moves_with_its_keys(access: ClusterAccess) -> None:
    names = [f"{{moved}}:{n}" for n in range(25)]
    to = (access.first_owner("{moved}") + 1) % 3
    assert access.owner("{moved}").name == access.node(to - 1 if to else 2).name
    with access.connect() as client:
        client.mset(dict.fromkeys(names, "kept"))
        assert access.move_slot("{moved}", to) == len(names)
        assert access.owner("{moved}").name == access.node(to).name
        assert client.mget(names) == ["kept"] * len(names)
        assert access.redirections()["MOVED"] >= 1  # The client's map was old.
        access.wait_until_agreed()
        assert access.move_slot("{moved}") == len(names)
        assert access.owner("{moved}").name == access.node((to + 1) % 3).name


def test_a_slot_without_its_keys_loses_them(access: ClusterAccess, until: Until) -> None:
    with access.connect() as client:
        client.set("{moved}:1", "lost")
        assert access.move_slot("{moved}", with_keys=False) == 0
        assert until(lambda: client.get("{moved}:1") is None)


def test_round_trips_are_counted(access: ClusterAccess) -> None:
    with access.connect() as client:
        client.set("key", 1)
        before = access.round_trips
        for _ in range(5):
            client.get("key")
        assert access.round_trips == before + 5


@pytest.mark.parametrize("fault", ["kill", "pause"])
def test_a_replica_takes_over(
    access: ClusterAccess, cluster: ClusterDeployment, until: Until, fault: str
) -> None:
    key = key_of(access, 0)
    client = access.connect(socket_timeout=0.5)
    client.set(key, "before")
    with access.node(0).connect() as first:
        first.wait(1, 2_000)
    getattr(access, fault)()  # What is done to the cluster is done to node 0.

    def writable() -> bool:
        try:
            return bool(client.append(key, ", after"))
        except (redis.RedisError, redis.exceptions.RedisClusterException):
            return False

    assert until(writable)
    assert access.owner(key).name == "cluster-3"
    if fault == "kill":
        cluster.nodes[0].start()
    else:
        access.resume()

    def follows() -> bool:
        with access.node(0).connect() as old:
            told = old.info("replication")
        return bool(told["role"] == "slave" and told["master_link_status"] == "up")

    assert until(follows)
    with access.owner(key).connect() as owner:
        assert str(owner.get(key)).startswith("before, after")
    client.close()


def test_a_client_connects_past_a_dead_node(access: ClusterAccess) -> None:
    key = key_of(access, 1)
    access.kill()
    with access.connect() as client:
        assert client.set(key, 1)


def test_no_owner_is_said(access: ClusterAccess) -> None:
    key = key_of(access, 2)
    access.node(5).kill()
    access.node(2).kill()
    with pytest.raises(HarnessError, match="no living node of cluster has slot"):
        access.owner(key)


def test_pickled_access_connects_and_breaks_nothing(access: ClusterAccess) -> None:
    copy: ClusterAccess = pickle.loads(pickle.dumps(access))
    with copy.connect() as client:
        client.set("from", "a worker")
    with access.connect() as client:
        assert client.get("from") == "a worker"
    for breaks in (copy.kill, copy.node(1).pause, lambda: copy.move_slot("key", 0)):
        with pytest.raises(LabError, match="a worker cannot"):
            breaks()


def test_guest_works_everywhere_but_cannot_administer(
    access: ClusterAccess, cluster: ClusterDeployment
) -> None:
    guest = access.as_guest()
    with guest.connect() as client:
        for number in range(30):
            client.set(f"key{number}", number)
    with guest.node(1).connect() as single, pytest.raises(redis.exceptions.NoPermissionError):
        single.config_set("maxmemory", "1mb")
    cluster.release(access)
    with pytest.raises((redis.AuthenticationError, redis.exceptions.RedisClusterException)):
        guest.connect()


def test_strangers_are_refused(access: ClusterAccess) -> None:
    for port in access.ports:
        with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.get("key")


def test_a_cluster_has_no_door_to_cut(access: ClusterAccess, tmp_path: Path) -> None:
    assert not access.one_door
    with pytest.raises(LabError, match="is a cluster"):
        access.through(tmp_path)


def test_two_primaries_are_no_cluster() -> None:
    with pytest.raises(LabError, match="primaries=2"):
        RedisCluster(primaries=2)


def ports_of(deployment: Deployment) -> list[int]:
    if isinstance(deployment, ClusterDeployment):
        return [*deployment.ports, *deployment._bus]
    assert isinstance(deployment, RedisReplicasDeployment)
    nodes = [*deployment.nodes, *deployment.sentinels]
    return [*deployment.links.ports, *(node.port for node in nodes)]


def test_many_at_once_and_again_and_again(base: Path, provisions: Provisions) -> None:
    specs = [RedisCluster(), RedisCluster(), RedisReplicas(sentinels=3), RedisReplicas()]
    with RunDirectory.create() as run:
        for turn in range(2):
            with ThreadPoolExecutor() as pool:
                starts = [
                    pool.submit(spec.start, f"many-{turn}-{n}", run, provisions)
                    for n, spec in enumerate(specs)
                ]
                running = [start.result() for start in starts]
            ports = [port for deployment in running for port in ports_of(deployment)]
            assert len(ports) == len(set(ports)) == 2 * 12 + 9 + 6
            for deployment in running:
                deployment.stop()
            assert processes_inside(run.path) == []
        assert any(base.glob("port.*"))
    assert list(base.iterdir()) == []


def test_claims_of_the_dead_are_swept(base: Path) -> None:
    child = os.fork()
    if child == 0:
        try:
            run = RunDirectory.create()
            run.port()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    with RunDirectory.create() as run:
        assert run.port() != run.port()
        assert len(list(base.glob("port.*"))) == 2
