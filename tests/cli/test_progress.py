import io

from scalebook.cli.progress import Progress
from scalebook.cli.screen import screen

RATIO = {"event": "ratio", "point": 10, "op": "read", "technique": "A", "over": "B"}
EVENTS: list[dict[str, object]] = [
    {"event": "run-started", "points": [10, 1_000], "axis": "rows", "variants": ["B", "A"]},
    {"event": "engine-starting", "name": "pg", "kind": "postgresql"},
    {"event": "engine-ready", "name": "pg", "label": "PostgreSQL 18.4", "seconds": 0.61},
    {"event": "engine-ready", "name": "pg", "label": "PostgreSQL 18.4", "seconds": 0.7},
    {"event": "point-started", "point": 10},
    {"event": "gate", "name": "plan", "ok": False, "text": "A.read: Seq Scan"},
    {"event": "gate", "name": "data", "ok": True, "text": "there is some"},
    {**RATIO, "value": 3.1, "low": None, "high": None, "pairs": 1},
    {**RATIO, "value": 3.0, "low": 2.0, "high": 4.0, "pairs": 2},
    {**RATIO, "value": 3.2, "low": 2.9, "high": 3.5, "pairs": 5},
    {"event": "promise", "promise": "kept", "variant": "A", "attempts": 3, "violations": 0},
    {"event": "caught", "promise": "kept", "variant": "C", "seed": 17, "attempts": 2},
    {"event": "native", "point": 10, "pairs": 3},
    {"event": "attempt", "point": 10, "variant": "A", "trial": "pause"},
    {"event": "pair", "point": 1_000, "pairs": 1, "of": 5, "ratio": 1.5},
    {"event": "note", "text": "refining at 10"},
    {"event": "something-new", "point": 10},
    {"event": "verdict", "state": "holds", "reason": "So."},
    {"event": "run-finished", "run": "abc", "valid": True, "seconds": 3.0},
]


def test_plain_lines_tell_what_matters_and_no_more() -> None:
    output = io.StringIO()
    with Progress(screen(output)) as progress:
        for event in EVENTS:
            progress(event)
    assert output.getvalue().splitlines() == [
        "  ✓ PostgreSQL 18.4 ready in 610 ms",
        "  rows 10",
        "  ✗ plan: A.read: Seq Scan",
        "    A over B: 3.1x, 1 pair",
        "    A over B: 3.2x (2.9 - 3.5), 5 pairs",
        "  C breaks “kept” (seed 17)",
        "  refining at 10",
    ]


def test_the_live_picture_shows_points_and_what_runs_now() -> None:
    output = io.StringIO()
    console = screen(output)
    console._force_terminal = console.is_interactive = True
    console.width = 60
    with Progress(console) as progress:
        for event in EVENTS[:10]:
            progress._drawn = 0.0  # Time enough has passed since the last picture.
            progress(event)
    text = output.getvalue()
    for said in ("✓ PostgreSQL 18.4", "rows 10", "5 pairs", "3.2x (2.9 - 3.5)", "… starting pg"):
        assert said in text


def test_it_draws_at_most_eight_times_a_second() -> None:
    output = io.StringIO()
    console = screen(output)
    console._force_terminal = console.is_interactive = True
    with Progress(console) as progress:
        progress(EVENTS[0])
        progress(EVENTS[4])
        before = len(output.getvalue())
        progress._drawn += 3600.0
        for event in EVENTS[7:10] * 100:
            progress(event)
        assert len(output.getvalue()) == before


def test_no_picture_on_a_dumb_terminal() -> None:
    output = io.StringIO()
    console = screen(output)
    console._force_terminal = console.is_interactive = True
    console._environ = {"TERM": "dumb"}
    with Progress(console) as progress:
        for event in EVENTS:
            progress(event)
    assert "\x1b[" not in output.getvalue().replace("\x1b[0m", "")
