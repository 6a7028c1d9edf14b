"""`kill -9` of the runner at random moments: is anything left, is anything lost?"""

import json
import random
import subprocess
import time
from dataclasses import dataclass

import psutil

from benchmarks.trust.place import Place, places

__all__ = ["UNITS", "Aftermath", "duration_seconds", "kill_once", "main"]

UNITS = ("trust-brief", "trust-held")
PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Aftermath:
    """What one kill left behind; `lost` are results that were reported stored and are gone.

    `alone_seconds`: until nothing of the run lived, at most the patience. `left` are what then
    lived; `directories` what stood in the directory of runs after the next start. `neighbour`
    is the exit status of a run beside it, 0 where there was none.
    """

    moment: float
    alone_seconds: float
    left: list[int]
    directories: list[str]
    lost: set[str]
    integrity: str
    neighbour: int

    @property
    def clean(self) -> bool:
        """Is all as if the run had never been?"""
        nothing = not (self.left or self.directories or self.lost or self.neighbour)
        return nothing and self.integrity == "ok"


def kill_once(
    place: Place,
    moment: float,
    *,
    watcher: bool = False,
    neighbour: bool = False,
    units: tuple[str, ...] = UNITS,
    patience: float = PATIENCE_SECONDS,
) -> Aftermath:
    """Kill a run `moment` seconds after its start; with `watcher`, that one first.

    Without a watcher, it is the next start that cleans up.
    """
    before = place.next_start().readable
    beside = place.start("run", "--quick", *UNITS, "--events") if neighbour else None
    spared = [beside.pid] if beside else []
    runner = place.start("run", "--quick", *units, "--events")
    time.sleep(moment)
    for child in psutil.Process(runner.pid).children() if watcher else ():
        if any("watch.py" in word for word in child.cmdline()):
            child.kill()
    runner.kill()
    killed = time.perf_counter()
    said, _ = runner.communicate()
    kept = place.next_start() if watcher else None
    while left := place.census.strays(*spared):
        if time.perf_counter() - killed > patience:
            break
        time.sleep(0.005)
    alone = time.perf_counter() - killed
    kept = kept or place.next_start()
    stored = before | _stored(said)
    status = 0
    if beside is not None:
        out, _ = beside.communicate()
        status = beside.returncode
        stored |= _stored(out)
        kept = place.next_start()
    return Aftermath(
        moment,
        alone,
        left,
        [path.name for path in place.run_directories()],
        stored - kept.readable,
        kept.integrity,
        status,
    )


def duration_seconds(place: Place) -> float:
    """How long a whole run takes here; its results are stored."""
    begun = time.perf_counter()
    done = place.call("run", "--quick", *UNITS, "--events")
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, done.args, done.stdout, done.stderr)
    return time.perf_counter() - begun


def _stored(output: str) -> set[str]:
    """The runs that the events report as stored; the last line may be torn."""
    found = set()
    for line in output.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if event["event"] == "stored":
            found.add(event["run"])
    return found


def main(times: int = 20) -> None:
    """Print the table of `times` kills of each kind."""
    dice = random.Random()
    print("| killed | beside it | times | most s until alone | left | directories | lost | bad |")
    print("|---|---|---|---|---|---|---|---|")
    with places() as place:
        whole = duration_seconds(place)
        for watcher, neighbour in ((False, False), (False, True), (True, False)):
            found = []
            for _ in range(times):
                moment = dice.uniform(0, whole)
                found.append(kill_once(place, moment, watcher=watcher, neighbour=neighbour))
            print(
                f"| runner{' and watcher' if watcher else ''} "
                f"| {'a second run' if neighbour else '-'} "
                f"| {times} | {max(a.alone_seconds for a in found):.2f} "
                f"| {sum(len(a.left) for a in found)} "
                f"| {sum(len(a.directories) for a in found)} "
                f"| {sum(len(a.lost) for a in found)} "
                f"| {sum(not a.clean for a in found)} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
