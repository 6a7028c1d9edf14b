"""Pub/sub patterns: what do they cost, and does who was cut off know what it has missed?

Others follow n silent rooms. Who follows the news stands still until the server cuts it off.
"""

from scalebook.lab import Client, Fault, Lab, Latency, Promise, Role, Whole, figure
from scalebook.services import Redis

SUBSCRIBERS = 3
RATE = 100  # Messages a second.
BYTES = 12_000  # Of a message.
SETTINGS = {"client-output-buffer-limit": "pubsub 512kb 0 0", "notify-keyspace-events": "E$"}
PUBLISH = """local n = redis.call('HINCRBY', KEYS[1], 'sent', 1)
    return redis.call('PUBLISH', ARGV[1], n .. ' ' .. ARGV[2] .. ' ' .. ARGV[3])"""
SET = """local n = redis.call('HINCRBY', KEYS[1], 'sent', 1)
    redis.call('SET', ARGV[1] .. n, n .. ' ' .. ARGV[2] .. ' ' .. ARGV[3], 'EX', 2)"""


class Uncounted(Client):
    """Broken on purpose: whoever is cut off subscribes again and knows of no gap."""

    script, target = PUBLISH, "room:news:said"
    subscribe, news, room = "psubscribe", "room:news:*", "room:{}:*"

    def open(self, services):
        self.redis = services.redis.connect()
        if self.worker == 0:
            self.others = self.redis.pubsub()
            getattr(self.others, self.subscribe)(*map(self.room.format, range(self.at)))
            for _ in range(self.at):
                self.others.get_message(timeout=1)

    def publish(self, message):
        return self.redis.eval(self.script, 1, "count", self.target, message, "." * BYTES)

    def follow(self, deliver, stopped):
        with self.redis.pubsub(ignore_subscribe_messages=True) as channel:
            getattr(channel, self.subscribe)(self.news)
            while not stopped.is_set():
                if event := channel.get_message(timeout=0.2):
                    self.receive(event["data"], deliver)

    def receive(self, text, deliver):
        deliver(text.split()[1])

    def drop(self, messages):
        if messages:
            self.redis.hincrby("count", "dropped", messages)


class TrustsTheAnswer(Uncounted):
    """Broken on purpose: takes for delivered what PUBLISH says it has reached."""

    def publish(self, message):
        self.drop(SUBSCRIBERS - super().publish(message))


class Pattern(Uncounted):
    """Messages bear numbers: a subscriber reports those that it did not see as dropped."""

    seen = 0

    def follow(self, deliver, stopped):
        super().follow(deliver, stopped)
        self.drop(int(self.redis.hget("count", "sent") or 0) - self.seen)

    def receive(self, text, deliver):
        number, message, _ = text.split()
        self.drop(int(number) - self.seen - 1)
        deliver(message)
        self.seen = int(number)


class Channel(Pattern):
    """The same, but everybody names a channel, which the server looks up."""

    subscribe, news, room = "subscribe", "room:news:said", "room:{}:said"


class KeyEvents(Channel):
    """A message is a key; the server tells everybody which was set, and they read it."""

    script, target = SET, "room:news:"
    news = "__keyevent@0__:set"

    def receive(self, text, deliver):
        if message := self.redis.get(text):  # What has expired is a gap like any other.
            super().receive(message, deliver)


@figure("messages")
def dropped(run):
    """Of all that were sent, how many did not reach a subscriber, on the average."""
    return len(run.history.ok("publish")) - len(run.history.deliveries()) / run.listeners


@figure("connections")
def cut_off(run):
    return len(run.history.named("follow"))  # A subscription that ended with an error.


def delivered_and_dropped_are_what_was_sent(run):
    """All subscribers together know how many messages they were not given."""
    sent, delivered = len(run.history.ok("publish")), len(run.history.deliveries())
    dropped = int(run.client.redis.hget("count", "dropped") or 0)
    if delivered + dropped != sent * run.listeners:
        yield f"{delivered} delivered + {dropped} dropped, of {run.listeners} x {sent} sent"


COUNTED, BROKEN = [Channel, KeyEvents, Pattern], [Uncounted, TrustsTheAnswer]
STILL = Fault.pause("follow", at=0.3, until=1.3)
LAB = Lab(
    at=("rooms", [1, 1_000, 5_000]),
    services={"redis": Redis(settings=SETTINGS)},
    roles=[Role("publish", rate=RATE), Role("follow", clients=SUBSCRIBERS, listens=True)],
    variants=[*COUNTED, *BROKEN],
    promises=[Promise(delivered_and_dropped_are_what_was_sent, COUNTED, BROKEN)],
    trials=[Whole(0.5), Whole(1.6, faults=[STILL], figures=[dropped, cut_off])],
    claim=Latency(of="delivery", technique=Pattern, over=KeyEvents),
)
