"""Answers cannot be hard-coded: data, members and questions follow the seed of the check."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from scalebook.book import find
from scalebook.cli import main
from scalebook.practice.front import Exercise, judge
from scalebook.practice.judgement import Judgement

PRICES = '''"""Prices: how fast is one read?"""
from scalebook.lab import Client, Lab, Slices, Speedup, Workload
from scalebook.services import Postgres, Redis


def load(services, point):
    services.pg.run("""CREATE TABLE price AS SELECT id, (random() * 1e6)::int AS cents
                       FROM generate_series(0, 9) id""")
    services.redis.connect().set("tax", services.random.randrange(10**6))


class Plain(Client):
    """A query."""

    def open(self, services):
        self.db = services.pg.connect()
        self.redis = services.redis.connect()

    def price(self, key):
        return self.db.execute("SELECT cents FROM price WHERE id = %s", [key]).fetchone()[0]

    def tax(self, key):
        return int(self.redis.get("tax"))


class Fast(Plain):
    """The same."""

    def price(self, key):
        return super().price(key)

    def tax(self, key):
        return super().tax(key)


LAB = Lab(
    at=("rows", [1, 2]),
    services={"pg": Postgres, "redis": Redis},
    load=load,
    workload=Workload(mix={"price": 1, "tax": 1}, keys=10),
    variants=[Plain, Fast],
    trials=[Slices(seconds=0.02)],
    claim=Speedup(2, of="price", technique=Fast, over=Plain),
)
'''
HONEST = PRICES.replace(
    "return super().price(key)", "print('p', key, p := super().price(key)); return p"
).replace("return super().tax(key)", "print('t', key, t := super().tax(key)); return t")
HARD_CODED = """from scalebook.lab import Client

class Fast(Client):
    prices, taxes = {prices}, {taxes}

    def open(self, services):
        self.redis = services.redis.connect()

    def price(self, key):
        return self.prices.get(key, 1)

    def tax(self, key):
        self.redis.ping()
        return {tax}
"""
UNIQUE = '''"""Unique: how many bytes does a count need?"""
from scalebook.lab import Client, Exact, Lab, Saving, figure, within
from scalebook.services import Redis


class Kept(Client):
    """All of them."""

    def open(self, services):
        self.redis = services.redis.connect()

    def fill(self, members):
        self.redis.sadd("all", *members)

    def count(self):
        return self.redis.scard("all")

    @figure("bytes")
    def memory(self):
        return self.redis.memory_usage("all", samples=0)


class Sketch(Kept):
    """Their bits."""

    def fill(self, members):
        self.redis.pfadd("all", *members)

    def count(self):
        return self.redis.pfcount("all")


LAB = Lab(
    at=("members", [1000, 10_000]),
    services={"redis": Redis},
    variants=[Kept, Sketch],
    trials=[Exact("fill", seeds=2)],
    agree={"count": within(0.05)},
    claim=Saving(0.5, of="memory", technique=Sketch, over=Kept),
)
'''
Judge = Callable[..., Judgement]


@pytest.fixture
def judged(chapters: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judge:
    """Judge the answers of a solution to a lab, by a seed."""
    monkeypatch.delenv("SCALEBOOK_CACHE")

    def of(lab: str, text: str, seed: int | None) -> Judgement:
        folder = chapters / "redis" / "small"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "lab.py").write_text(lab)
        shown = str(tmp_path / "mine.py")
        return judge(Exercise(find("redis/small"), text, shown, parts=("answers",)), seed=seed)

    return of


def _answers(stray: str, mark: str) -> dict[int, int]:
    return {int(key): int(value) for key, value in re.findall(rf"{mark} (\d+) (\d+)", stray)}


def test_answers_learnt_from_one_seed_are_wrong_for_another(judged: Judge) -> None:
    honest = judged(PRICES, HONEST, 5)
    assert honest.verdict == "pass"
    prices, taxes = _answers(honest.stray, "p"), _answers(honest.stray, "t")
    assert len(set(taxes.values())) == 1
    table = HARD_CODED.format(prices=prices, taxes=taxes, tax=next(iter(taxes.values())))
    assert judged(PRICES, table, 5).verdict == "pass"
    other = judged(PRICES, table, 6)
    assert other.verdict == "fail"
    assert "answers" in other.findings[0].text
    assert _answers(judged(PRICES, HONEST, 5).stray, "p") == prices


def test_each_run_has_a_seed_of_its_own(judged: Judge) -> None:
    first, second = (judged(PRICES, HONEST, None) for _ in range(2))
    assert first.seed != second.seed
    assert _answers(first.stray, "t").values() != _answers(second.stray, "t").values()


def test_the_point_is_no_answer(judged: Judge) -> None:
    assert judged(UNIQUE, UNIQUE, 5).verdict == "pass"
    guess = UNIQUE.replace('return self.redis.pfcount("all")', "return self.at")
    found = judged(UNIQUE, guess, 5)
    assert found.verdict == "fail"
    assert "count" in found.findings[0].text


def test_the_memory_of_the_process_is_no_engine(
    chapters: Path, tmp_path: Path, judged: Judge
) -> None:
    from tests.practice.tally import LAB

    text = """import collections
from scalebook.lab import Client

class Incr(Client):
    counts = collections.Counter()

    def open(self, services):
        self.redis = services.redis.connect()

    def increment(self, key):
        self.counts[key] += 1
        return 1

    def total(self, key):
        return self.counts[key]
"""
    found = judged(LAB, text, 5)
    assert found.verdict == "fail"
    assert "without one command to an engine" in found.findings[0].text


def test_an_ordinary_run_repeats_its_data_by_its_seed(
    judged: Judge, capsys: pytest.CaptureFixture[str]
) -> None:
    judged(PRICES, PRICES, 5)
    lab = find("redis/small").folder / "lab.py"
    noted = "\n".join(
        line.replace("super().tax(key)", "(print('t', key, t := super().tax(key)), t)[1]")
        for line in PRICES.splitlines()
    )
    lab.write_text(noted)
    seen = []
    for seed in ("5", "5", "6"):
        main(["run", "--quick", "small", "--seed", seed, "--at", "1"])
        seen.append(set(_answers(capsys.readouterr().out, "t").values()))
    assert seen[0] == seen[1] != seen[2]
