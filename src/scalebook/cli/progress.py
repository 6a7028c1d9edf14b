"""What a run shows while it works: live on a terminal, plain lines elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from scalebook.stats import LOOKS, words

__all__ = ["Progress"]

LEAST_SECONDS = 0.125
"""Between two pictures: drawing must not disturb what is being measured."""

WORTH_A_LINE = (1, *LOOKS)
"""Pairs after which a ratio is printed where there is no live picture: the first, and the looks."""


@dataclass
class _Point:
    """One line of the picture: how far a point is, and the claim's ratio there."""

    name: str
    pairs: int = 0
    of: int = 0
    ratio: str = ""
    of_what: tuple[object, ...] = ()


@dataclass
class _Picture:
    """All that is known of the unit that runs."""

    engines: dict[str, str] = field(default_factory=dict)
    points: dict[object, _Point] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    now: str = ""


class Progress:
    """A reporter that draws; a context manager around one unit.

    It draws only when an event comes, and never from a thread of its own: between two events
    the processor belongs to the measurement.
    """

    def __init__(self, console: Console, axis: str = "") -> None:
        """Draw on `console`; `axis` names the points."""
        self._console = console
        self._axis = axis
        self._picture = _Picture()
        self._lock = threading.Lock()
        self._drawn = 0.0
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the terminal back; doing so twice is fine."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def __call__(self, event: Mapping[str, object]) -> None:
        """Take one event of a run; unknown ones are left out."""
        with self._lock:
            name = str(event.get("event", "")).replace("-", "_")
            handler = getattr(self, f"_on_{name}", None)
            line: str | None = handler(event) if handler else None
            if self._live is None:
                if line:
                    self._console.print(Text(line))
            elif handler and self._due(str(event["event"])):
                self._live.update(self._draw(), refresh=True)

    def _due(self, name: str) -> bool:
        now = time.monotonic()
        if now - self._drawn < LEAST_SECONDS and name not in {"engine-starting", "run-finished"}:
            return False
        self._drawn = now
        return True

    def _draw(self) -> Group:
        picture = self._picture
        lines = [Text(f"  ✓ {text}", "dim") for text in picture.engines.values()]
        lines += [self._point_line(point) for point in picture.points.values()]
        lines += [Text(f"  {note}") for note in picture.notes[-6:]]
        if picture.now:
            lines.append(Text(f"  … {picture.now}", "cyan"))
        for line in lines:
            line.truncate(self._console.width, overflow="ellipsis")
        return Group(*lines)

    def _point_line(self, point: _Point) -> Text:
        done = f"{point.pairs}{f'/{point.of}' if point.of else ''} pairs"
        done = done.removesuffix("s") if point.pairs == 1 and not point.of else done
        text = Text(f"  {self._axis} {point.name:<10} {done if point.pairs else '':<13}")
        return text.append(point.ratio, "bold")

    def _point_of(self, event: Mapping[str, object]) -> _Point:
        key = event.get("point")
        return self._picture.points.setdefault(key, _Point(_name(key)))

    def _on_run_started(self, event: Mapping[str, object]) -> str | None:
        self._axis = str(event.get("axis") or self._axis or "point")
        points: Any = event.get("points") or []
        self._picture.points = {point: _Point(_name(point)) for point in points}
        self._picture.now = "starting"
        return None

    def _on_engine_starting(self, event: Mapping[str, object]) -> str | None:
        self._picture.now = f"starting {event.get('name')}"
        return None

    def _on_engine_ready(self, event: Mapping[str, object]) -> str | None:
        text = f"{event.get('label') or event.get('name')} ready"
        seconds = event.get("seconds")
        if isinstance(seconds, int | float):
            text += f" in {words.duration(seconds)}"
        name = str(event.get("name"))
        known = name in self._picture.engines
        self._picture.engines.setdefault(name, text)
        return None if known else f"  ✓ {text}"

    def _on_gate(self, event: Mapping[str, object]) -> str | None:
        if event.get("ok") is not False:
            return None
        return self._keep(f"✗ {event.get('name') or 'gate'}: {event.get('text')}")

    def _on_point_started(self, event: Mapping[str, object]) -> str | None:
        point = self._point_of(event)
        self._picture.now = f"{self._axis} {point.name}: filling the engines"
        return f"  {self._axis} {point.name}"

    def _on_pair(self, event: Mapping[str, object]) -> str | None:
        point = self._point_of(event)
        pairs, of = event.get("pairs"), event.get("of")
        point.pairs = pairs if isinstance(pairs, int) else point.pairs + 1
        point.of = of if isinstance(of, int) else point.of
        if isinstance(value := event.get("ratio"), int | float) and not point.of_what:
            point.ratio = words.ratio(value)
        self._picture.now = f"{self._axis} {point.name}: measuring"
        return None

    def _on_ratio(self, event: Mapping[str, object]) -> str | None:
        point = self._point_of(event)
        of_what = (event.get("op"), event.get("technique"), event.get("over"))
        claimed = event.get("claim")
        if claimed is False or (claimed is None and point.of_what not in ((), of_what)):
            return None
        point.of_what = of_what
        value, low, high = (event.get(key) for key in ("value", "low", "high"))
        if not isinstance(value, int | float):
            return None
        point.ratio = words.ratio(value)
        pairs = event.get("pairs")
        narrow = not isinstance(pairs, int) or pairs > 2  # Two pairs bound nothing worth reading.
        if isinstance(low, int | float) and isinstance(high, int | float) and narrow:
            bounds = [words.ratio(bound).removesuffix("x") for bound in (low, high)]
            point.ratio += f" ({' - '.join(bounds)})"
        self._picture.now = f"{self._axis} {point.name}: measuring"
        if isinstance(pairs, int):
            point.pairs = pairs
            if pairs not in WORTH_A_LINE:
                return None
        over = f" over {event['over']}" if event.get("over") else ""
        many = f", {pairs} pair{'' if pairs == 1 else 's'}" if pairs else ""
        return f"    {event.get('technique')}{over}: {point.ratio}{many}"

    def _on_promise(self, event: Mapping[str, object]) -> str | None:
        attempts = event.get("attempts")
        done = f", {attempts} attempts" if attempts else ""
        self._picture.now = f"“{event.get('promise')}” on {event.get('variant')}{done}"
        return None

    def _on_attempt(self, event: Mapping[str, object]) -> str | None:
        self._picture.now = f"{event.get('variant')}: {event.get('trial')} trials"
        return None

    def _on_native(self, event: Mapping[str, object]) -> str | None:
        self._picture.now = f"{_name(event.get('point'))}: the engine alone was measured"
        return None

    def _on_caught(self, event: Mapping[str, object]) -> str | None:
        return self._keep(
            f"{event.get('variant')} breaks “{event.get('promise')}” (seed {event.get('seed')})"
        )

    def _on_note(self, event: Mapping[str, object]) -> str | None:
        return self._keep(str(event.get("text", "")))

    def _on_verdict(self, event: Mapping[str, object]) -> str | None:
        self._picture.now = f"verdict: {event.get('state')}"
        return None

    def _keep(self, text: str) -> str:
        self._picture.notes.append(text)
        return f"  {text}"


def _name(point: object) -> str:
    return words.count(point) if isinstance(point, int | float) else str(point)
