"""Engines out of Debian packages: downloaded by name and unpacked into the cache, not installed.

No step needs root, and nothing of the machine changes. apt checks each package against its signed
lists; the hash is compared here once more and recorded.
"""

import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from scalebook.errors import EngineMissing
from scalebook.services import cache
from scalebook.services.versions import ask_version

__all__ = ["closure", "fetch", "parse_stanzas"]

PACKAGES = {"redis": "redis-server", "redis-tools": "redis-tools", "nginx": "nginx"}
PROGRAMS = {
    "redis": "usr/bin/redis-server",
    "redis-tools": "usr/bin/redis-benchmark",
    "nginx": "usr/sbin/nginx",
}
# The C library must be the machine's own: the dynamic loader that is used belongs to it.
MACHINES_OWN = {"libc6", "libc-bin", "libcrypt1", "libgcc-s1"}
LIBRARY_SECTIONS = {"libs", "oldlibs"}
STEP_SECONDS = 600

Stanza = dict[str, str]


class _ListsTooOldError(Exception):
    """apt does not know the package, or its list names a file that is no longer there."""


def fetch(engine: str, say: Callable[[str], None]) -> cache.Entry:
    """Download and unpack `engine` (a key of PACKAGES) with the libraries it needs.

    Raises EngineMissing where there is no apt, or where the package cannot be had.
    """
    _require_apt(engine)
    root = PACKAGES[engine]
    with tempfile.TemporaryDirectory(prefix="scalebook-apt-") as text:
        work = Path(text)
        try:
            packages = _download(root, [], work, say)
        except _ListsTooOldError:
            say("reads Debian's package lists anew (into a temporary folder)")
            options = _private_lists(work, root)
            try:
                packages = _download(root, options, work, say)
            except _ListsTooOldError as error:
                raise _missing(root, str(error)) from error
        version = packages[0]["Version"]
        name = f"{engine}-debian-{re.sub(r'[^0-9A-Za-z.+~-]', '_', version)}"
        say(f"unpacks {root} {version}")
        return cache.store(name, lambda folder: _fill(engine, packages, work, folder))


def closure(root: str, show: Callable[[Sequence[str]], list[Stanza]]) -> list[Stanza]:
    """Return the stanzas of `root` and of the libraries it needs, `root` first.

    Followed are packages of the same source and shared libraries; what only an installation
    needs (adduser, init scripts) and the C library are left out. `show` looks packages up.
    """
    found = {stanza["Package"]: stanza for stanza in show([root])}
    if root not in found:
        raise _ListsTooOldError(f"apt does not know {root}")
    source = _source(found[root])
    seen, ahead = {root}, _depends(found[root])
    while ahead := [name for name in dict.fromkeys(ahead) if name not in seen | MACHINES_OWN]:
        seen.update(ahead)
        wanted = [
            stanza
            for stanza in show(ahead)
            if stanza.get("Section", "").split("/")[-1] in LIBRARY_SECTIONS
            or _source(stanza) == source
        ]
        found.update((stanza["Package"], stanza) for stanza in wanted)
        ahead = [name for stanza in wanted for name in _depends(stanza)]
    return list(found.values())


def parse_stanzas(text: str) -> list[Stanza]:
    """Return the fields of each paragraph that `apt-cache show` prints (first lines only)."""
    blocks = (re.findall(r"^([\w-]+): (.*)$", block, re.M) for block in text.split("\n\n"))
    return [dict(fields) for fields in blocks if fields]


def _require_apt(engine: str) -> None:
    missing = [t for t in ("apt-get", "apt-cache", "dpkg-deb") if shutil.which(t) is None]
    if platform.system() == "Linux" and not missing:
        return
    where = f"has no {missing[0]}" if missing else f"runs {platform.system()}"
    program = Path(PROGRAMS[engine]).name
    raise EngineMissing(
        f"{engine} is fetched from Debian's packages, and this machine {where}",
        remedy=f"install it with your own package manager so that {program} is on PATH, "
        f"or name it: --engine {engine}=/path/to/{program}",
    )


def _download(
    root: str, options: list[str], work: Path, say: Callable[[str], None]
) -> list[Stanza]:
    """Put the packages of `root` into `work`; return their stanzas, `root` first."""

    def show(names: Sequence[str]) -> list[Stanza]:
        command = ["apt-cache", *options, "show", "--no-all-versions", *names]
        return parse_stanzas(_run(command, work, known_to_fail=True))

    packages = closure(root, show)
    names = [stanza["Package"] for stanza in packages]
    say(f"downloads {', '.join(names)}")
    try:
        _run(["apt-get", *_unboxed(), *options, "download", *names], work)
    except subprocess.CalledProcessError as error:
        raise _ListsTooOldError(_last_lines(error)) from error
    for stanza in packages:
        file = _file_of(stanza, work)
        if cache.sha256_of(file) != stanza["SHA256"]:
            raise _missing(root, f"{file.name} is not what Debian's package list promises")
    return packages


def _private_lists(work: Path, root: str) -> list[str]:
    """Read the package lists into `work`; return the options that make apt use them."""
    for folder in ("lists/partial", "archives/partial"):
        (work / folder).mkdir(parents=True)
    options = ["-o", f"Dir::State::Lists={work / 'lists'}", "-o", f"Dir::Cache={work}"]
    try:
        _run(["apt-get", *_unboxed(), *options, "update"], work)
    except subprocess.CalledProcessError as error:
        raise _missing(root, _last_lines(error)) from error
    return options


def _unboxed() -> list[str]:
    """Root's apt would download as another user, who may not write to our folder."""
    return ["-qq", "-o", "APT::Sandbox::User=root"]


def _run(command: list[str], cwd: Path, known_to_fail: bool = False) -> str:
    """Return what `command` prints; apt-cache's status says only that some name is unknown."""
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=STEP_SECONDS,
        check=not known_to_fail,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout


def _last_lines(error: subprocess.CalledProcessError) -> str:
    lines = [line.strip() for line in (error.stderr or "").splitlines() if line.strip()]
    return " | ".join(lines[-3:]) or f"exit status {error.returncode}"


def _missing(root: str, why: str) -> EngineMissing:
    return EngineMissing(
        f"Debian's package {root} cannot be downloaded: {why}",
        remedy=f"see whether `apt-get update && apt-get download {root}` works here",
    )


def _depends(stanza: Stanza) -> list[str]:
    """Return the names of what a package needs, the first of each set of alternatives."""
    text = ", ".join(stanza.get(key, "") for key in ("Pre-Depends", "Depends"))
    first = (part.split("|")[0].split("(")[0].split(":")[0].strip() for part in text.split(","))
    return [name for name in first if name]


def _source(stanza: Stanza) -> str:
    return stanza.get("Source", stanza["Package"]).split(" ")[0]


def _file_of(stanza: Stanza, work: Path) -> Path:
    return next(work.glob(f"{stanza['Package']}_*.deb"))


def _fill(engine: str, packages: list[Stanza], work: Path, folder: Path) -> dict[str, Any]:
    """Unpack the downloaded packages into `folder` and see that the program starts."""
    for stanza in packages:
        _run(["dpkg-deb", "-x", str(_file_of(stanza, work)), str(folder)], work)
    found = (p for base in ("usr/lib", "lib") for p in (folder / base).glob("*-linux-*"))
    libraries = [p.relative_to(folder) for p in found if p.is_dir()]
    for extra in ("etc", "usr/share", "var"):
        shutil.rmtree(folder / extra, ignore_errors=True)
    path = ":".join(str(folder / library) for library in libraries)
    program = Path(PROGRAMS[engine])
    label, version = ask_version(folder / program, {"LD_LIBRARY_PATH": path} if path else {})
    return {
        "engine": engine,
        "label": label,
        "version": version,
        "source": "debian",
        "bin": str(program.parent),
        "libraries": [str(library) for library in libraries],
        "packages": {stanza["Package"]: stanza["Version"] for stanza in packages},
        "sha256": {stanza["Package"]: stanza["SHA256"] for stanza in packages},
    }
