"""The engine itself, without Python in each request: pgbench, redis-benchmark, or a pipeline."""

from __future__ import annotations

import contextlib
import csv
import os
import random
import re
import secrets
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import redis

from scalebook.errors import EngineMissing, HarnessError, LabError
from scalebook.lab import Pgbench, RedisBenchmark
from scalebook.lab.native import Native

if TYPE_CHECKING:
    from scalebook.services.rundir import RunDirectory

__all__ = [
    "NativeReport",
    "ProvisionLike",
    "ProvisionsLike",
    "measure",
    "pgbench",
    "redis_benchmark",
]

clock = time.perf_counter
SPARE_SECONDS = 60.0
PILOT_SECONDS = 0.1
PILOT_TRANSACTIONS = 10
PILOT_REQUESTS = 1_000
FALLBACK_PIPELINE = 64
RANDOM_KEY = "__rand_int__"
LAST_LINES = 6


class ProvisionLike(Protocol):
    """Where the generator's binaries are, as `scalebook.services.provide` finds them."""

    @property
    def version(self) -> str:
        """Of the product."""

    @property
    def env(self) -> dict[str, str]:
        """What its programs need in their environment."""

    def executable(self, name: str) -> Path:
        """The file of a program."""


class ProvisionsLike(Protocol):
    """Finds provisions by the engine's name."""

    def find(self, engine: str) -> ProvisionLike:
        """The provision. Raises EngineMissing."""


@dataclass(frozen=True)
class NativeReport:
    """What a native generator measured.

    `mean_seconds`: mean latency as one of its clients sees it, of a whole pipeline where it sends
    several commands at once. `generator`: program and version. `label`: how it was driven.
    """

    operations: int
    seconds: float
    throughput_per_second: float
    mean_seconds: float
    generator: str
    label: str


def measure(
    run: RunDirectory, provisions: ProvisionsLike, access: Any, native: Native, seconds: float
) -> NativeReport:
    """Drive `access` for about `seconds` with the generator that `native` stands for.

    Raises EngineMissing without pgbench, LabError when the engine refuses the lab's operation.
    """
    if isinstance(native, Pgbench):
        return pgbench(run, provisions.find("postgresql"), access, native, seconds)
    try:
        tools: ProvisionLike | None = provisions.find("redis-tools")
    except EngineMissing:
        tools = None
    return redis_benchmark(run, tools, access, native, seconds)


def pgbench(
    run: RunDirectory, provision: ProvisionLike, access: Any, native: Pgbench, seconds: float
) -> NativeReport:
    """Run the script with pgbench over the Unix socket.

    Its clock counts whole seconds; for less than two, a short run tells how many transactions
    fill the time.
    """
    folder = run.folder("pgbench")
    script = folder / "script.sql"
    script.write_text(native.script, encoding="utf-8")
    run.give(script)
    threads = min(native.clients, os.cpu_count() or 1)
    command: list[str | Path] = [provision.executable("pgbench"), "-n", "-f", script]
    command += ["-c", str(native.clients), "-j", str(threads), "-M", native.protocol]
    command += ["-h", access.socket.parent, "-p", access.socket.name.rpartition(".")[2]]
    command += ["-U", access.user, access.database]
    env = {**provision.env, "PGPASSWORD": access.password}
    length = ["-T", str(round(seconds))]
    if seconds < 2:
        pilot = _output(run, [*command, "-t", str(PILOT_TRANSACTIONS)], folder, env, seconds)
        rate = _number(pilot, r"tps = ([\d.]+)") / native.clients
        length = ["-t", str(max(PILOT_TRANSACTIONS, round(rate * seconds)))]
    text = _output(run, [*command, *length], folder, env, seconds)
    count = int(_number(text, r"actually processed: (\d+)"))
    failed = int(_number(text, r"failed transactions: (\d+)"))
    if failed or not count:
        raise LabError(
            f"{failed} transactions of the pgbench script failed, {count} did not",
            remedy="run the script by hand in `scalebook shell`, and mend it",
        )
    throughput = _number(text, r"tps = ([\d.]+)")
    return NativeReport(
        operations=count,
        seconds=count / throughput,
        throughput_per_second=throughput,
        mean_seconds=native.clients / throughput,
        generator=f"pgbench {provision.version}",
        label=f"{_clients(native.clients)}, {native.protocol} protocol",
    )


def redis_benchmark(
    run: RunDirectory,
    provision: ProvisionLike | None,
    access: Any,
    native: RedisBenchmark,
    seconds: float,
) -> NativeReport:
    """Send the command with redis-benchmark over the Unix socket.

    It counts requests, not seconds, so a short run tells how many fill the time. Without it (no
    `provision`), a pipelined Python client does the same, and the label says so.
    """
    if provision is None:
        return _pipelined(access, native, seconds)
    folder = run.folder("redis-benchmark")
    program = provision.executable("redis-benchmark")
    with _user_of_its_own(access) as (user, password):
        command: list[str | Path] = [program, "-s", access.socket, "--csv"]
        command += ["--user", user, "-a", password]
        command += ["-c", str(native.clients), "-P", str(native.pipeline)]
        command += ["-r", str(native.keyspace)]

        def took(requests: int) -> tuple[float, float]:
            full = [*command, "-n", str(requests), *native.command]
            rows = list(csv.DictReader(_csv(_output(run, full, folder, provision.env, seconds))))
            if len(rows) != 1:
                raise HarnessError(f"redis-benchmark gave {len(rows)} rows where one was due")
            return float(rows[0]["rps"]), float(rows[0]["avg_latency_ms"]) / 1000

        batch = native.clients * native.pipeline
        rate, _ = took(max(PILOT_REQUESTS, batch))
        rate, _ = took(max(round(rate * PILOT_SECONDS), PILOT_REQUESTS, batch))
        count = max(round(rate * seconds), batch)
        rate, mean = took(count)
    return NativeReport(
        operations=count,
        seconds=count / rate,
        throughput_per_second=rate,
        mean_seconds=mean,
        generator=f"redis-benchmark {provision.version}",
        label=f"{_clients(native.clients)}, pipeline of {native.pipeline}",
    )


def _pipelined(access: Any, native: RedisBenchmark, seconds: float) -> NativeReport:
    size = max(native.pipeline, FALLBACK_PIPELINE)
    source = random.Random(0)  # noqa: S311 - spreads keys, no secret
    client: Any = access.connect()
    batches, begin = 0, clock()
    try:
        while clock() < begin + seconds or not batches:
            pipeline = client.pipeline(transaction=False)
            for _ in range(size):
                key = f"{source.randrange(native.keyspace):012d}"
                pipeline.execute_command(*(w.replace(RANDOM_KEY, key) for w in native.command))
            pipeline.execute()
            batches += 1
        took = clock() - begin
    except redis.ResponseError as error:
        raise _refused(str(error)) from error
    finally:
        client.close()
    return NativeReport(
        operations=batches * size,
        seconds=took,
        throughput_per_second=batches * size / took,
        mean_seconds=took / batches,
        generator=f"redis-py {redis.__version__}",
        label=f"1 Python client, pipeline of {size}, for want of redis-benchmark",
    )


@contextlib.contextmanager
def _user_of_its_own(access: Any) -> Iterator[tuple[str, str]]:
    """A user for the benchmark alone, gone afterwards.

    redis-benchmark takes passwords from its command line only, which others can read; they cannot
    reach the socket, and this keeps the real password from them as well.
    """
    user, password = f"bench-{secrets.token_hex(4)}", secrets.token_hex(16)
    client: Any = access.connect()
    rules = ["on", f">{password}", "~*", "&*", "+@all", "-@admin", "-@dangerous", "+config|get"]
    try:
        client.execute_command("ACL", "SETUSER", user, *rules)
        yield user, password
    finally:
        with contextlib.suppress(redis.ConnectionError):
            client.execute_command("ACL", "DELUSER", user)
        client.close()


def _output(
    run: RunDirectory,
    command: list[str | Path],
    folder: Path,
    env: Mapping[str, str],
    seconds: float,
) -> str:
    """What the generator prints. Raises LabError with its last words when it gives up."""
    log = run.path / f"{folder.name}.log"
    child = run.spawn(command, cwd=folder, log=log, env=env, stdout=subprocess.PIPE)
    try:
        output, _ = child.communicate(timeout=2 * seconds + SPARE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        raise HarnessError(f"{command[0]} did not end in time: {_tail(log)}") from None
    if child.returncode != 0:
        raise _refused(_tail(log))
    return output.decode("utf-8", errors="replace")


def _refused(text: str) -> LabError:
    return LabError(
        f"the native generator gave up: {text}",
        remedy="try the operation by hand in `scalebook shell`, and mend the variant's `native`",
    )


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return " | ".join(lines[-LAST_LINES:])


def _csv(text: str) -> list[str]:
    lines = text.splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith('"test"')), len(lines))
    return lines[start:]


def _number(text: str, pattern: str) -> float:
    found = re.search(pattern, text)
    if found is None:
        raise HarnessError(f"pgbench printed no {pattern!r}: {text[-400:]}")
    return float(found[1])


def _clients(count: int) -> str:
    return "1 client" if count == 1 else f"{count} clients"
