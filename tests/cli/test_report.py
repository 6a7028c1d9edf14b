import io
from collections.abc import Callable
from typing import Any

import pytest

from scalebook.cli.report import print_report, verdict_text
from scalebook.cli.screen import screen
from scalebook.results import (
    CheckRecord,
    Counterexample,
    Figure,
    PointRecord,
    Result,
    Validity,
    VariantRecord,
    VerdictRecord,
)

Make = Callable[..., Result]
MakePoint = Callable[..., PointRecord]


def printed(result: Result, width: int = 80) -> str:
    output = io.StringIO()
    console = screen(output)
    console.width = width
    print_report(result, console)
    text = output.getvalue()
    assert max(len(line) for line in text.splitlines()) <= width
    return text


def flat(text: str) -> str:
    """One long line, so that it does not matter where a sentence was broken."""
    return " ".join(text.replace("│", " ").split())


def test_the_report_answers_the_question(make_result: Make) -> None:
    text = flat(printed(make_result()))
    for said in (
        "Key-value cache (redis/key-value-cache, lab 1)",
        "How much faster is a product page",
        "“22x faster”, tested here as CacheAside over DatabaseOnly",
        "1.6x (1.4 - 1.8)",
        "60x (54 - 66)",
        "not resolvable",
        "120x (108 - 132)",
        "150 us",
        "redis 51 us",
        "✓ CacheAside kept it in 400 attempts (whole)",
        "✓ CacheForever breaks it, caught by seed 17 in 3 attempts (whole)",
        "Index Only Scan (review_product)",
        "redis get 1/op",
        "memory 12.3 KB",
        "showed a price 3.1 s after it changed",
        "again: scalebook run redis/key-value-cache --seed 17",
        "[imposed capacity] redis serves one request at once and holds each for 10 ms",
        "HOLDS FROM: CacheAside is 22x faster",
        "from about 310 reviews per product on (between 210 and 480)",
        "See it again: scalebook results show",
    ):
        assert said in text
    assert "write: CacheAside over DatabaseOnly 1.4x 1.4x" in text
    assert "noisy" not in text


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_line_is_wider_than_the_terminal(
    make_result: Make, make_point: MakePoint, width: int
) -> None:
    names = [f"AVariantWithAVeryLongName{letter}" * 2 for letter in "ABCDEF"]
    points = tuple(make_point(f"{n:,} rows of {n} bytes", 1.5, names) for n in (1, 10**6, 10**12))
    long = "word " * 60 + "x" * 200
    result = make_result(
        points=points,
        axis="rows of a table that is quite large",
        question=long,
        validity=Validity(valid=False, problems=(long,)),
        counterexamples=(
            Counterexample(
                promise=long,
                variant=names[0],
                trial="whole",
                caught=True,
                attempts=3,
                seed=1,
                witness=("x" * 300,),
            ),
        ),
    )
    printed(result, width)


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("holds", "HOLDS:"),
        ("holds-from", "HOLDS FROM:"),
        ("holds-up-to", "HOLDS UP TO:"),
        ("never", "NEVER:"),
        ("unresolved", "UNRESOLVED:"),
    ],
)
def test_each_verdict_has_its_word(make_result: Make, state: Any, word: str) -> None:
    verdict = VerdictRecord(state=state, crossing=None, reason="So it is.", claim="fast")
    assert verdict_text(make_result(verdict=verdict)).plain == f"{word} So it is."


def test_what_went_wrong_comes_before_the_verdict(make_result: Make) -> None:
    result = make_result(
        validity=Validity(valid=False, problems=("equal answers at 10: read differs",)),
        checks=(
            CheckRecord(
                promise="kept", variant="A", trial="whole", attempts=9, violations=2, witness=("w",)
            ),
        ),
        counterexamples=(
            Counterexample(promise="kept", variant="B", trial="whole", caught=False, attempts=60),
        ),
        noisy=True,
        interrupted=True,
        budget="quick",
        settings={"seed": 1, "TTL": 3},
    )
    text = flat(printed(result))
    for said in (
        "✗ A broke it: 2 violations in 9 attempts (whole)",
        "✗ B should break it, and was not caught in 60 attempts (whole)",
        "How A breaks “kept”",
        "What is wrong ✗ equal answers at 10: read differs",
        "INVALID, so no verdict counts. HOLDS FROM:",
        "[noisy machine]",
        "[interrupted]",
        "[quick]",
        "[changed] TTL=3",
    ):
        assert said in text
    assert "seed=1" not in text


def test_variants_that_were_tried_as_often_share_a_line(make_result: Make) -> None:
    checks = tuple(
        CheckRecord(promise="kept", variant=name, trial=trial, attempts=20, violations=0)
        for name in ("A", "B", "C")
        for trial in ("slices", "whole", "whole")
    )
    text = flat(printed(make_result(checks=checks, counterexamples=())))
    assert "✓ A, B and C kept it in 20 attempts (slices) each" in text
    assert "✓ A, B and C kept it in 40 attempts (whole) each" in text


def test_an_exact_lab_shows_its_figures(make_result: Make) -> None:
    statistics = {"memory": Figure.exact(12_304, "bytes")}
    points = tuple(
        PointRecord(
            point=n,
            variants={"Set": VariantRecord(statistics=statistics)},
        )
        for n in (100, 1_000_000)
    )
    text = flat(printed(make_result(points=points, axis="members")))
    assert "12.3 KB" in text
    assert "1,000,000" in text


def test_promises_alone_are_enough(make_result: Make) -> None:
    points = (PointRecord(point="read committed", variants={"Plain": VariantRecord()}),)
    verdict = VerdictRecord(state="never", crossing=None, reason="It breaks.", claim="ACID")
    text = flat(printed(make_result(points=points, verdict=verdict, floor={})))
    assert "NEVER: It breaks." in text
    assert flat(printed(make_result(points=(), verdict=verdict))).count("NEVER") == 1


def test_colours_only_on_terminals_that_want_them(
    make_result: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\x1b" not in printed(make_result())
    monkeypatch.setenv("FORCE_COLOR", "1")
    output = io.StringIO()
    print_report(make_result(), screen(output))
    assert "\x1b[1;33m" in output.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    output = io.StringIO()
    print_report(make_result(), screen(output))
    assert "33m" not in output.getvalue()
