"""`python -m benchmarks.site`: a thousand pages built, edited and searched, beside MkDocs."""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.site import rival, searching
from benchmarks.site.pages import EDITED, PAGES, generate

__all__ = ["main"]

CHECKOUT = Path(__file__).parents[2]
MOST_CPU, MOST_EDIT, MOST_SEARCH = 10.0, 1.0, 0.010
FAULTS = (0, 1)
"""The real book is built along, and a page of it may just now have faults."""


@dataclass(frozen=True)
class Cost:
    """Seconds of one program: on the clock, and of all cores; and its peak memory in MB."""

    wall: float
    cpu: float
    memory: float


def spend(
    command: Sequence[str | Path], cwd: Path, accepted: tuple[int, ...] = (0,), **env: str
) -> Cost:
    """Run a program to its end; what it prints is kept for when it fails."""
    with tempfile.TemporaryFile() as said:
        begun = time.perf_counter()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        pid = os.posix_spawnp(
            command[0],
            [str(part) for part in command],
            {**os.environ, **env, "PWD": str(cwd)},
            file_actions=[(os.POSIX_SPAWN_DUP2, said.fileno(), fd) for fd in (1, 2)],
        )
        _, status, used = os.wait4(pid, 0)
        wall = time.perf_counter() - begun
        if os.waitstatus_to_exitcode(status) not in accepted:
            said.seek(0)
            sys.exit(f"{' '.join(map(str, command))} failed:\n{said.read().decode()[-3000:]}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Cost(wall, cpu, used.ru_maxrss / 1024)


def main() -> int:
    """Print the table; 1 where a bound is not kept."""
    with tempfile.TemporaryDirectory(prefix="scalebook-site-") as name:
        folder = Path(name)
        generate(folder / "chapters")
        env = {
            "SCALEBOOK_CHAPTERS": str(folder / "chapters"),
            "SCALEBOOK_CACHE": str(folder / "cache"),
            "PYTHONPATH": str(CHECKOUT / "src"),
            # As where it is installed: compiled once, not at every start.
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
        }
        build = [sys.executable, "-m", "scalebook", "build", "--keep-going", "--out"]
        cold = spend([*build, folder / "cold"], folder, accepted=FAULTS, **env)
        warm = spend([*build, folder / "site"], folder, accepted=FAULTS, **env)
        article = folder / "chapters" / EDITED / "article.md"
        article.write_text(article.read_text("utf-8") + "\nOne more sentence, edited.\n", "utf-8")
        edited = spend([*build, folder / "site"], folder, accepted=FAULTS, **env)
        same = spend([*build, folder / "site"], folder, accepted=FAULTS, **env)
        where, search = searching.seconds(folder / "site")
        pages = list((folder / "site").glob("generated-*/unit-*.html"))
        page_bytes = sum(file.stat().st_size for file in pages) / len(pages)
        mkdocs = rival.install(folder / "venv")
        (folder / "rival").mkdir()
        rival.write(folder / "chapters", folder / "rival")
        other = spend([mkdocs, "build", "--quiet", "-f", folder / "rival" / "mkdocs.yml"], folder)
    rows = [
        ("all pages, warm pictures", warm, f"{MOST_CPU:g} s CPU", warm.cpu <= MOST_CPU),
        ("all pages, cold pictures", cold, "-", True),
        ("one page edited", edited, f"{MOST_EDIT:g} s", max(edited.wall, edited.cpu) <= MOST_EDIT),
        ("nothing edited", same, "-", True),
        ("MkDocs, Material theme: text only", other, "-", True),
    ]
    print(f"{PAGES:,} pages, each with a diagram and a chart; {page_bytes / 1000:.0f} KB a page.\n")
    print("| build | wall s | CPU s | peak MB | required | kept |\n|---|---|---|---|---|---|")
    for title, cost, required, kept in rows:
        figures = f"{cost.wall:.2f} | {cost.cpu:.2f} | {cost.memory:.0f}"
        print(f"| {title} | {figures} | {required} | {'yes' if kept else 'NO'} |")
    fast = search["max"] <= MOST_SEARCH
    print(
        f"\nMkDocs over ours, CPU: {other.cpu / warm.cpu:.1f}x warm, "
        f"{other.cpu / cold.cpu:.1f}x cold."
        f"\nA search over {PAGES:,} pages ({where}): median {search['median'] * 1000:.2f} ms, "
        f"99th percentile {search['p99'] * 1000:.2f} ms, longest {search['max'] * 1000:.2f} ms "
        f"(after the index was opened once, {search['opening'] * 1000:.0f} ms); "
        f"required under {MOST_SEARCH * 1000:g} ms: {'yes' if fast else 'NO'}."
    )
    return int(not (fast and all(kept for *_, kept in rows)))


if __name__ == "__main__":
    sys.exit(main())
