"""`python -m benchmarks.validity`: every check of the method, at length, as one Markdown table."""

import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.validity.agreement import agree
from benchmarks.validity.live import named_sides
from benchmarks.validity.recorded import RECORDED
from benchmarks.validity.still import p99_from_start, p99_seconds, paused
from scalebook.engine import Workbench
from scalebook.results.environment import observe
from scalebook.services import Postgres, Redis
from scalebook.services.access import Access
from scalebook.stats import Side
from scalebook.stats.noise import durations
from scalebook.stats.rehearsal import blocked, coverage, paired, verdicts

__all__ = ["main"]

Row = tuple[str, str, str, bool]
REHEARSALS = 200
SEED = 20
TWINS = 40
CHANGED = 20


def on_recorded_noise() -> Iterator[Row]:
    """The method on noise whose truth is known."""
    series = json.loads(Path(RECORDED).read_text(encoding="utf-8"))["slices"]
    for name, arrange, most in (
        ("pairs in random order", paired, 20),
        ("all A, then all B (must be refused)", blocked, 0),
    ):
        counts = verdicts(series, REHEARSALS, seed=SEED, arrange=arrange)
        false = REHEARSALS - counts[Side.UNDECIDED]
        passed = false <= most if most else false > 20
        wanted = f"at most {most}" if most else "more than 20"
        yield f"recorded noise, A/A: {name}", wanted, f"{false} of {REHEARSALS}", passed
    for effect, side in ((1.2, Side.ABOVE), (0.8, Side.BELOW)):
        share = verdicts(series, REHEARSALS, seed=SEED, effect=effect)[side] / REHEARSALS
        name = f"recorded noise, {effect - 1:+.0%} found"
        yield name, "at least 80 %", f"{share:.0%}", share >= 0.8
    noise = durations(20_000, seed=SEED, memory=0.95, scale=0.3).tolist()
    share = coverage(noise, 400, seed=SEED)
    name = "coverage of the 95 % interval, autocorrelated noise"
    yield name, "at least 90 %", f"{share:.1%}", share >= 0.9


def on_twins(bench: Workbench) -> Iterator[Row]:
    """The whole engine on one client class twice."""
    sides = named_sides(bench, TWINS, budget="default")
    false = sides["above"] + sides["below"]
    yield "live, A/A: false verdicts", "at most 6 of 40", f"{false} of {TWINS}", false <= 6
    for ratio, side in ((1.2, "above"), (0.8, "below")):
        found = named_sides(bench, CHANGED, budget="default", ratio=ratio, seed=500)[side]
        passed = found >= 0.8 * CHANGED
        yield f"live, {ratio - 1:+.0%} found", "at least 80 %", f"{found} of {CHANGED}", passed


def on_one(name: str, access: Access, bench: Workbench) -> Iterator[Row]:
    """An open loop across a pause, and agreement with the native generator."""
    ops = paused(access, bench.run, seconds=10.0, pause_seconds=1.0)
    p99 = p99_seconds(ops)
    label = f"{name}, open loop, still for 1 s of 10 s: p99"
    yield label, "at least 0.8 s", f"{p99:.2f} s", p99 >= 0.8
    wrong = p99_from_start(ops)
    label = f"{name}, the same counted from the start (must be refused)"
    yield label, "below 0.8 s", f"{wrong * 1e3:.1f} ms", wrong < 0.8
    found = agree(access, bench.run, bench.provisions, rounds=5, seconds=1.0)
    label = f"{name}, client against {found.generator}, {found.floors:.0f} floors"
    means = f"{found.client_seconds * 1e3:.2f} and {found.native_seconds * 1e3:.2f} ms"
    text = f"{means}: {found.factor:.2f}"
    yield label, "within 1.5", text, found.factor <= 1.5 and found.floors >= 5


def main() -> None:
    """Print the environment and the table; the rows come as they are measured."""
    with Workbench() as bench:
        seen = observe(bench.run.path)
        print(
            f"{seen.cpu}, {seen.cores} cores, {seen.memory_gb} GB, {seen.system} {seen.kernel},"
            f" {seen.python}, fsync {(seen.fsync_seconds or 0) * 1e3:.2f} ms,"
            f" load {seen.load_before} before\n"
        )
        print("| check | required | measured | |\n|---|---|---|---|", flush=True)
        rows: list[Iterator[Row]] = [on_recorded_noise()]
        for name, spec in (("PostgreSQL", Postgres()), ("Redis", Redis())):
            access = bench.lend(name.lower(), spec, private=True).access("probe")
            rows.append(on_one(name, access, bench))
        rows.append(on_twins(bench))
        for group in rows:
            for check, required, measured, passed in group:
                mark = "✓" if passed else "✗"
                print(f"| {check} | {required} | {measured} | {mark} |", flush=True)
        print(f"\nload {seen.finish().load_after} after")


if __name__ == "__main__":
    main()
