"""What a browser may ask for: a unit's id and a few parameters, each checked against the lab."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scalebook.book import Unit, all_units
from scalebook.book.parameters import Parameters, parameters
from scalebook.errors import UsageError

__all__ = ["Order", "arguments", "command", "launch_words", "parsed"]

UNIT_ID = r"^[a-z0-9]+(-[a-z0-9]+)*/[a-z0-9]+(-[a-z0-9]+)*$"


class Order(BaseModel):
    """One run as it was asked for; `points` empty means those of the budget."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    unit: Annotated[str, Field(pattern=UNIT_ID, max_length=100)]
    budget: Literal["quick", "default", "full"] = "default"
    points: Annotated[tuple[int | float | str, ...], Field(max_length=50)] = ()
    settings: Annotated[dict[str, int | float], Field(max_length=50)] = {}


def parsed(body: bytes) -> Order:
    """The order in a body of JSON; `UsageError` names the first field that is wrong."""
    try:
        return Order.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the order"
        raise UsageError(f"{where}: {first['msg']}") from None


def arguments(order: Order, unit: Unit) -> list[str]:
    """The order as arguments of `scalebook`; `UsageError` for what this lab does not offer."""
    if not unit.has_lab:
        raise UsageError(f"{unit.id} has no lab to run")
    offered = parameters(unit.folder / "lab.py")
    _check(order, offered)
    words = ["run", unit.id]
    if order.budget != "default":
        words.append(f"--{order.budget}")
    if order.points:
        words += ["--at", ",".join(str(point) for point in _chosen(order, offered))]
    for name, value in order.settings.items():
        words += ["--set", f"{name}={value}"]
    return words


def command(words: Sequence[str]) -> str:
    """Arguments as a reader would type them."""
    return " ".join(["scalebook", *(f"'{word}'" if " " in word else word for word in words)])


def _check(order: Order, offered: Parameters) -> None:
    texts = {str(point) for point in offered.points}
    for point in order.points:
        if str(point) not in texts or "," in str(point):
            raise UsageError(f"{str(point)[:40]!r} is no point of this lab")
    for name, value in order.settings.items():
        if name not in offered.numbers:
            raise UsageError(f"{name[:40]!r} is no number that this lab lets you set")
        if isinstance(offered.numbers[name], int) and not isinstance(value, int):
            raise UsageError(f"{name} must be a whole number")


def _chosen(order: Order, offered: Parameters) -> list[int | float | str]:
    """The points as the lab has them, in its order, each once."""
    wanted = {str(point) for point in order.points}
    return [point for point in offered.points if str(point) in wanted]


def launch_words(order: Order) -> list[str]:
    """What the child is told; `UsageError` where the unit is gone or has changed since."""
    found = [unit for unit in all_units() if unit.id == order.unit]
    if not found:
        raise UsageError(f"there is no unit {order.unit!r} any more")
    return [*arguments(order, found[0]), "--events", "--until-eof"]
