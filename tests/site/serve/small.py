"""A small book for a browser: one unit with a lab, measured on real engines, and its page."""

from __future__ import annotations

from pathlib import Path

from benchmarks.trust.place import Place

__all__ = ["UNIT", "write_book"]

UNIT = "mine/batching"
LAB = '''"""Batching: how much faster is one MGET than as many GETs?"""

from scalebook.lab import Client, Command, Lab, Slices, Speedup, Workload
from scalebook.services import Redis

SIZE = 20
SLICE_SECONDS = 0.08


def load(services, keys):
    services.redis.connect().mset({number: "x" * SIZE for number in range(keys)})


class OneByOne(Client):
    """A round trip for every key."""

    uses = {"read": Command("GET")}

    def open(self, services):
        self.redis = services.redis.connect()

    def read(self, key):
        return [self.redis.get(number) for number in range(self.at)]


class AllAtOnce(OneByOne):
    """One round trip for all of them."""

    uses = {"read": Command("MGET")}

    def read(self, key):
        return self.redis.mget(range(self.at))


LAB = Lab(
    at=("keys", [1, 20, 100]),
    services={"redis": Redis},
    load=load,
    workload=Workload(mix={"read": 1}),
    variants=[OneByOne, AllAtOnce],
    trials=[Slices(seconds=SLICE_SECONDS)],
    claim=Speedup(5, of="read", technique=AllAtOnce, over=OneByOne),
)
'''
PAGE = """---
title: Batching
takeaway: A round trip costs more than what it carries.
summary: One MGET in place of many GETs.
difficulty: first steps
tags: [redis]
predict:
  question: How many times faster is one MGET of 20 keys than 20 GETs?
  answer: "{{ratio at=20 rough=yes}}"
  low: 1
  high: 100
  unit: times faster
questions:
  - {ask: One?, answer: One.}
  - {ask: Two?, answer: Two.}
  - {ask: Three?, answer: Three.}
---

## The pain {#pain}

With 20 keys it is {{ratio at=20 rough=yes}}, with 100 {{ratio at=100 rough=yes}}.

## Measured {#measured}

::: curve
title: More keys, more gain
sub: AllAtOnce over OneByOne
:::

## The code {#code}

::: code AllAtOnce.read
:::
"""


def write_book(place: Place) -> None:
    """Put the book into the place, and measure its reference on this machine."""
    folder: Path = place.folder / "chapters" / "mine" / "batching"
    folder.mkdir(parents=True)
    (folder / "lab.py").write_text(LAB, encoding="utf-8")
    (folder / "article.md").write_text(PAGE, encoding="utf-8")
    place.env["SCALEBOOK_CHAPTERS"] = str(place.folder / "chapters")
    done = place.call("run", UNIT, "--reference")
    if done.returncode:
        raise RuntimeError(done.stderr)
