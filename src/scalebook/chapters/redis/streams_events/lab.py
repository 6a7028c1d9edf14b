"""Consumer groups: is every order paid exactly once when its worker dies, and how late?

Workers read up to ten orders, pay each in PostgreSQL, and acknowledge all; then all are killed.
"""

import time

from scalebook.lab import Client, Fault, Invariant, Lab, Promise, Role, Whole, figure
from scalebook.services import Postgres, Redis

ORDERS_PER_SECOND = 250
WORK_SECONDS = 0.008
PAYMENT = "CREATE TABLE payment (name text PRIMARY KEY, paid int DEFAULT 1, tried int DEFAULT 1)"
PAY = "INSERT INTO payment VALUES (%s) ON CONFLICT (name) DO UPDATE SET tried = payment.tried + 1"


def load(services, at):
    services.redis.connect().xgroup_create("orders", "payment", id="0", mkstream=True)
    services.pg.run(PAYMENT)


class OwnPending(Client):
    """A worker keeps its name, and first asks for what was handed to it before it died."""

    pay = PAY

    def open(self, services):
        self.redis, self.db = services.redis.connect(), services.pg.connect(autocommit=True)
        self.name, self.place = f"worker {self.worker}", "0"

    def publish(self, name):
        self.redis.xadd("orders", {"name": name})

    def take(self):
        found = self.redis.xreadgroup("payment", self.name, {"orders": self.place}, 10, block=10)
        orders = found[0][1] if found else []
        self.place = self.place if orders else ">"  # First our own, then what nobody has had.
        return orders

    def work(self, _=None):
        orders = self.take()
        for _, order in orders:
            time.sleep(WORK_SECONDS)
            self.db.execute(self.pay, [order["name"]])
        self.acknowledge(orders)
        return [order["name"] for _, order in orders]

    def acknowledge(self, orders):
        if orders:
            self.redis.xack("orders", "payment", *(number for number, _ in orders))


class Claiming(OwnPending):
    """Names are new after each start; XAUTOCLAIM takes over what has rested for too long."""

    def open(self, services):
        super().open(services)
        self.name, self.place = f"{self.worker} of {time.perf_counter()}", ">"

    def take(self):
        _, orders, *_ = self.redis.xautoclaim("orders", "payment", self.name, self.at, count=10)
        return orders or super().take()


class NobodyClaims(Claiming):
    """Broken on purpose: names are new, and nobody asks for what the old ones held."""

    take = OwnPending.take


class AcknowledgesFirst(Claiming):
    """Broken on purpose: acknowledges when it has the orders, and then pays."""

    def take(self):
        orders = super().take()
        self.acknowledge(orders)
        return orders


class PaysAgain(Claiming):
    """Broken on purpose: an order that comes a second time is paid a second time."""

    pay = f"{PAY}, paid = payment.paid + 1"


def every_order_is_paid_once(run):
    """Each order that was put in is paid, and none of them twice."""
    idle_since = time.perf_counter()
    while time.perf_counter() < idle_since + 0.1 + run.at / 1000:
        idle_since = time.perf_counter() if run.client.work() else idle_since
    paid = dict(run.client.db.execute("SELECT name, paid FROM payment").fetchall())
    for order in run.history.ok("publish"):
        if paid.get(order.key) != 1:
            yield order.says(f"order {order.key} was paid {paid.get(order.key, 0)} times")


@figure("orders")
def tried_again(run):
    """Orders that somebody worked on although somebody had paid them already."""
    return run.client.db.execute("SELECT sum(tried - 1) FROM payment").fetchone()[0]


@figure("s")
def wait(run):
    """The longest, from the order to its first payment, as far as its worker lived to tell."""
    ended = {name: op.end for op in reversed(run.history.ok("work")) for name in op.result}
    return max(ended.get(op.key, 0) - op.start for op in run.history.ok("publish"))


GOOD, BROKEN = [OwnPending, Claiming], [NobodyClaims, AcknowledgesFirst, PaysAgain]
LAB = Lab(
    at=("ms of rest before a claim", [25, 100, 400]),
    services={"redis": Redis, "pg": Postgres(settings={"synchronous_commit": "off"})},
    load=load,
    roles=[Role("publish", rate=ORDERS_PER_SECOND), Role("work", clients=4)],
    variants=[*GOOD, *BROKEN],
    promises=[Promise(every_order_is_paid_once, kept_by=GOOD, broken_by=BROKEN)],
    trials=[Whole(0.9, faults=[Fault.kill("work", at=0.3, back=0.4)], figures=[tried_again, wait])],
    claim=Invariant(every_order_is_paid_once, technique=Claiming),
)
