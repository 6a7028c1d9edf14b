"""What the monitoring lab plants: five faults, each in one of two engines, and sets to be dropped.

Which fault is where the seed decides. The plan lies in an engine that no diagnosis looks at.
"""

import contextlib
import json
import time
from typing import Any

import redis

from scalebook.services import Redis

__all__ = ["ENGINES", "SETS", "WARDS", "choose", "plant", "store_sets", "truth", "wait_for"]

WARDS = ("east", "west")
MEMORY = {"maxmemory": "16mb", "maxmemory-policy": "volatile-lfu"}
NOTES = {"slowlog-log-slower-than": 5_000, "latency-monitor-threshold": 5}
ENGINES = {
    "blocking": Redis(settings={"lazyfree-lazy-user-del": "no"}),
    "lazy": Redis(settings={"lazyfree-lazy-user-del": "yes"}),
    **{ward: Redis(settings={**MEMORY, **NOTES}) for ward in WARDS},
}
SETS = [f"set:{number}" for number in range(5)]
NAMES, ALARM_SECONDS = 1_000, 10.0
READS, LOOPS, BYTES = 5_000, 4_000_000, 1_000_000
CULPRITS: list[redis.Redis] = []
SLOW = "local x = 0 for i = 1, ARGV[1] do x = x + i end return x"
ACTS = {  # Memory last: nothing can be written after it.
    "big key": lambda client, name: client.setbit(name, 8 * BYTES, 1),
    "hot key": lambda client, name: client.mget([name] * READS),
    "KEYS": lambda client, _: client.keys("*"),
    "slow script": lambda client, _: client.eval(SLOW, 0, LOOPS),
    "memory": lambda client, _: [client.setrange(f"fill:{i}", 90_000, "x") for i in range(1_000)],
}


def choose(services: Any, _: object) -> None:
    """Make the plan: of each fault the engine, the kind, and the name of its key or client."""
    source = services.random
    wards, kinds = source.sample(WARDS, 2), source.sample(list(ACTS), len(ACTS))
    names = [f"n{number}" for number in source.sample(range(NAMES), len(ACTS))]
    plan = [[wards[i % 2], kind, names[i]] for i, kind in enumerate(kinds)]
    for name in ENGINES:  # Whatever was in these engines before.
        for note in ("SLOWLOG RESET", "LATENCY RESET", "CONFIG RESETSTAT"):
            services[name].connect().execute_command(note)
    services.blocking.connect().set("plan", json.dumps(plan))


def _plan(services: Any) -> list[list[str]]:
    plan: list[list[str]] = json.loads(services.blocking.connect().get("plan"))
    return plan


def plant(services: Any) -> None:
    """Do what the plan says, and ring; the culprits stay connected, as they would."""
    for ward in WARDS:
        client = services[ward].connect()
        client.mset({f"n{number}": "x" * 100 for number in range(NAMES)})
    CULPRITS.clear()
    for ward, kind, name in sorted(_plan(services), key=lambda fault: list(ACTS).index(fault[1])):
        CULPRITS.append(services[ward].connect(client_name=name))
        with contextlib.suppress(redis.OutOfMemoryError):
            ACTS[kind](CULPRITS[-1], name)
    services.blocking.connect().set("alarm", 1)


def wait_for(alarm: redis.Redis) -> None:
    """Return once all is planted; TimeoutError if that takes too long."""
    deadline = time.perf_counter() + ALARM_SECONDS
    while not alarm.exists("alarm"):
        if time.perf_counter() > deadline:
            raise TimeoutError("no alarm")
        time.sleep(0.01)


def truth(services: Any) -> set[tuple[str, str, str]]:
    """What a diagnosis must say; of full memory it need not say whose it is."""
    return {(ward, kind, "" if kind == "memory" else name) for ward, kind, name in _plan(services)}


def store_sets(client: redis.Redis, members: int) -> list[str]:
    """Store the sets, all alike; their names."""
    for first in range(0, members, 10_000):
        client.sadd(SETS[0], *(f"m{i}" for i in range(first, min(first + 10_000, members))))
    for name in SETS[1:]:
        client.copy(SETS[0], name)
    return SETS
