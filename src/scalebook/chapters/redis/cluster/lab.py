"""Redis Cluster: which acknowledged orders outlive a failover and a move, and who has to wait?"""

import time

import redis

from scalebook.lab import Client, Command, Fault, Invariant, Lab, Promise, Step, Whole, Workload
from scalebook.lab import anything, figure
from scalebook.services import RedisCluster

CUSTOMERS, PACE_SECONDS, WAIT_MS = 48, 0.004, 200
OLD_ORDERS = {f"{{{customer}}}:{n}": 1 for customer in range(CUSTOMERS) for n in range(100)}


class Tagged(Client):
    """Both halves of an order in its customer's slot, by one MSET; it counts on `at` replicas."""

    uses = {"order": Command("MSET")}
    names, with_keys, placed = "{%d}:%d-%d", True, 0

    def open(self, services):
        self.redis = services.cluster.connect(socket_timeout=0.5 if self.worker % 2 else None)

    def order(self, customer):
        """Store an order under a new name; return the name once it counts."""
        time.sleep(PACE_SECONDS)
        self.placed += 1
        name = self.names % (customer, self.worker, self.placed)
        self.store(name, {f"{name}:items": 1, f"{name}:price": 1})
        return name

    def store(self, name, halves):
        self.redis.mset(halves)
        if self.at:
            node = self.redis.get_node_from_key(name)
            if self.redis.wait(self.at, WAIT_MS, target_nodes=node) < self.at:
                raise redis.ResponseError("too few replicas have it")

    def reshard(self, services):
        """Move every fourth customer, slot by slot, to the next primary."""
        for customer in range(0, CUSTOMERS, 4):
            services.cluster.move_slot(str(customer), with_keys=self.with_keys)


class Scattered(Tagged):
    """Broken on purpose: without a tag the halves of an order lie on nodes of their own."""

    uses, names = {}, "%d:%d-%d"

    def store(self, _, halves):
        self.redis.mset_nonatomic(halves)


class Hasty(Tagged):
    """Broken on purpose: hands over the slots, and leaves their keys behind."""

    with_keys = False


def stored(run, half):
    """The names of all orders of which the cluster has this half."""
    with run.settled() as services, services.cluster.connect() as client:
        services.cluster.wait_until_agreed()
        names = client.keys(f"*:{half}", target_nodes="primaries")
    return {name.rpartition(":")[0] for name in names}


def acknowledged_orders_survive(run):
    """Whatever was acknowledged is there when all nodes are well again."""
    there = stored(run, "price")
    for op in run.history.ok("order"):
        if op.result not in there:
            yield op.says("acknowledged, and gone")


def no_half_order_is_left(run):
    """Of each order, acknowledged or not, both halves are there or none."""
    if torn := stored(run, "items") ^ stored(run, "price"):
        yield f"{len(torn)} orders are halves, such as {min(torn)}"


@figure("orders")
def lost(run):
    return sum(1 for _ in acknowledged_orders_survive(run))


@figure("s")
def away(run):
    """Longest time without an acknowledged order of a customer of node 0."""
    first = run.services.cluster.first_owner
    ends = [op.end for op in run.history.ok("order") if first(str(op.key)) == 0]
    last = max(op.end for op in run.history)
    return max(after - before for before, after in zip(ends, [*ends[1:], last], strict=True))


def answers(name):
    count = figure("answers")(lambda run: run.services.cluster.redirections()[name])
    count.__name__ = name
    return count


ANSWERS = [*map(answers, ["MOVED", "ASK", "TRYAGAIN"])]
LAB = Lab(
    at=("replicas waited for", [0, 1]),
    services={"cluster": RedisCluster(node_timeout_seconds=0.5)},
    load=lambda services, _: services.cluster.connect().mset_nonatomic(OLD_ORDERS),
    workload=Workload(mix={"order": 1}, keys=CUSTOMERS, clients=8),
    variants=lambda count: [Tagged, Hasty] if count else [Scattered, Tagged],
    promises=lambda count: [
        Promise(acknowledged_orders_survive, [[], [Tagged]][count], [[Tagged], [Hasty]][count]),
        Promise(no_half_order_is_left, [Tagged], [] if count else [Scattered]),
    ],
    trials=[
        Whole(1.2, steps=[Step(0.2, "reshard")], figures=[lost, *ANSWERS]),
        Whole(3.5, faults=[Fault.kill("cluster", at=0.2)], figures=[lost, away]),
        Whole(3.4, faults=[Fault.pause("cluster", at=0.2, until=3)], figures=[lost, away]),
    ],
    agree={"order": anything},
    claim=Invariant(acknowledged_orders_survive, technique=Tagged),
)
