"""Redis with replicas, and Sentinels that replace a primary that is gone."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from scalebook.errors import HarnessError, LabError
from scalebook.services.access import Access, Deployment, Spec
from scalebook.services.link import Links
from scalebook.services.redis_node import HOST, RedisNode, identify, persistence
from scalebook.services.redis_replicated import MASTER_NAME, ReplicatedAccess
from scalebook.services.service import Service, Settings, frozen_settings

if TYPE_CHECKING:
    from scalebook.services.provide import Provision, Provisions
    from scalebook.services.rundir import RunDirectory

__all__ = ["RedisReplicas", "RedisReplicasDeployment"]

READY_SECONDS = 30.0
POLL_SECONDS = 0.01
FAILOVER_TIMEOUT_MS = 3_000


@dataclass(frozen=True)
class RedisReplicas(Spec):
    """A Redis primary with `replicas` replicas, watched by `sentinels` Sentinels (0: by nobody).

    `down_after_seconds`: after how long a silence a Sentinel takes a node for dead; the quorum is
    a majority. `appendonly`, `save`, `settings`: of every node, as of `Redis`. Nodes reach each
    other through links on 127.0.0.1 that a lab may silence or delay; they know a password.
    """

    kind: ClassVar[str] = "redis"
    shareable: ClassVar[bool] = False

    replicas: int = 2
    sentinels: int = 0
    down_after_seconds: float = 0.5
    appendonly: str | None = None
    save: str = ""
    settings: Settings = ()

    def __post_init__(self) -> None:
        if self.replicas < 1 or self.sentinels not in (0, 3, 5):
            raise LabError(
                f"RedisReplicas(replicas={self.replicas}, sentinels={self.sentinels})",
                remedy="Use one replica or more, and 0, 3 or 5 Sentinels.",
            )
        object.__setattr__(self, "settings", frozen_settings(self.settings))

    def start(
        self, name: str, run: RunDirectory, provisions: Provisions
    ) -> RedisReplicasDeployment:
        """Start all; ready when every replica is in step and every Sentinel knows all nodes."""
        deployment = RedisReplicasDeployment(self, name, run, provisions.find("redis"))
        return deployment.started()


class RedisReplicasDeployment(Deployment):
    """The nodes, their links, and their Sentinels."""

    spec: RedisReplicas

    def __init__(
        self, spec: RedisReplicas, name: str, run: RunDirectory, provision: Provision
    ) -> None:
        """Nothing is started yet."""
        self.spec = spec
        self.name = name
        self.services: list[Service] = []
        self.nodes: list[RedisNode] = []
        self.sentinels: list[RedisNode] = []
        self.topology = run.folder(f"{name}-topology", as_engine=False) / "topology.json"
        self._run = run
        self._provision = provision
        self._password = secrets.token_hex(16)
        self._sentinel_password = secrets.token_hex(16)

    def start(self) -> None:
        """Links and primary first, so that each replica connects at its first attempt."""
        ports = [self._run.port() for _ in range(self.spec.replicas + 1)]
        self.links = Links(f"{self.name}-links", self._run, ports)
        for number, port in enumerate(ports):
            self.nodes.append(self._node(number, port))
        self.services += [self.links, *self.nodes]
        self.links.launch()
        self.nodes[0].launch()
        self.links.wait_until_ready()
        self.nodes[0].wait_until_ready()
        self._start_all(self.nodes[1:])
        self.version, self.label, self._facts = identify(self.nodes[0])
        self.publish(0, list(range(1, len(self.nodes))))
        self._await("its replicas are not in step", self._in_step)
        if self.spec.sentinels:
            self.sentinels += self._make_sentinels()
            self.services += self.sentinels
            self._start_all(self.sentinels)
            self._await("its Sentinels do not know all nodes", self._watched)

    def access(self, arm: str, template: Access | None = None) -> ReplicatedAccess:  # noqa: ARG002
        """All nodes: each arm has its own deployment."""
        return ReplicatedAccess(self, self._password, self._sentinel_password)

    def release(self, access: Access) -> None:
        """Remove all keys, on the replicas too."""
        assert isinstance(access, ReplicatedAccess)
        with access.primary.connect() as client:
            client.flushall()
        access.wait_for_replicas()
        for node in self.nodes:
            node.dismiss_guest()

    def promote(self, number: int) -> None:
        """Make the replica with this number the primary; the living other replicas follow it."""
        topology: Mapping[str, list[int]] = json.loads(self.topology.read_text(encoding="ascii"))
        others = [other for other in topology["replicas"] if other != number]
        with self.nodes[number].administer() as client:
            client.replicaof("NO", "ONE")
        self.publish(number, others)
        for other in others:
            if self.nodes[other].alive:
                with self.nodes[other].administer() as client:
                    client.replicaof(HOST, str(self.links.ports[number]))

    def publish(self, primary: int, replicas: list[int]) -> None:
        """Tell every holder of an access, in other processes too, who is primary now."""
        fresh = self.topology.with_suffix(".new")
        fresh.write_text(json.dumps({"primary": primary, "replicas": replicas}), encoding="ascii")
        os.replace(fresh, self.topology)

    def describe(self) -> dict[str, object]:
        """What the environment record keeps of this deployment."""
        return {
            "kind": self.spec.kind,
            "version": self.version,
            "label": self.label,
            "source": self._provision.source,
            "allocator": self._facts["mem_allocator"],
            "replicas": self.spec.replicas,
            "sentinels": self.spec.sentinels,
            "down_after_seconds": self.spec.down_after_seconds,
            "appendonly": self.spec.appendonly,
            "save": self.spec.save,
            "settings": dict(frozen_settings(self.spec.settings)),
            "capacity": None,
        }

    def _node(self, number: int, port: int) -> RedisNode:
        lines = [
            ("masterauth", self._password),
            ("replica-announce-ip", HOST),
            ("replica-announce-port", str(self.links.ports[number])),
            ("repl-diskless-sync-delay", "0"),
            ("repl-ping-replica-period", "1"),
            *persistence(self.spec.appendonly, self.spec.save),
            *frozen_settings(self.spec.settings),
        ]
        if number:
            lines.append(("replicaof", f"{HOST} {self.links.ports[0]}"))
        name = f"{self.name}-replica-{number}" if number else self.name
        return RedisNode(
            name, self._run, self._provision, lines, password=self._password, port=port
        )

    def _make_sentinels(self) -> list[RedisNode]:
        """Sentinels whose files say what they would otherwise learn in two seconds."""
        count, ids = (
            self.spec.sentinels,
            [secrets.token_hex(20) for _ in range(self.spec.sentinels)],
        )
        ports = [self._run.port() for _ in ids]
        down_after_ms = str(int(self.spec.down_after_seconds * 1000))
        first, *others = self.links.ports
        found = []
        for number, (own, port) in enumerate(zip(ids, ports, strict=True)):
            peers = [
                (f"known-sentinel {MASTER_NAME}", f"{HOST} {p} {i}")
                for i, p in zip(ids, ports, strict=True)
                if i != own
            ]
            said = [
                ("myid", own),
                ("sentinel-pass", self._sentinel_password),
                (f"monitor {MASTER_NAME}", f"{HOST} {first} {count // 2 + 1}"),
                (f"auth-pass {MASTER_NAME}", self._password),
                (f"down-after-milliseconds {MASTER_NAME}", down_after_ms),
                (f"failover-timeout {MASTER_NAME}", str(FAILOVER_TIMEOUT_MS)),
                (f"parallel-syncs {MASTER_NAME}", "1"),
                *((f"known-replica {MASTER_NAME}", f"{HOST} {other}") for other in others),
                *peers,
            ]
            node = RedisNode(
                f"{self.name}-sentinel-{number}",
                self._run,
                self._provision,
                [(f"sentinel {name}", value) for name, value in said],
                password=self._sentinel_password,
                port=port,
                sentinel=True,
            )
            found.append(node)
        return found

    def _start_all(self, nodes: list[RedisNode]) -> None:
        for node in nodes:
            node.launch()
        with ThreadPoolExecutor(max_workers=len(nodes)) as pool:
            list(pool.map(RedisNode.wait_until_ready, nodes))

    def _in_step(self) -> bool:
        for node in self.nodes[1:]:
            with node.administer() as client:
                if client.info("replication").get("master_link_status") != "up":
                    return False
        with self.nodes[0].administer() as client:
            return int(client.info("replication")["connected_slaves"]) == self.spec.replicas

    def _watched(self) -> bool:
        """Does each Sentinel see a living primary, every replica, and every other Sentinel?"""
        for node in self.sentinels:
            with node.administer() as client:
                seen = client.sentinel_master(MASTER_NAME)
                replicas = client.sentinel_slaves(MASTER_NAME)
                others = client.sentinel_sentinels(MASTER_NAME)
            if seen["is_disconnected"] or seen["is_sdown"] or not seen["is_master"]:
                return False
            if len(replicas) != self.spec.replicas or len(others) != self.spec.sentinels - 1:
                return False
            known = [*replicas, *others]
            if any(one["is_disconnected"] or one["is_sdown"] for one in known):
                return False
            if any(one["master-link-status"] != "ok" for one in replicas):
                return False  # Not asked yet: such a replica would not be chosen.
        return True

    def _await(self, what: str, condition: object) -> None:
        assert callable(condition)
        deadline = time.monotonic() + READY_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise HarnessError(f"{self.name} is not ready after {READY_SECONDS:g} s: {what}")
            time.sleep(POLL_SECONDS)
