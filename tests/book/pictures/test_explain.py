"""EXPLAIN: own times, the guilty node, plans without timing."""

from typing import Any

import pytest

from scalebook.book.pictures import PictureError, explain
from scalebook.book.pictures.explain import plan_nodes


def node(kind: str, total: float | None, *children: dict[str, Any], **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"Node Type": kind, "Actual Loops": 1, "Actual Rows": 1.0}
    if total is not None:
        made["Actual Total Time"] = total
    if children:
        made["Plans"] = list(children)
    return {**made, **{name.replace("_", " "): value for name, value in more.items()}}


def test_own_time_is_total_times_loops_less_the_children() -> None:
    plan = {
        "Plan": node(
            "Nested Loop",
            10.0,
            node("Index Scan", 2.0),
            node("Seq Scan", 0.5, Actual_Loops=12, Actual_Rows=3.0),
        )
    }
    loop, index, seq = plan_nodes(plan)
    assert loop.own == pytest.approx(2.0)
    assert index.own == pytest.approx(2.0)
    assert seq.own == pytest.approx(6.0)
    assert seq.rows == 36
    assert [found.depth for found in (loop, index, seq)] == [0, 1, 1]


def test_workers_share_the_loops_below_a_gather() -> None:
    scan = node("Seq Scan", 30.0, Actual_Loops=3, Actual_Rows=100.0, Parallel_Aware=True)
    plan = {"Plan": node("Gather", 33.0, scan, Workers_Launched=2)}
    gather, seq = plan_nodes(plan)
    assert gather.own == pytest.approx(3)
    assert seq.own == pytest.approx(30)
    assert seq.rows == 300
    assert seq.kind == "Parallel Seq Scan"


def test_a_planted_wrong_time_changes_the_guilty_row(parse: Any) -> None:
    def guilty(index_ms: float) -> str:
        plan = {"Plan": node("Sort", 10.0, node("Index Scan", index_ms, Relation_Name="review"))}
        root = parse(explain(plan))
        row = next(tr for tr in root.iter("tr") if "guilty" in (tr.get("class") or ""))
        return "".join(row.itertext())

    assert guilty(9.0).startswith("Index Scan on review")
    assert "90 % of the time" in guilty(9.0)
    assert guilty(2.0).startswith("Sort")


def test_the_table_holds_times_rows_pages_and_details(parse: Any, draft: Any) -> None:
    plan = {
        "Plan": node(
            "Aggregate",
            4.0,
            node(
                "Index Scan",
                3.0,
                Index_Name="pkey",
                Index_Cond="(id = 7)",
                Filter="(x < 3)",
                Rows_Removed_by_Filter=20,
                Shared_Hit_Blocks=5,
                Shared_Read_Blocks=2,
            ),
            Strategy="Sorted",
            Shared_Hit_Blocks=5,
            Shared_Read_Blocks=2,
        )
    }
    said = draft.texts(parse(explain([plan], "PostgreSQL 18")))
    for words in ("own time", "3.00", "4.00", "7", "total, PostgreSQL 18", "pkey: id = 7"):
        assert words in said, words
    assert "filter: x < 3" in said
    assert "20 rows read and thrown away" in said
    assert any(words.startswith("GroupAggregate") for words in said)


def test_a_plan_without_timing_falls_back_to_pages_then_rows(parse: Any, draft: Any) -> None:
    paged = {
        "Plan": node("Sort", None, node("Seq Scan", None, Shared_Hit_Blocks=9), Shared_Hit_Blocks=9)
    }
    said = draft.texts(parse(explain(paged)))
    assert "own pages" in said
    assert "ms" not in said
    bare = {"Plan": {"Node Type": "Seq Scan", "Plan Rows": 42}}
    said = draft.texts(parse(explain(bare)))
    assert "own rows" in said
    assert "42" in said


def test_deep_plans_stay_within_the_stylesheet(parse: Any) -> None:
    plan = node("Seq Scan", 1.0)
    for _ in range(14):
        plan = node("Append", 1.0, plan)
    classes = {tr.get("class") or "" for tr in parse(explain({"Plan": plan})).iter("tr")}
    assert any("d9" in name for name in classes)
    assert not any("d10" in name for name in classes)


def test_a_plan_that_never_ran_is_drawn(parse: Any) -> None:
    never = node("Seq Scan", 0.0, Actual_Loops=0, Actual_Rows=0)
    parse(explain({"Plan": node("Result", 0.0, never)}))


@pytest.mark.parametrize("plan", [None, {}, [], "text", {"Plan": 3}, {"Plan": {}}, [1]])
def test_what_is_no_plan_is_refused(plan: Any) -> None:
    with pytest.raises(PictureError) as caught:
        explain(plan)
    assert caught.value.remedy


def test_nobody_is_guilty_of_a_fast_plan_or_of_less_than_half() -> None:
    def plan(total: float, index: float) -> dict[str, Any]:
        return {"Plan": node("Sort", total, node("Index Scan", index))}

    assert "guilty" in explain(plan(10.0, 9.0))
    assert "guilty" not in explain(plan(0.1, 0.09))
    thirds = node("Sort", 9.0, node("Hash", 6.0, node("Seq Scan", 3.0)))
    assert "guilty" not in explain({"Plan": thirds})
