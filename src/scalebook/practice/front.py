"""The front of the judge: starts it, watches it, and has a verdict whatever becomes of it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psutil

from scalebook.book import Unit
from scalebook.engine import silent
from scalebook.errors import HarnessError, ScalebookError
from scalebook.practice.child import DUMP, Task
from scalebook.practice.compose import lab_file
from scalebook.practice.judge import PARTS
from scalebook.practice.judgement import Finding, Judgement
from scalebook.practice.limits import kill_descendants, tasks_of
from scalebook.practice.starter import Starter
from scalebook.services.cache import cache_root
from scalebook.services.isolation import isolation
from scalebook.services.postgres_template import find_template
from scalebook.services.provide import Provisions
from scalebook.services.rundir import RunDirectory

__all__ = ["Exercise", "judge"]

CHILD = "scalebook.practice.child"
POLL_SECONDS = 0.05
GRACE_SECONDS = 2.0
MOST_PRINTED = 16_000_000
STRAY = 2_000
START_SECONDS = 60.0
TRIES = 2
Reporter = Callable[[dict[str, object]], None]


@dataclass(frozen=True)
class Exercise:
    """A solution to be judged: `text` is the learner's file, `shown` its path.

    `named` is the class in it, if not the one of the technique's name; `parts` of PARTS.
    """

    unit: Unit
    text: str
    shown: str
    named: str | None = None
    parts: tuple[str, ...] = PARTS
    engines: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def judge(
    exercise: Exercise, *, seed: int | None = None, reporter: Reporter | None = None
) -> Judgement:
    """Judge a solution in a process of its own. Whatever it does, this returns or raises.

    A judge that dies by a signal is tried once more, since memory may have been short. Raises
    what the harness raises, and never what the learner's code does.
    """
    begun = time.perf_counter()
    chosen = secrets.randbelow(1_000_000) if seed is None else seed
    tell = reporter or silent
    for number in range(TRIES):
        found = _Judging(exercise, chosen, tell).outcome()
        if found is not None:
            return replace(found, seconds=time.perf_counter() - begun)
        if number + 1 < TRIES:
            tell({"event": "note", "text": "the judge was killed; trying once more"})
    text = "your code ended the process that judged it, twice (by a signal)"
    return _failed(exercise, chosen, Finding("code", text))


def _failed(exercise: Exercise, seed: int, finding: Finding, stray: str = "") -> Judgement:
    technique = Starter(exercise.unit.id, exercise.unit.folder / "lab.py").contract.technique
    return Judgement(exercise.unit.id, technique, "fail", seed, (finding,), stray=stray)


class _Judging:
    """One process that judges, from its start to the last that is left of it."""

    def __init__(self, exercise: Exercise, seed: int, tell: Reporter) -> None:
        self.exercise, self.seed, self.tell = exercise, seed, tell
        self.limit = time.monotonic() + START_SECONDS
        self.part = "start"

    def outcome(self) -> Judgement | None:
        """The judgement; None where the process died by a signal, without one."""
        with RunDirectory.create() as run:
            try:
                return self._watched(run)
            finally:
                _kill_user(run.uid)

    def _watched(self, run: RunDirectory) -> Judgement | None:
        folder = run.folder("j")
        task = self._task(run, folder)
        self.log = run.path / "judge.log"
        env = {k: v for k, v in os.environ.items() if k in ("PYTHONPATH", "SCALEBOOK_CHAPTERS")}
        env["SCALEBOOK_CACHE"] = str(_cache(self.exercise, run, folder))
        env["PYTHONUNBUFFERED"] = "1"
        env["TMPDIR"] = str(folder)
        self.isolation = isolation(run.path)
        child = run.spawn(
            self.isolation.command([sys.executable, "-P", "-m", CHILD], run.path),
            cwd=folder,
            log=self.log,
            env=env,
            as_engine=False,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert child.stdin is not None
        with contextlib.suppress(BrokenPipeError), child.stdin as stream:
            stream.write(json.dumps(asdict(task)).encode())
        try:
            return self._listen(child, folder)
        finally:
            kill_descendants(child.pid)  # Also those who left the run's directory and session.

    def _task(self, run: RunDirectory, folder: Path) -> Task:
        """Write what the judge reads, where the learner's code cannot change it under root."""
        unit = self.exercise.unit
        lab = unit.folder.resolve() / "lab.py"
        technique = Starter(unit.id, lab).contract.technique
        kept = run.folder("code", as_engine=False)
        source, joined = kept / "solution.py", kept / "lab.py"
        source.write_text(self.exercise.text, encoding="utf-8")
        shown = Path(self.exercise.shown)
        named = self.exercise.named or technique
        joined.write_text(lab_file(lab, source, shown, named, technique), encoding="utf-8")
        if run.gid is not None:
            for path, mode in ((kept, 0o750), (source, 0o640), (joined, 0o640)):
                os.chown(path, 0, run.gid)
                path.chmod(mode)
        return Task(
            unit=unit.id,
            number=unit.number,
            title=unit.title,
            question=unit.question,
            claim_text=unit.claim_text,
            lab=str(lab),
            joined=str(joined),
            source=str(source),
            shown=str(shown),
            technique=technique,
            parts=self.exercise.parts,
            seed=self.seed,
            folder=str(folder),
            uid=run.uid,
            gid=run.gid,
            others=tasks_of(os.getuid()) if run.uid is None else 0,
            engines=dict(self.exercise.engines),
        )

    def _listen(self, child: subprocess.Popen[bytes], folder: Path) -> Judgement | None:
        assert child.stdout is not None
        pipe, waiting = child.stdout.fileno(), b""
        ended: int | None = None
        while True:
            ready, _, _ = select.select([pipe], [], [], POLL_SECONDS)
            data = os.read(pipe, 65536) if ready else b""
            *lines, waiting = (waiting + data).split(b"\n")
            for line in lines:
                event = json.loads(line)
                if event["event"] == "ended":
                    ended = event["status"]
                elif (found := self._heard(event)) is not None:
                    return found
            over = child.poll() is not None and not data
            if over or (ready and not data) or ended is not None:
                return self._without_verdict(ended)
            if time.monotonic() > self.limit + GRACE_SECONDS:
                return self._too_long(folder)
            if self.log.stat().st_size > MOST_PRINTED:
                text = f"your code printed more than {MOST_PRINTED // 10**6} MB"
                return self._fail(Finding("code", text))

    def _heard(self, event: dict[str, Any]) -> Judgement | None:
        kind = event["event"]
        if kind == "verdict":
            return replace(Judgement.from_json(event["judgement"]), stray=self._stray())
        if kind == "code":
            fields = {**event, "witness": tuple(event["witness"])}
            fields.pop("event")
            return self._fail(Finding(**fields))
        if kind == "harness":
            error = ScalebookError(event["what"], remedy=event["remedy"] or event["trace"])
            error.exit_status = event["exit"]
            raise error
        if kind == "part":
            self.part, self.limit = event["part"], time.monotonic() + event["limit"]
        self.tell(event)
        return None

    def _without_verdict(self, status: int | None) -> Judgement | None:
        """The judge is gone: by `status`, or with the process that started it."""
        if status is None and self.isolation.level != "namespaces":
            return self._fail(Finding("code", "your code killed the process that started it"))
        if status is None or status < 0:
            # In namespaces, nothing that the code does reaches the process that started it.
            name = signal.Signals(-status).name if status else "a signal"
            self.tell({"event": "note", "text": f"the judge died by {name}"})
            return None
        text = f"your code ended the process that judged it, with exit status {status}"
        return self._fail(Finding("code", text))

    def _too_long(self, folder: Path) -> Judgement:
        """Time is over: whose fault it is, is to be seen in the stacks that it left."""
        dump = folder / DUMP
        text = dump.read_text(encoding="utf-8", errors="replace") if dump.exists() else ""
        pattern = rf'File "{re.escape(self.exercise.shown)}", line (\d+) in (\S+)'
        if found := re.search(pattern, text):
            where = f"{self.exercise.shown}:{found[1]} ({found[2]})"
            words = f"the time for the part '{self.part}' was over, and your code was at {where}"
            return self._fail(Finding("code", words))
        raise HarnessError(
            f"the judge did not finish its part '{self.part}' in time",
            remedy="try again when the machine is less busy",
        )

    def _fail(self, finding: Finding) -> Judgement:
        return _failed(self.exercise, self.seed, finding, self._stray())

    def _stray(self) -> str:
        with contextlib.suppress(OSError):
            with self.log.open("rb") as log:
                text = log.read(STRAY + 1).decode("utf-8", "replace")
            return text if len(text) <= STRAY else text[:STRAY] + " ..."
        return ""


def _cache(exercise: Exercise, run: RunDirectory, folder: Path) -> Path:
    """Where the judge finds unpacked engines, and a database template that is its own."""
    provisions = Provisions(exercise.engines)
    kinds = Starter(exercise.unit.id, exercise.unit.folder / "lab.py").contract.services.values()
    stores = any("Postgres" in kind for kind in kinds)
    provision = provisions.find("postgresql" if stores else "redis")
    if run.uid is None:
        if stores:
            find_template(provision, run)  # In namespaces, the judge could not write it.
        return cache_root()
    made = folder / "cache"
    made.mkdir(mode=0o700)
    if stores:
        template = find_template(provision, run).data.parent
        shutil.copytree(template, made / template.name)
    for entry in cache_root().iterdir():
        if (entry / "manifest.json").exists():
            (made / entry.name).symlink_to(entry)
    for place, folders, files in os.walk(made):
        for name in [*folders, *files]:
            run.give(Path(place, name))
    run.give(made)
    return made


def _kill_user(uid: int | None, seconds: float = 5.0) -> None:
    """Kill every process of the learner's own user, wherever it went; nobody else has it."""
    deadline = time.monotonic() + seconds
    while uid is not None and time.monotonic() < deadline:
        left = [p for p in psutil.process_iter(["uids", "status"]) if _is_of(p, uid)]
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        if not left:
            return
        time.sleep(POLL_SECONDS)


def _is_of(process: psutil.Process, uid: int) -> bool:
    uids = process.info["uids"]
    alive = process.info["status"] != psutil.STATUS_ZOMBIE
    return uids is not None and alive and uid in (uids.real, uids.effective, uids.saved)
