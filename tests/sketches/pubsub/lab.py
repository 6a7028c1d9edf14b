"""What does a subscriber miss while it is away?"""

# mypy: ignore-errors

from scalebook.lab import Client, Fault, Lab, Latency, Promise, Role, Whole
from scalebook.lab.checks import at_least_once, at_most_once
from scalebook.services import Redis

SECONDS = 2.0


class PubSub(Client):
    """Redis pushes to whoever listens at that moment."""

    def open(self, services):
        self.redis = services.redis.connect()

    def publish(self, message):
        self.redis.publish("news", message)

    def follow(self, deliver, stopped):
        channel = self.redis.pubsub(ignore_subscribe_messages=True)
        channel.subscribe("news")
        while not stopped.is_set():
            if message := channel.get_message(timeout=0.1):
                deliver(message["data"])


class Stream(PubSub):
    """A stream keeps the messages, and each subscriber keeps its place in it."""

    def publish(self, message):
        self.redis.xadd("news", {"id": message})

    def follow(self, deliver, stopped):
        while not stopped.is_set():
            place = f"at:{self.worker}"
            last = self.redis.get(place) or "0"
            for _, entries in self.redis.xread({"news": last}, block=100) or []:
                for position, fields in entries:
                    deliver(fields["id"])
                    self.redis.set(place, position)


LAB = Lab(
    at=("subscribers", [2]),
    services={"redis": Redis},
    roles=lambda subscribers: [
        Role("publish", rate=50),
        Role("follow", clients=subscribers, listens=True),
    ],
    variants=[Stream, PubSub],
    promises=[
        Promise(at_most_once, kept_by=[Stream, PubSub], under="whole"),
        Promise(at_least_once, kept_by=[Stream, PubSub], under="whole"),
        Promise(at_least_once, kept_by=[Stream], broken_by=[PubSub], under="kill"),
    ],
    trials=[
        Whole(seconds=0.4),
        Whole(
            seconds=SECONDS, faults=[Fault.kill("follow", at=0.25 * SECONDS, back=0.5 * SECONDS)]
        ),
    ],
    claim=Latency(of="delivery", technique=PubSub, over=Stream),
)
