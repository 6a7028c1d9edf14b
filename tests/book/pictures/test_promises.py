"""The promise matrix: kept, caught, not caught, not tried, broken."""

from typing import Any

import pytest

from scalebook.book.pictures import PictureError, promises
from scalebook.results import CheckRecord, Counterexample, Result


def check(variant: str, violations: int = 0, **more: Any) -> CheckRecord:
    given = {"promise": "nothing is lost", "trial": "whole", "attempts": 5}
    return CheckRecord.model_validate(
        {**given, "variant": variant, "violations": violations, **more}
    )


def caught(variant: str, **more: Any) -> Counterexample:
    given = {"promise": "nothing is lost", "trial": "whole", "attempts": 7, "caught": True}
    return Counterexample.model_validate({**given, "variant": variant, **more})


def cells(draft: Any, parse: Any, result: Result) -> dict[str, str]:
    root = parse(promises(result))
    return {td.get("data-v"): "".join(td.itertext()) for td in root.iter("td")}


def test_each_cell_says_what_happened(draft: Any, parse: Any) -> None:
    result = draft.make(
        [draft.point(1), draft.point(2)],
        draft.verdict(),
        checks=(check("Plain"), check("Plain", trial="racing"), check("Both"), check("Wrong", 2)),
        counterexamples=(
            caught("Cache", point=2),
            caught("Both", point=1),
            caught("Both", point=2),
            caught("Missed", caught=False),
            caught("Alone", attempts=1),
        ),
    )
    found = cells(draft, parse, result)
    assert found["Plain"] == "keptin 10 runs"
    assert found["Cache"] == "caughtat 2, within 7 runs"
    assert found["Both"] == "caughtat 1 and 2kept elsewherein 5 runs"
    assert found["Missed"] == "not caughtin 7 runs"
    assert found["Alone"] == "caughtin the first run"
    assert found["Wrong"].startswith("broken")


def test_who_was_not_tried_is_said_so(draft: Any, parse: Any) -> None:
    result = draft.make(
        [draft.point(1)],
        draft.verdict(),
        checks=(check("Plain"), check("Cache", promise="nothing is twice", under="pause")),
    )
    root = parse(promises(result))
    assert sum("not tried" in "".join(td.itertext()) for td in root.iter("td")) == 2
    assert "under pause" in "".join(root.itertext())


def test_a_lab_without_promises_is_refused(curved: Result) -> None:
    with pytest.raises(PictureError, match="proves no promise"):
        promises(curved)
