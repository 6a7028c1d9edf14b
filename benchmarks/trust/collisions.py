"""Two runs at once: does either notice the other?"""

import json
from typing import Any

from benchmarks.trust.place import Place, places

__all__ = ["collided", "main"]

UNIT = "trust-held"


def collided(place: Place, unit: str = UNIT) -> list[str]:
    """What went wrong when two runs of a unit were started at once; empty when nothing did."""
    before = place.census.strays()
    both = [place.start("run", "--quick", unit, "--json") for _ in range(2)]
    wrong, runs = [], set()
    for child in both:
        out, err = child.communicate()
        if child.returncode or err:
            wrong.append(f"exit status {child.returncode}: {err.strip()}")
            continue
        (result,) = json.loads(out)
        runs.add(result["run"])
        wrong += _problems(result)
    kept = place.next_start()
    if kept.integrity != "ok" or not runs <= kept.readable:
        wrong.append(f"the store: {kept.integrity}, without {runs - kept.readable}")
    wrong += [f"{path} was left" for path in place.run_directories()]
    left = [pid for pid in place.census.strays() if pid not in before]
    wrong += [f"process {pid} was left" for pid in left]
    return wrong


def _problems(result: dict[str, Any]) -> list[str]:
    return [] if result["validity"]["valid"] else list(result["validity"]["problems"])


def main(times: int = 25) -> None:
    """Print the table."""
    with places() as place:
        found = [collided(place) for _ in range(times)]
    print("| two runs at once, times | collisions |\n|---|---|")
    print(f"| {times} | {sum(bool(wrong) for wrong in found)} |")
    for wrong in filter(None, found):
        print("\n".join(wrong))


if __name__ == "__main__":
    main()
