"""A small book of its own for each test, beside the real one."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest

from scalebook.book.diagrams import DiagramCache
from scalebook.book.page import Book
from scalebook.book.render_page import Rendered, render
from scalebook.results import (
    Bucket,
    CapacityRecord,
    CheckRecord,
    Counterexample,
    CrossingRecord,
    Environment,
    Evidence,
    Figure,
    OpFigures,
    PointRecord,
    RatioRecord,
    Result,
    ServiceRecord,
    TimelineRecord,
    TrialRecord,
    Validity,
    VariantRecord,
    VerdictRecord,
    Window,
    WitnessStep,
    digest,
    write_reference,
)

Add = Callable[..., Path]


@pytest.fixture
def chapters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of chapters, which stands alone: the book itself is not looked at."""
    root = tmp_path / "chapters"
    root.mkdir()
    book = tmp_path / "book"
    book.mkdir()
    monkeypatch.setattr("scalebook.book.units.BOOK", book)
    monkeypatch.setenv("SCALEBOOK_CHAPTERS", str(root))
    return root


@pytest.fixture
def add(chapters: Path) -> Add:
    """Write a unit: add("redis/counter", **{"lab.py": text})."""

    def write(unit: str, files: dict[str, str] | None = None) -> Path:
        folder = chapters / unit.replace("-", "_")
        folder.mkdir(parents=True)
        for name, text in (files or {"lab.py": '"""How fast?\n\nMore.\n"""\n'}).items():
            (folder / name).write_text(text)
        return folder

    return write


LAB = '''"""Cache: how much faster is a read?"""

TTL = 0.8
KEEPER = "shop"
PARTS = [1, 2]
SCRIPT = """
return redis.call("GET", KEYS[1])
"""


def load(services, rows):
    """Fill the table."""
    services.pg.run(f"INSERT {rows}")


class Plain:
    def read(self, key):
        # Every read is computed.
        value = self.db.get(key)
        return value


class Cached(Plain):
    """Keeps a copy."""

    ttl = TTL

    def read(self, key):
        if (copy := self.cache.get(key)) is not None:
            return copy
        value = super().read(key)
        self.cache.set(key, value)
        return value

    def drop(self, key):
        self.cache.delete(key)
'''

PAGE = """---
title: Cache
takeaway: A cache repays the work that it skips.
summary: What a cache is worth, and from which size on.
difficulty: working
tags: [cache]
prerequisites: [shop/notes]
related: [redis/counter]
sources:
  - key: nishtala
    title: Scaling Memcache
    author: R. Nishtala
    publisher: USENIX
    date: "2013"
    url: https://www.usenix.org/paper
  - key: rumour
    title: A talk
    publisher: Somebody
    date: "2014-05"
    url: https://example.com/talk?a=1&b=2
    unverified: true
users:
  - company: Facebook
    source: nishtala
    date: "2013"
    what: A cache before MySQL.
predict:
  question: How many times faster is a read of 1,000 rows?
  answer: "{{ratio at=1000}}"
  low: 1
  high: 100
  unit: times faster
assume:
  views: {value: 40000, unit: views/s, why: a large shop}
  busy: {value: 0.5, unit: share of a core, source: rumour}
questions:
  - ask: Why delete the copy?
    answer: Because {{ratio at=1000}} is enough.
    follow_up: And then?
    red_flag: It is faster.
  - {ask: Two?, answer: Two.}
  - {ask: Three?, answer: Three.}
---

## The same sum, again {#pain}

A read costs {{stat Plain "read median" at=1000}}, and a copy {{ratio at=1000}} less[^why].
The claim is {{claimed "22×" nishtala}}; see [@rumour] and [[shop/notes]].

[^why]: Because "it" is kept.

- one
- two

## The idea {#idea}

::: note
title: Beside
A *note* with {{setting TTL}} s.
:::

```mermaid title="What a miss does"
sequenceDiagram
  App->>Cache: GET
```

| variant | time |
|---|--:|
| Plain | {{stat Plain "read median" at=1000}} |

## The code {#code}

::: code Cached.read
:::

## Measured {#measured}

::: verdict
:::

::: curve
title: True from {{crossing}} rows
sub: Cached over Plain
---
A caption with {{model "views * stat('Plain', 'read median', at=1000) / busy" unit=cores}}.
:::

::: model
:::
"""

NOTES = """---
title: Notes
takeaway: Notes on caches.
summary: What was measured elsewhere.
difficulty: deep
tags: [cache]
questions:
  - {ask: One?, answer: One.}
  - {ask: Two?, answer: Two.}
  - {ask: Three?, answer: Three.}
backing: Measurements of the cache.
---

## What we know {#pain}

The cache is {{shop/cache: ratio at=1000}} faster, see [[shop/cache|the cache]].
"""


UNRESOLVED: dict[str, Any] = {
    "kind": "floor-corrected",
    "value": None,
    "low": None,
    "high": None,
    "resolvable": False,
    "note": "too small",
}


def _ratio(value: float, spread: float, **changes: Any) -> RatioRecord:
    facts: dict[str, Any] = {
        "op": "read",
        "statistic": "median",
        "technique": "Cached",
        "over": "Plain",
        "kind": "application",
        "value": value,
        "low": value / spread,
        "high": value * spread,
        "pairs": 12,
    }
    return RatioRecord(**{**facts, **changes})


def _variant(median: float, **evidence: Any) -> VariantRecord:
    ops = {"read": OpFigures(count=100, median=median, p95=median, p99=median, max=2 * median)}
    trial = TrialRecord(seed=1, pair=0, order=0, kind="whole", seconds=1, ops=ops)
    statistics = {
        "read median": Figure(value=median, low=0.9 * median, high=1.1 * median, n=12, unit="s"),
        "read p99": Figure(value=median, low=0.2 * median, high=3 * median, n=12, unit="s"),
        "read throughput": Figure(value=12345, low=12000, high=12500, n=12, unit="1/s"),
    }
    return VariantRecord(
        trials=(trial,) * 2, statistics=statistics, evidence=Evidence.model_validate(evidence)
    )


def _point(point: int, ratio: float, side: Literal["above", "below"]) -> PointRecord:
    figures = {
        "memory": Figure.exact(16384, "bytes"),
        "error": Figure(value=0.0058, low=0.005, high=0.0066, n=5, unit="relative error"),
        "shaky": Figure(value=0.002, low=-0.003, high=0.007, n=5, unit="relative error"),
        "once": Figure(value=12, n=1, unit="per trial"),
    }
    counters = {"read: buffers": Figure.exact(6, "per operation")}
    plan = {"Plan": {"Node Type": "Seq Scan", "Actual Total Time": 1.5, "Actual Rows": 3}}
    more = {"figures": figures, "counters": counters, "plans": {"read": plan}}
    return PointRecord(
        point=point,
        variants={"Plain": _variant(8.6e-4, **more), "Cached": _variant(9.1e-5, **more)},
        ratios=(
            _ratio(ratio, 1.05, claim=True),
            _ratio(2 * ratio, 3, kind="engine"),
            RatioRecord(**{**_ratio(1, 1).model_dump(), **UNRESOLVED}),
        ),
        side=side,
    )


def _timelines() -> tuple[TimelineRecord, ...]:
    percentiles = {"read": {"50": 0.001, "99": 0.4, "100": 1.2}}
    buckets = {"read": tuple(Bucket(at=at, ok=9, worst=0.1 * at) for at in (0.5, 1.5, 2.5))}
    return tuple(
        TimelineRecord(
            variant=name,
            trial="pause",
            point=10,
            seed=1,
            seconds=3,
            windows=(Window(kind="pause", target="pg", start=1, end=2),),
            buckets=buckets,
            percentiles=percentiles,
        )
        for name in ("Plain", "Cached")
    )


def _caught() -> Counterexample:
    steps = tuple(
        WitnessStep(who=who, what="GET", answer="41", start=at, end=at + 0.5)
        for who, at in (("reader", 0.0), ("writer", 0.2))
    )
    return Counterexample(
        promise="never stale",
        variant="Cached",
        trial="whole",
        caught=True,
        attempts=2,
        point=10,
        witness=("the reader saw 41 again",),
        steps=steps,
    )


def shop_result(lab: Path) -> Result:
    """A result of the small lab, with one of everything."""
    return Result(
        run="8f3c2a112233",
        unit="shop/cache",
        number=None,
        title="Cache",
        started=datetime(2026, 11, 21, tzinfo=UTC),
        finished=datetime(2026, 11, 21, 0, 1, tzinfo=UTC),
        axis="rows",
        points=(_point(10, 2.4, "below"), _point(1000, 9.4, "above")),
        checks=(
            CheckRecord(
                promise="never stale", variant="Plain", trial="whole", attempts=9, violations=0
            ),
        ),
        counterexamples=(_caught(),),
        timelines=_timelines(),
        floor={"redis": Figure(value=6.6e-5, low=6.3e-5, high=7e-5, n=10, unit="s")},
        verdict=VerdictRecord(
            state="holds-from",
            crossing=CrossingRecord(at=263.4, low=248, high=281),
            reason="Cached is 5x faster than Plain from about 260 rows on (between 250 and 280).",
            claim="5x faster",
            factor=5.0,
            metric="speedup",
            technique="Cached",
            over="Plain",
        ),
        validity=Validity(valid=True),
        environment=Environment(
            cpu="Model 1",
            cores=2,
            memory_gb=8,
            system="Linux x86_64",
            kernel="6.1",
            python="CPython 3.11.2",
            clients={"redis": "6.0"},
            load_before=0.1,
            fsync_seconds=0.0006,
            fingerprint="f1",
        ),
        services={
            "pg": ServiceRecord(
                kind="postgresql",
                version="18.1",
                label="PostgreSQL 18.1",
                source="wheel",
                capacity=CapacityRecord(slots=4, seconds=0.005),
            )
        },
        digest=digest(lab),
        engine_revision=1,
    )


@dataclass
class Shop:
    """A small book: a page with a lab, and a page without one that quotes it."""

    folder: Path
    diagrams: DiagramCache

    @property
    def lab(self) -> Path:
        return self.folder / "lab.py"

    @property
    def article(self) -> Path:
        return self.folder / "article.md"

    @property
    def result(self) -> Path:
        return self.folder / "result.json"

    def render(self, unit: str = "shop/cache") -> Rendered:
        book = Book()
        page = book.page(unit)
        return render(page, book, diagrams=self.diagrams, link=lambda unit: f"../{unit}.html")

    def with_text(self, body: str) -> Rendered:
        """The page with another body, one line below the front matter."""
        head = PAGE.split("\n---\n")[0]
        self.article.write_text(f"{head}\n---\n{body}\n\n[@rumour]\n")
        return self.render()

    def change(self, **changes: Any) -> None:
        """Change the result by fields of the record."""
        data = json.loads(self.result.read_text())
        data.update(changes)
        self.result.write_text(json.dumps(data))

    def write(self) -> None:
        """Put every file as it was."""
        self.lab.write_text(LAB)
        self.article.write_text(PAGE)
        write_reference(shop_result(self.lab), self.result)


FIRST_LINE = PAGE.split("\n---\n")[0].count("\n") + 3
"""The line of the first line of the body."""


@pytest.fixture
def shop(add: Add, tmp_path: Path) -> Shop:
    folder = add("shop/cache", {"lab.py": LAB, "article.md": "", "result.json": ""})
    add("shop/notes", {"article.md": NOTES})
    found = Shop(folder, DiagramCache(tmp_path / "diagrams"))
    found.write()
    return found


@pytest.fixture
def first_line() -> int:
    """The line of the file on which the body of the shop's page begins."""
    return FIRST_LINE
