"""Draw the README's picture: a stored result, as the terminal shows it, as an SVG file.

    .venv/bin/python tools/picture.py RUN docs/run.svg

RUN is a run of the store (`scalebook results`), the beginning of its id, or a result.json. To stay
on one screen the picture leaves out the exact evidence and the histories of those caught.
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

__all__ = ["draw", "main"]

WIDTH = 80
FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}\s*")
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def draw(result: Result, command: str) -> str:
    """The report of `result` below the `command` that made it, as SVG that loads nothing."""
    console = Console(
        record=True,
        width=WIDTH,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        markup=False,
        emoji=False,
    )
    console.print(f"$ {command}", style="bold cyan")
    print_report(_short(result), console)
    svg = console.export_svg(title="scalebook", unique_id="scalebook")
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
    """Read the run (or its file) and write the picture."""
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
