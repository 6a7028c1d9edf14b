"""Is an order ever half done when a participant dies between its steps?"""

# mypy: ignore-errors

import contextlib
import time

import redis

from scalebook.lab import Client, Fault, Invariant, Lab, OpenLoop, Program, Promise, Whole, Workload
from scalebook.services import Postgres, Redis

WORK_SECONDS = 0.02
PATIENCE_SECONDS = 20.0


class Orders(Program):
    """The order service: keeps the order and asks for its payment."""

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)
        self.bus = services.bus.connect()

    def handle(self, path, body):
        row = self.db.execute("INSERT INTO orders (item) VALUES (%s) RETURNING id", [body["item"]])
        number = row.fetchone()[0]
        self.bus.xadd("payment", {"order": number})
        return 201, {"order": number}


class Payment(Program):
    """Takes the money for each order once, then acknowledges; a second time changes nothing."""

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)
        self.bus = services.bus.connect()
        with contextlib.suppress(redis.ResponseError):  # The group outlives this process.
            self.bus.xgroup_create("payment", "payment", id="0", mkstream=True)

    def run(self, stopped):
        place = "0"  # First what was handed out before this process died,
        while not stopped.is_set():
            found = self.bus.xreadgroup("payment", "one", {"payment": place}, count=10, block=50)
            messages = found[0][1] if found else []
            if not messages:
                place = ">"  # then what is new.
            self.work(messages)

    def work(self, messages):
        for message, fields in messages:
            self.pay(fields["order"])
            self.acknowledge(message)

    def pay(self, order):
        time.sleep(WORK_SECONDS)
        self.db.execute("INSERT INTO payment VALUES (%s) ON CONFLICT DO NOTHING", [order])

    def acknowledge(self, *messages):
        self.bus.xack("payment", "payment", *messages)


class ForgetfulPayment(Payment):
    """Broken on purpose: acknowledges before it works."""

    def work(self, messages):
        if messages:
            self.acknowledge(*(message for message, _ in messages))
        for _, fields in messages:
            self.pay(fields["order"])


class Orchestrated(Client):
    """The participants do their work before they acknowledge it."""

    programs = {"orders": Orders, "payment": Payment}

    def open(self, services):
        self.orders = services.orders.http()

    def order(self, item):
        return self.orders.post("/order", item=item).json["order"]


class Forgetful(Orchestrated):
    """Broken on purpose: the payment acknowledges first."""

    programs = {"orders": Orders, "payment": ForgetfulPayment}


def each_order_is_paid(run):
    """After the dust has settled each order is paid."""
    with run.settled() as services:
        _drained(services.bus.connect())
        sql = "SELECT id FROM orders WHERE id NOT IN (SELECT id FROM payment) ORDER BY id"
        for (number,) in services.pg.connect(autocommit=True).execute(sql):
            yield f"order {number} is never paid"


def _drained(bus):
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while time.perf_counter() < deadline:
        group = bus.xinfo_groups("payment")[0]
        if not group["pending"] and not group["lag"]:
            return
        time.sleep(0.05)


LAB = Lab(
    at=("kill seconds", [0.7]),
    services={"pg": Postgres, "bus": Redis},
    load="""CREATE TABLE orders (id serial PRIMARY KEY, item int);
            CREATE TABLE payment (id int PRIMARY KEY)""",
    workload=Workload(mix={"order": 1}, keys=100, arrivals=OpenLoop(60, workers=4)),
    variants=[Orchestrated, Forgetful],
    promises=[Promise(each_order_is_paid, kept_by=[Orchestrated], broken_by=[Forgetful])],
    trials=lambda kill: [
        Whole(seconds=1.5, faults=[Fault.kill("payment", at=kill, back=kill + 0.2)])
    ],
    claim=Invariant(each_order_is_paid, technique=Orchestrated),
)
