"""`kill -9` of `check --watch` at random moments: is the progress whole, is a process left?"""

import json
import random
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

from benchmarks.judge.rows import Count
from benchmarks.trust.place import places
from scalebook.book import find
from scalebook.practice.files import starter_name
from scalebook.practice.starter import MARK

__all__ = ["kills"]

UNIT = "redis/hyperloglog"
PATIENCE_SECONDS = 20.0
SAVED_SECONDS = 1.0
"""How often the file changes, so that a check is under way at most moments."""


def kills(times: int, longest_seconds: float = 12.0) -> Count:
    """Kill the watcher `times`; whatever it had noted must be there, and nobody else."""
    row = Count("kill -9 of check --watch", "earlier rows there, file whole, nobody left")
    dice = random.Random()
    with places() as place:
        progress = place.folder / "progress.db"
        file = place.folder / starter_name(UNIT)
        text = (find(UNIT).folder / "lab.py").read_text(encoding="utf-8")
        file.write_text(f"{MARK} {UNIT}\n{text}", encoding="utf-8")
        env = {"SCALEBOOK_PROGRESS": str(progress)}
        for _ in range(times):
            before = _rows(progress)
            moment = dice.uniform(0.3, longest_seconds)
            watcher = place.start("check", str(file), "--watch", "--json", **env)
            said = _killed_after(watcher, moment, file)
            begun = time.perf_counter()
            while left := place.census.strays():
                if time.perf_counter() - begun > PATIENCE_SECONDS:
                    break
                time.sleep(0.01)
            alone = time.perf_counter() - begun
            place.next_start()
            faults = _faults(progress, before, said)
            faults += [f"{len(left)} processes left"] if left else []
            faults += [f"left {path.name}" for path in place.run_directories()]
            row.add(not faults, alone, f"killed after {moment:.2f} s: {'; '.join(faults)}")
        row.what += f" ({len(_rows(progress))} checks noted)"
    return row


def _killed_after(watcher: "subprocess.Popen[str]", seconds: float, file: Path) -> int:
    """Save the file now and then until it is time; how many judgements had been printed."""
    deadline = time.perf_counter() + seconds
    while (rest := deadline - time.perf_counter()) > 0:
        time.sleep(min(rest, SAVED_SECONDS))
        file.write_text(file.read_text(encoding="utf-8") + "# saved\n", encoding="utf-8")
    watcher.kill()
    out, _ = watcher.communicate()
    return out.count('"verdict"')


def _rows(progress: Path) -> list[tuple[object, ...]]:
    """All events, by any reader of SQLite."""
    if not progress.exists():
        return []
    with closing(sqlite3.connect(progress)) as db:
        return list(db.execute("SELECT * FROM events ORDER BY 1"))


def _faults(progress: Path, before: list[tuple[object, ...]], said: int) -> list[str]:
    """What is wrong with the file; the last judgement may have been printed and not yet noted."""
    if not progress.exists():
        return [f"{said} judgements printed, and no progress"] if said > 1 else []
    with closing(sqlite3.connect(progress)) as db:
        whole = db.execute("PRAGMA integrity_check").fetchone()[0]
    now = _rows(progress)
    found = [] if whole == "ok" else [f"integrity: {whole}"]
    if now[: len(before)] != before:
        found.append("earlier rows are gone")
    if len(now) < len(before) + said - 1:
        found.append(f"{said} judgements printed, {len(now) - len(before)} noted")
    for row in now:
        facts = [part for part in row if isinstance(part, str) and part.startswith("{")]
        if any(not isinstance(json.loads(part), dict) for part in facts):
            found.append(f"a torn row: {row}")
    return found
