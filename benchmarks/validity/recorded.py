"""The method on recorded noise, with more repetitions than the tests: prints a Markdown table.

python benchmarks/validity/recorded.py                 # the table
python benchmarks/validity/recorded.py --record FILE   # record new noise (about 20 s)
"""

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from scalebook.stats.noise import durations
from scalebook.stats.rehearsal import blocked, coverage, paired, verdicts
from scalebook.stats.sequential import Side

__all__ = ["main", "record"]

RECORDED = Path(__file__).parents[2] / "tests" / "validity" / "recorded_slices.json"
RUNS = 4_000

_LOAD = """
import random, time
rng = random.Random(1)
while True:
    until = time.monotonic() + rng.expovariate(2)
    while time.monotonic() < until:
        sum(range(1000))
    time.sleep(rng.expovariate(2))
"""

_ECHO = "import os\nwhile data := os.read(0, 1):\n    os.write(1, data)"


def record(target: Path, slices: int = 12_000) -> None:
    """Time slices of hashing and of ping-pong through pipes, beside a load that comes and goes."""
    echo = subprocess.Popen(
        [sys.executable, "-c", _ECHO], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    )
    load = subprocess.Popen([sys.executable, "-c", _LOAD])
    try:
        assert echo.stdin is not None
        assert echo.stdout is not None
        ask, answer = echo.stdin.fileno(), echo.stdout.fileno()
        taken = []
        for _ in range(slices):
            start = time.perf_counter()
            for _ in range(10):
                os.write(ask, b"x")
                os.read(answer, 1)
            hashlib.sha256(b"x" * 300_000).digest()
            taken.append(round((time.perf_counter() - start) * 1e7))
    finally:
        for child in (echo, load):
            child.kill()
            child.communicate()
    how = "consecutive slices: 10 pipe round trips and a SHA-256 of 300 KB, load coming and going"
    data = {"how": how, "unit": "1e-7 s", "slices": taken}
    target.write_text(json.dumps(data, separators=(",", ":")) + "\n")


def main() -> None:
    """Print the table, or record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", type=Path, metavar="FILE")
    parser.add_argument("--runs", type=int, default=RUNS)
    options = parser.parse_args()
    if options.record:
        record(options.record)
        return
    recorded = json.loads(RECORDED.read_text())["slices"]
    count = max(options.runs, 1)
    seed = random.SystemRandom().randrange(10**6)
    made = durations(50_000, seed=seed).tolist()
    print(f"{count:,} rehearsals each, seed {seed}.\n")
    print("| noise | false, A/A | false, all A then all B | +20 % found | -20 % found | coverage |")
    print("|---|---|---|---|---|---|")
    for name, series in (("recorded", recorded), ("made (AR(1) 0.95)", made)):
        shares = []
        for arrange in (paired, blocked):
            counts = verdicts(series, count, seed=seed, arrange=arrange)
            shares.append(1 - counts[Side.UNDECIDED] / count)
        for effect, side in ((1.2, Side.ABOVE), (0.8, Side.BELOW)):
            shares.append(verdicts(series, count, seed=seed, effect=effect)[side] / count)
        shares.append(coverage(series, count, seed=seed))
        print(f"| {name} | {' | '.join(f'{share:.1%}' for share in shares)} |")


if __name__ == "__main__":
    main()
