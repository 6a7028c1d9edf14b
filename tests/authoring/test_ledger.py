import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from scalebook.authoring.ledger import STATES, Ledger, LedgerRow, make_ledger
from scalebook.authoring.tested import curve_of, decisive, where_true
from scalebook.book import PublishedClaim, load_catalogue
from scalebook.book.published import VERDICTS, load_published
from scalebook.book.units import BOOK
from scalebook.cli import main
from scalebook.results import Result, read_reference


def row_of(ledger: Ledger, unit: str) -> LedgerRow:
    return next(row for row in ledger.rows if row.unit == unit)


def reference(good: Path) -> Result:
    found = read_reference(good / "redis" / "hyperloglog" / "result.json")
    assert found is not None
    return found


def test_every_claim_of_the_catalogue_has_a_row(chapters: Path) -> None:
    ledger, catalogue = make_ledger(), load_catalogue()
    assert [row.unit for row in ledger.rows] == [e.id for e in catalogue.entries if e.claim]
    assert ledger.counts == dict.fromkeys(STATES, 0) | {"not-tested": len(ledger.rows)}
    assert {row.where for row in ledger.rows} == {"no lab yet"}
    assert all(row.ours is None and row.curve == () for row in ledger.rows)
    assert ledger.wanted == {"labs": 100, "systems": 17, "articles": 124}


def test_figures_are_said_as_published(chapters: Path) -> None:
    ledger = make_ledger()
    said: dict[str, tuple[str, Any]] = {
        row.unit: (row.factor_text, row.factor) for row in ledger.rows
    }
    assert said["redis/counter"] == ("500×", 500)
    assert said["databases/read-replicas"] == ("8.3×", 8.3)
    assert said["redis/hyperloglog"][0] == "99.6 %"
    assert said["redis/hyperloglog"][1] == pytest.approx(250)
    assert said["databases/connection-pooling"] == ("100,000/s", 1.0)
    assert said["realtime/client-prediction"] == ("20 ms", 1.0)
    assert said["redis/distributed-lock"] == ("promise", None)


def test_what_primary_sources_say_stands_beside(chapters: Path) -> None:
    ledger, catalogue = make_ledger(), load_catalogue()
    published = load_published()
    assert {fact.unit for fact in published.facts} <= set(catalogue.by_id)
    lock = row_of(ledger, "redis/distributed-lock").published
    assert lock is not None
    assert (lock.verdict, lock.label) == ("contradicted", VERDICTS["contradicted"])
    rest = row_of(ledger, "redis/counter").published
    assert rest is not None
    assert (rest.verdict, rest.figure) == ("no-source", "500x faster")
    assert row_of(ledger, "microservices/outbox").published is None
    others = {(fact.unit, fact.figure) for fact in ledger.others}
    assert ("systems/audio-streaming", "574M users") in others
    assert len(others) + 7 == len(published.facts)


def claimed(result: Result) -> list[tuple[float, int]]:
    """The claim's ratio at each point, with the point."""
    return [
        (ratio.value, int(point.point))
        for point in result.points
        for ratio in point.ratios
        if ratio.claim and ratio.value is not None
    ]


def test_a_tested_claim_is_quoted_at_the_point_nearest_to_it(good: Path) -> None:
    row = row_of(make_ledger(), "redis/hyperloglog")
    result = reference(good)
    assert (row.state, row.standing) == (result.verdict.state, "current")
    assert (row.run, row.measured_on) == (result.run, result.started.date())
    assert row.ours is not None
    value, point = min(claimed(result), key=lambda found: abs(math.log(found[0] / 250)))
    assert (row.ours.at, row.ours.why) == (f"{point:,} members", "nearest the claim")
    assert row.ours.value == pytest.approx(value)
    assert row.ours.text == f"{100 - 100 / value:.2f} %"
    assert row.ours.share == pytest.approx(row.ours.value / 250)
    assert row.crossing is not None
    assert row.where.startswith("from ")
    assert "members [" in row.where
    assert [point.label for point in row.curve][:2] == ["100", "1,000"]
    assert row.span is not None
    assert row.span[0] < 1 < row.span[1]
    assert (row.has_lab, row.has_page, row.remedy) == (True, True, "")


def test_a_stale_or_invalid_result_is_never_quoted(good: Path) -> None:
    folder = good / "redis" / "hyperloglog"
    lab, text = folder / "lab.py", (folder / "lab.py").read_text()
    lab.write_text(text.replace("10_000", "20_000"))
    row = row_of(make_ledger(), "redis/hyperloglog")
    assert (row.state, row.standing, row.ours, row.run) == ("not-tested", "stale", None, None)
    assert row.where.startswith("stale: ")
    assert row.remedy == "scalebook run --reference redis/hyperloglog"
    lab.write_text(text)
    record = json.loads((folder / "result.json").read_text())
    for broken in ({**record, "validity": {"valid": False}}, {**record, "points": 3}):
        (folder / "result.json").write_text(json.dumps(broken))
        row = row_of(make_ledger(), "redis/hyperloglog")
        assert (row.state, row.standing, row.ours) == ("not-tested", "invalid", None)
    (folder / "result.json").unlink()
    assert row_of(make_ledger(), "redis/hyperloglog").where == "not run yet"


def changed(result: Result, **verdict: object) -> Result:
    return result.model_copy(update={"verdict": result.verdict.model_copy(update=verdict)})


def test_where_a_claim_is_true_is_said_for_every_state(good: Path) -> None:
    result, claim = reference(good), PublishedClaim("5000x", "speedup", 5000)
    never = changed(result, state="never", factor=5000.0, crossing=None)
    best = decisive(never, claim)
    assert best is not None
    assert best.why == "the largest"
    found = re.match(r"best ([\d,]+)×", where_true(never, claim))
    assert found is not None
    assert float(found[1].replace(",", "")) == pytest.approx(max(claimed(result))[0], rel=0.02)
    assert where_true(never, claim).endswith("× at 1,000,000 members")
    holds = changed(result, state="holds", factor=1.5, crossing=None)
    lowest = decisive(holds, claim)
    assert lowest is not None
    assert lowest.why == "the smallest"
    assert where_true(holds, claim) == "everywhere tried, 100 to 1,000,000 members"
    open_ = changed(result, state="unresolved", crossing=None)
    _, nearest = min(claimed(result), key=lambda found: abs(math.log(found[0] / 250)))
    assert where_true(open_, claim) == f"too close to call at {nearest:,} members"


def test_an_absolute_bound_is_said_in_its_own_unit(good: Path) -> None:
    result = changed(reference(good), factor=1.0, state="holds")
    least = decisive(result, PublishedClaim("20 ms", "latency", 0.02))
    assert least is not None
    smallest = min(value for value, _ in claimed(result))
    assert least.text == f"{20 / smallest:.1f} ms"
    rate = decisive(result, PublishedClaim("100k/s", "throughput", 100_000))
    assert rate is not None
    assert rate.text == f"{round(smallest * 100):,},000/s"


def test_a_promise_tells_at_which_points_it_was_kept() -> None:
    for name in ("redis/distributed_lock", "databases/isolation_levels"):
        result = read_reference(BOOK / name / "result.json")
        assert result is not None
        kept = [point.kept for point in curve_of(result)]
        assert {True, False} <= set(kept)
        said = where_true(result, PublishedClaim("always", "invariant"))
        assert said.startswith(("from ", "up to "))
        assert decisive(result, PublishedClaim("always", "invariant")) is None


def test_the_command_prints_what_is_made(
    good: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["ledger", "--sources"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    row = row_of(make_ledger(), "redis/hyperloglog")
    assert any(f"HOLDS {row.where[:12]}" in line for line in lines)
    assert main(["ledger", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["catalogue"]["labs"] == 100
    assert len(data["rows"]) == data["catalogue"]["claims"] == sum(data["counts"].values())
