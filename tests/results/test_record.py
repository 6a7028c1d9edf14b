import json
import math
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from scalebook.results import Figure, Result
from scalebook.stats import ratio_interval

MakeResult = Callable[..., Result]


def test_a_record_survives_its_json(make_result: MakeResult) -> None:
    result = make_result()
    assert Result.model_validate_json(result.model_dump_json()) == result


def test_the_json_has_the_promised_keys(make_result: MakeResult) -> None:
    data = json.loads(make_result().model_dump_json())
    promised = {"unit", "number", "verdict", "points", "checks", "counterexamples", "floor"}
    assert promised | {"environment", "digest"} <= data.keys()
    assert {"state", "crossing", "reason"} <= data["verdict"].keys()
    assert data["verdict"]["crossing"].keys() == {"at", "low", "high"}
    assert {"point", "variants", "ratios"} <= data["points"][0].keys()
    assert {"low", "high"} <= data["points"][0]["ratios"][0].keys()
    assert data["points"][0]["variants"]["Base"]["statistics"]["read median"]["low"] == 0.2
    assert data["checks"][0]["violations"] == 0
    assert data["counterexamples"][0]["caught"] is True
    assert data["started"].endswith("Z")


def test_a_record_cannot_be_changed(make_result: MakeResult) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        make_result().digest = "other"


def test_times_are_utc(make_result: MakeResult) -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert make_result(started=noon).started.isoformat() == "2026-01-01T10:00:00+00:00"
    with pytest.raises(ValidationError, match="timezone"):
        make_result(started=noon.replace(tzinfo=None))


def test_points_keep_their_type(make_result: MakeResult) -> None:
    point = make_result().points[0]
    for value in (10, 0.5, "on"):
        data = point.model_copy(update={"point": value}).model_dump_json()
        again = type(point).model_validate_json(data).point
        assert again == value
        assert type(again) is type(value)


def test_unbounded_figures_have_no_bounds() -> None:
    figure = Figure.of(ratio_interval([math.log(2)]))
    assert (figure.low, figure.high, figure.n) == (0.0, None, 1)
    with pytest.raises(ValidationError, match="finite"):
        Figure(value=math.inf)


def test_the_schema_can_be_printed() -> None:
    schema = Result.model_json_schema()
    assert {"verdict", "points", "environment"} <= set(schema["required"])
