"""Draw the README's pictures of a terminal: a stored result, or a transcript, as an SVG file.

    .venv/bin/python tools/picture.py RUN docs/run.svg
    .venv/bin/python tools/picture.py - docs/practice.svg < transcript

RUN is a run of the store (`scalebook results`), the beginning of its id, or a result.json. To stay
on one screen the picture leaves out the exact evidence and the histories of those caught. A
transcript is what a terminal showed: commands behind "$ ", remarks behind "# ", and output.
"""

import io
import re
import sys
from pathlib import Path

from rich.console import Console

from scalebook.cli.report import print_report
from scalebook.errors import UsageError
from scalebook.results import Evidence, Result, read_reference
from scalebook.results.store import Store

__all__ = ["draw", "draw_transcript", "main"]

WIDTH = 80
STYLES = {"$ ": "bold cyan", "# ": "dim", "✓": "green", "✗": "bold red"}
FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}\s*")
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def draw(result: Result, command: str) -> str:
    """The report of `result` below the `command` that made it, as SVG that loads nothing."""
    console = _recording()
    console.print(f"$ {command}", style=STYLES["$ "])
    print_report(_short(result), console)
    return _svg(console, "scalebook")


def draw_transcript(transcript: str) -> str:
    """The lines as they are, those that begin with a mark in its colour."""
    console = _recording()
    for line in transcript.rstrip().splitlines():
        style = next((s for mark, s in STYLES.items() if line.lstrip().startswith(mark)), None)
        console.print(line, style=style, soft_wrap=True)
    return _svg(console, "practice")


def _recording() -> Console:
    return Console(
        record=True,
        width=WIDTH,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        markup=False,
        emoji=False,
    )


def _svg(console: Console, name: str) -> str:
    """What a console recorded, as SVG whose ids begin with `name`."""
    svg = console.export_svg(title="scalebook", unique_id=name)
    # Rich names a font on the network; a picture in a README should not fetch anything.
    svg = FONT_FACE.sub("", svg)
    svg = re.sub(r"font-family:\s*Fira Code,\s*monospace", f"font-family: {FONTS}", svg)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def _short(result: Result) -> Result:
    """The same record without exact evidence and witnesses."""
    points = [
        point.model_copy(
            update={
                "variants": {
                    name: variant.model_copy(update={"evidence": Evidence()})
                    for name, variant in point.variants.items()
                }
            }
        )
        for point in result.points
    ]
    caught = [found.model_copy(update={"witness": ()}) for found in result.counterexamples]
    return result.model_copy(update={"points": tuple(points), "counterexamples": tuple(caught)})


def main(run: str, target: Path) -> None:
    """Read the run (or its file, or a transcript from standard input) and write the picture."""
    if run == "-":
        target.write_text(draw_transcript(sys.stdin.read()), encoding="utf-8")
        return
    path = Path(run)
    if path.suffix == ".json":
        result = read_reference(path)
        if result is None:
            raise UsageError(f"{path}: no such file", remedy="give a run or a result.json")
    else:
        with Store() as store:
            result = store.load(run)
    budget = {"quick": " --quick", "full": " --full"}.get(result.budget, "")
    unit = result.unit.replace("/", "-")
    target.write_text(draw(result, f"./scalebook run {unit}{budget}"), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        main(sys.argv[1], Path(sys.argv[2]))
    except UsageError as error:
        sys.exit(str(error))
