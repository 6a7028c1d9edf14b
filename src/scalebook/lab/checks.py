"""The stock checks: promises that many labs make, each proven both ways in our own tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from scalebook.lab.history import Op, Run, Violation
from scalebook.lab.promise import Check, stock

__all__ = [
    "at_least_once",
    "at_most",
    "at_most_once",
    "conserved",
    "counted",
    "fresh_within",
    "in_order",
    "no_gap",
]


def _received(run: Run) -> Iterator[list[Op]]:
    """The deliveries of each listener, in the order of their arrival."""
    for session in run.history.sessions():
        deliveries = session.deliveries()
        if deliveries:
            yield deliveries


@stock
def at_least_once(run: Run) -> Iterator[Violation]:
    """Every acknowledged message reaches every listener."""
    seen = {(op.key, op.session) for op in run.history.deliveries()}
    for publish in run.history.ok("publish"):
        missed = [s for s in range(run.listeners) if (publish.key, s) not in seen]
        if missed:
            who = f"listener {missed[0]}" if len(missed) == 1 else f"{len(missed)} listeners"
            yield publish.says(f"message {publish.key} never reached {who}")


@stock
def at_most_once(run: Run) -> Iterator[Violation]:
    """No message reaches the same listener twice."""
    for deliveries in _received(run):
        first: dict[Any, Op] = {}
        for op in deliveries:
            if op.key in first:
                text = f"message {op.key} reached listener {op.session} twice"
                yield Violation(text, (first[op.key], op))
            first.setdefault(op.key, op)


@stock
def in_order(run: Run) -> Iterator[Violation]:
    """Each listener sees the messages of one publisher in the order of their publishing."""
    for deliveries in _received(run):
        latest: dict[int, Op] = {}
        for op in deliveries:
            if op.cause is None:
                continue
            before = latest.get(op.cause.session)
            if before is not None and before.cause is not None and _earlier(op.cause, before.cause):
                yield Violation(f"message {op.key} arrived after {before.key}", (before, op))
            latest[op.cause.session] = op


def _earlier(one: Op, other: Op) -> bool:
    return one.end <= other.start


@stock
def no_gap(run: Run) -> Iterator[Violation]:
    """Between the first and the last message that a listener saw, it missed none."""
    published = sorted(run.history.ok("publish"), key=lambda op: op.start)
    place = {op.key: i for i, op in enumerate(published)}
    for deliveries in _received(run):
        places = {place[op.key] for op in deliveries if op.key in place}
        for i in range(min(places, default=0), max(places, default=0)):
            if i not in places:
                who = deliveries[0].session
                yield published[i].says(f"listener {who} missed message {published[i].key}")


def counted(of: str, read: str) -> Check:
    """The final value, `client.read(key)`, is the number of acknowledged operations `of`.

    Operations whose answer was lost may or may not count.
    """

    def every_acknowledged_one_counts(run: Run) -> Iterator[Violation]:
        with run.settled():
            for key, history in run.history.by_key().items():
                acknowledged, unknown = history.ok(of), history.unknown(of)
                if not acknowledged and not unknown:
                    continue
                value = getattr(run.client, read)(key)
                batch = run.batches.get(of, 1)
                least = batch * len(acknowledged)
                if not least <= value <= least + batch * len(unknown):
                    text = f"key {key}: {least} acknowledged, the value is {value}"
                    yield Violation(text, tuple((acknowledged + unknown)[:6]))

    return stock(every_acknowledged_one_counts)


def at_most(limit: int, of: str) -> Check:
    """At most `limit` operations `of` per key return something true."""

    def no_more_than_there_are(run: Run) -> Iterator[Violation]:
        for key, history in run.history.by_key().items():
            granted = [op for op in history.ok(of) if op.result]
            if len(granted) > limit:
                yield Violation(f"key {key}: {len(granted)} granted of {limit}", tuple(granted[:6]))

    return stock(no_more_than_there_are)


def conserved(total: Callable[[Any], float], expected: float) -> Check:
    """After all is settled, `total(services)` is what it was at the start, `expected`."""

    def the_total_is_conserved(run: Run) -> Iterator[str]:
        with run.settled() as services:
            value = total(services)
        if value != expected:
            yield f"the total is {value}, it was {expected}"

    return stock(the_total_is_conserved)


def fresh_within(seconds: float, read: str = "read", write: str = "write") -> Check:
    """A version that was replaced more than `seconds` before a read began is never shown.

    Both operations return the version of their key, which each write raises.
    """

    def no_version_older_than_allowed(run: Run) -> Iterator[Violation]:
        replaced = {(op.key, op.result - 1): op for op in run.history.ok(write)}
        for op in run.history.ok(read):
            later = replaced.get((op.key, op.result))
            if later is not None and op.start - later.end > seconds:
                age = op.start - later.end
                text = f"read version {op.result}, {age:.2f} s after it was replaced"
                yield Violation(text, (later, op))

    return stock(no_version_older_than_allowed)
