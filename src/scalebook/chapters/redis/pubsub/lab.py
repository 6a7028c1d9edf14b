"""Pub/sub: how soon does a message reach n subscribers, and what do they miss while away?"""

from scalebook.lab import Client, Fault, Lab, Latency, Promise, Role, Whole, figure
from scalebook.lab.checks import at_least_once, at_most_once, in_order
from scalebook.services import Redis

POLL_SECONDS = 0.25
OFTEN_SECONDS = 0.05


class Polling(Client):
    """Messages go into a list; each subscriber asks four times a second for what is new."""

    seconds = POLL_SECONDS

    def open(self, services):
        self.redis = services.redis.connect()

    def publish(self, message):
        self.redis.rpush("news", message)

    def follow(self, deliver, stopped):
        place, over = f"place:{self.worker}", False
        seen = int(self.redis.get(place) or 0)
        while not over:
            over = stopped.wait(self.seconds)
            for message in self.redis.lrange("news", seen, -1):
                deliver(message)
                seen = self.redis.incr(place)


class PollingOften(Polling):
    """The same, twenty times a second."""

    seconds = OFTEN_SECONDS


class PubSub(Polling):
    """PUBLISH hands each message to whoever listens at that moment, and keeps nothing."""

    def publish(self, message):
        return self.redis.publish("news", message)

    def follow(self, deliver, stopped):
        channel = self.redis.pubsub(ignore_subscribe_messages=True)
        channel.subscribe("news")
        while not stopped.is_set():
            if message := channel.get_message(timeout=0.2):
                deliver(message["data"])


class Stream(Polling):
    """The message stays in a stream; each subscriber waits behind the last that it has seen."""

    def publish(self, message):
        self.redis.xadd("news", {"message": message})

    def follow(self, deliver, stopped):
        place = f"place:{self.worker}"
        last = self.redis.get(place) or "0"
        while not stopped.is_set():
            for _, entries in self.redis.xread({"news": last}, block=200) or []:
                for number, fields in entries:
                    deliver(fields["message"])
                    self.redis.set(place, last := number)


@figure("messages")
def missed(run):
    """What was acknowledged to the publisher and never reached a subscriber, on the average."""
    reached = {(op.key, op.session) for op in run.history.deliveries()}
    sent = {(op.key, n) for op in run.history.ok("publish") for n in range(run.listeners)}
    return len(sent - reached) / run.listeners


@figure("messages")
def came_twice(run):
    """What reached a subscriber more than once, on the average."""
    reached = [(op.key, op.session) for op in run.history.deliveries()]
    return (len(reached) - len(set(reached))) / run.listeners


def variants(subscribers):
    """Hundreds of subscribers that ask often would measure their own processors."""
    often = [PollingOften] if subscribers < 400 else []
    return [Polling, *often, PubSub, Stream]


def promises(subscribers):
    """At most once is what PUBLISH promises; who assumes more is wrong when somebody is away."""
    everybody = variants(subscribers)
    keepers = [variant for variant in everybody if variant is not PubSub]
    return [
        Promise(at_least_once, kept_by=everybody, under="whole"),
        Promise(at_most_once, kept_by=everybody, under="whole"),
        Promise(in_order, kept_by=everybody, under="whole"),
        Promise(at_most_once, kept_by=[PubSub], under="kill"),
        Promise(at_least_once, kept_by=keepers, broken_by=[PubSub], under="kill"),
    ]


AWAY = Fault.kill("follow", at=0.3, back=0.6)
LAB = Lab(
    at=("subscribers", [1, 10, 100, 400]),
    services={"redis": Redis},
    roles=lambda n: [
        Role("publish", rate=40 if n < 400 else 5),
        Role("follow", clients=n, listens=True),
    ],
    variants=variants,
    promises=promises,
    trials=lambda n: [
        Whole(0.4 if n < 400 else 1.0),
        Whole(1.0, faults=[AWAY], figures=[missed, came_twice]),
    ],
    claim=Latency(of="delivery", technique=PubSub, over=Polling),
)
