"""`list` and `plan` of a book of a thousand generated units: how long do they take?"""

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.trust.place import CHAPTERS, places

__all__ = ["generate", "main"]

LAB = CHAPTERS / "trust" / "held" / "lab.py"


def generate(root: Path, units: int = 1_000) -> None:
    """Write copies of a lab into ten chapters; each would fail if it were imported."""
    text = LAB.read_text(encoding="utf-8") + "\nraise RuntimeError('this lab was imported')\n"
    for number in range(units):
        folder = root / f"generated_{number % 10}" / f"unit_{number}"
        folder.mkdir(parents=True)
        (folder / "lab.py").write_text(text, encoding="utf-8")


def main(times: int = 5) -> None:
    """Print the table: the first call reads every lab, later ones remember.

    The book's own pages are known before: the first `plan` of all renders each of them.
    """
    print("| command | first s | median s of later ones | required |\n|---|---|---|---|")
    with places() as place, tempfile.TemporaryDirectory() as root:
        generate(Path(root))
        for command in ("list", "plan"):
            cache = str(place.folder / f"cache-{command}")
            place.call(command, SCALEBOOK_CACHE=cache).check_returncode()
            taken = []
            for _ in range(times + 1):
                begun = time.perf_counter()
                done = place.call(command, SCALEBOOK_CHAPTERS=root, SCALEBOOK_CACHE=cache)
                taken.append(time.perf_counter() - begun)
                done.check_returncode()
            first, *later = taken
            print(f"| {command} | {first:.2f} | {statistics.median(later):.2f} | under 1 |")


if __name__ == "__main__":
    main()
