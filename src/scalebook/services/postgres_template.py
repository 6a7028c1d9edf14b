"""A freshly initialised PostgreSQL data directory, made once and copied for each server."""

import fcntl
import os
import pwd
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from scalebook.errors import HarnessError
from scalebook.services.cache import cache_root
from scalebook.services.provide import Provision
from scalebook.services.rundir import RunDirectory

__all__ = ["Template", "find_template"]

REVISION = 1  # Raise it when the options of initdb below change.
INITDB_SECONDS = 120.0


@dataclass(frozen=True)
class Template:
    """A data directory to copy, and the superuser's password in it."""

    data: Path
    password: str

    def copy_to(self, target: Path, run: RunDirectory) -> None:
        """Copy the data directory to `target`, owned by the engines' user of `run`."""
        target.mkdir(mode=0o700)
        base, others = self.data / "base", [p for p in self.data.iterdir() if p.name != "base"]
        # Two at once: most of the time goes into fresh pages for the copies.
        log = target.with_name(f"{target.name}-copy.log")
        copies = [
            run.spawn(["cp", "-R", *group, target], cwd=target, log=log, as_engine=False)
            for group in ([base], others)
        ]
        failed = [copy.wait() for copy in copies]
        if any(failed):
            complaints = log.read_text(encoding="utf-8", errors="replace").splitlines()
            free = shutil.disk_usage(target).free  # The log is on the same disk, so often empty.
            why = f"{complaints[-1]}; " if complaints else ""
            raise HarnessError(
                f"cannot copy the database template to {target}: {why}{free / 1e6:.0f} MB of disk"
                " space are free there",
                remedy="Free some space there, or set SCALEBOOK_RUN_DIR to another folder.",
            )
        if run.uid is not None:
            for folder, folders, files in os.walk(target):
                for name in [*folders, *files]:
                    run.give(Path(folder, name))
            run.give(target)


def find_template(provision: Provision, run: RunDirectory) -> Template:
    """The template of this version, made by initdb if there is none; two runs may ask at once.

    Raises HarnessError where initdb fails or the cache cannot be written.
    """
    folder = cache_root() / f"postgresql-template-{provision.version}-{REVISION}"
    try:
        if not folder.exists():
            _make_once(folder, provision, run)
        password = (folder / "password").read_text(encoding="ascii")
    except OSError as error:
        raise HarnessError(
            f"cannot keep the database template in {folder}: {error}",
            remedy="Choose another folder: SCALEBOOK_CACHE=/path scalebook ...",
        ) from error
    return Template(folder / "data", password)


def _make_once(folder: Path, provision: Provision, run: RunDirectory) -> None:
    """Make the template under a lock and rename it into place, so that it is whole or absent."""
    if not folder.parent.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.parent.chmod(0o755)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        password = secrets.token_hex(16)
        (partial / "password").touch(mode=0o600)
        (partial / "password").write_text(password, encoding="ascii")
        shutil.copytree(_initialise(provision, run, password), partial / "data")
        partial.rename(folder)


def _initialise(provision: Provision, run: RunDirectory, password: str) -> Path:
    """Run initdb in the run directory. It wants an account by name, which the spare uid lacks."""
    work = run.folder("initdb")
    (work / "password").touch(mode=0o600)
    (work / "password").write_text(password, encoding="ascii")
    nobody = pwd.getpwnam("nobody").pw_uid if run.uid is not None else None
    if nobody is not None and run.gid is not None:
        for path in (work, work / "password"):
            os.chown(path, nobody, run.gid)
    log = run.path / "initdb.log"
    command: list[str | Path] = [
        *_as_somebody_with_a_name(),
        *(provision.executable("initdb"), "-D", work / "data", "-U", "postgres"),
        *("-A", "scram-sha-256", "--pwfile", work / "password"),
        *("-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions"),
        # The passwords are random, 128 bits long; iterations would only slow connecting down.
        *("-c", "scram_iterations=1"),
    ]
    process = run.spawn(command, cwd=work, log=log, env=provision.env, uid=nobody)
    try:
        status = process.wait(timeout=INITDB_SECONDS)
    except subprocess.TimeoutExpired:
        status = None
    if status != 0:
        end = f"ended with status {status}" if status else f"took over {INITDB_SECONDS:g} s"
        said = "".join(f"\n    {line}" for line in log.read_text().splitlines()[-10:])
        raise HarnessError(
            f"initdb of {provision.label} {end}; its last words:{said}",
            remedy=f"Is user {os.getuid()} in /etc/passwd? What is installed: scalebook doctor",
        )
    return work / "data"


def _as_somebody_with_a_name() -> list[str]:
    """What to put before initdb for a user without an account, as containers often have."""
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        uid = pwd.getpwnam("nobody").pw_uid
        unshare = shutil.which("unshare")
        return [unshare, "--user", f"--map-user={uid}"] if unshare else []
    return []
