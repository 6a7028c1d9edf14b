"""The launcher in small checkouts of its own, whose locks are empty: no network is used."""

import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CLI = """import os, sys
def main():
    print("cli", os.getcwd(), *sys.argv[1:])
    return 3
"""
TOOLS = ("cat", "chmod", "cksum", "cut", "dirname", "id", "mkdir", "readlink", "rm", "sh", "tr")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a space in its path, a CLI that tells its arguments, and a like pytest."""
    folder = tmp_path / "a folder"
    package = folder / "src" / "scalebook"
    package.mkdir(parents=True)
    shutil.copy(ROOT / "scalebook", folder)
    (package / "__init__.py").write_text("")
    (package / "cli.py").write_text(CLI)
    (folder / "src" / "pytest.py").write_text("import sys\nprint('pytest', *sys.argv[1:])\n")
    for lock in ("requirements.lock", "requirements-dev.lock"):
        (folder / lock).write_text("# nothing\n")
    return folder


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "SCALEBOOK_PYTHON": sys.executable,
        "SCALEBOOK_CACHE": str(home / "cache"),
        **more,
    }


def start(
    launcher: Path, *words: str, cwd: Path | None = None, user: int | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    home = launcher.resolve().parent.parent
    return subprocess.run(
        [launcher, *words],
        cwd=cwd or home,
        env=environment(home, **more),
        capture_output=True,
        text=True,
        timeout=300,
        user=user,
        group=user,
        extra_groups=[] if user is not None else None,
    )


def test_the_second_start_needs_no_pip(checkout: Path, tmp_path: Path) -> None:
    first = start(checkout / "scalebook", "list", "two words")
    assert (first.returncode, first.stdout) == (3, f"cli {tmp_path} list two words\n"), first.stderr
    assert first.stderr.count("installing") == 1
    tests = start(checkout / "scalebook", "test", "--changed", "-k", "a b")
    assert tests.stdout == "pytest --changed -k a b\n", tests.stderr
    assert tests.stderr.count("installing the test tools") == 1
    for pip in (checkout / ".venv").rglob("site-packages/pip"):
        shutil.rmtree(pip)
    link = tmp_path / "link"
    link.symlink_to("a folder/scalebook")
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "scalebook").mkdir(parents=True)
    again = start(link, "list", cwd=elsewhere)
    assert (again.stdout, again.stderr) == (f"cli {elsewhere} list\n", "")
    assert start(link, "test", cwd=elsewhere).stderr == ""


def test_what_failed_or_changed_or_moved_is_installed_again(checkout: Path) -> None:
    lock = checkout / "requirements.lock"
    lock.write_text(f"no-such-package==1 --hash=sha256:{'0' * 64}\n")
    failed = start(checkout / "scalebook", "list", PIP_NO_INDEX="1")
    assert failed.returncode == 4
    assert "no-such-package" in failed.stderr
    assert "the same command repeats it" in failed.stderr
    lock.write_text("# nothing\n")
    repeated = start(checkout / "scalebook", "list")
    assert (repeated.returncode, repeated.stderr.count("installing")) == (3, 1)
    moved = checkout.rename(checkout.with_name("moved"))
    again = start(moved / "scalebook", "list")
    assert (again.returncode, again.stderr.count("installing")) == (3, 1)


def test_two_at_once_install_once(checkout: Path, tmp_path: Path) -> None:
    both = [
        subprocess.Popen(
            [checkout / "scalebook", "list"],
            cwd=tmp_path,
            env=environment(tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [3, 3], said
    assert sum(errors.count("installing") for _, errors in said) == 1


def test_an_environment_made_by_hand_is_used_and_kept(checkout: Path) -> None:
    made = checkout / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", made], check=True)
    (packages,) = made.glob("lib/python*/site-packages")
    (packages / "own.pth").write_text(f"{checkout / 'src'}\n")
    for name in ("click", "numpy"):
        (packages / f"{name}.py").write_text("")
    before = sorted(made.rglob("*"))
    done = start(checkout / "scalebook", "list")
    assert (done.returncode, done.stderr) == (3, "")
    assert sorted(made.rglob("*")) == before


def test_a_read_only_checkout_uses_the_cache(checkout: Path, tmp_path: Path) -> None:
    python, user = sys.executable, None
    if os.geteuid() == 0:
        python, user = python_for_all(), 65534
        open_to_all(checkout, tmp_path)
    checkout.chmod(0o555)
    try:
        first, again = (
            start(checkout / "scalebook", "list", user=user, SCALEBOOK_PYTHON=python)
            for _ in range(2)
        )
    finally:
        checkout.chmod(0o755)
    assert first.returncode == 3, first.stderr
    assert f"{tmp_path / 'cache'}/venv-" in first.stderr
    assert not (checkout / ".venv").exists()
    assert again.stderr == ""


def python_for_all() -> str:
    """Return a Python that every user may run: root's own may lie in a closed folder."""
    for python in ("/usr/bin/python3", "/usr/local/bin/python3"):
        check = [python, "-c", "import sys, ensurepip; sys.exit(sys.version_info < (3, 11))"]
        if Path(python).exists() and subprocess.run(check, capture_output=True).returncode == 0:
            return python
    pytest.skip("no Python 3.11 that an ordinary user can run")


def open_to_all(checkout: Path, tmp_path: Path) -> None:
    """Let another user reach the checkout, and write below `tmp_path`."""
    tmp_path.chmod(0o777)
    for parent in (tmp_path.parent, tmp_path.parent.parent):
        parent.chmod(stat.S_IMODE(parent.stat().st_mode) | 0o011)
    (checkout / "scalebook").chmod(0o755)


def test_without_python_it_says_what_to_do(checkout: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in TOOLS:
        if found := shutil.which(name):
            (tools / name).symlink_to(found)
    done = start(checkout / "scalebook", "list", PATH=str(tools), SCALEBOOK_PYTHON="/none")
    assert done.returncode == 4
    assert "Python 3.11 to 3.14 is needed" in done.stderr
    assert "SCALEBOOK_PYTHON=" in done.stderr


def test_a_python_that_cannot_make_environments_is_told(checkout: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.write_text(
        f'#!/bin/sh\ncase $2 in *ensurepip*) exit 1;; esac\nexec {sys.executable} "$@"\n'
    )
    bare.chmod(0o755)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in TOOLS:
        if found := shutil.which(name):
            (tools / name).symlink_to(found)
    done = start(checkout / "scalebook", "list", PATH=str(tools), SCALEBOOK_PYTHON=str(bare))
    assert done.returncode == 4
    assert "apt install python3-venv" in done.stderr


def test_the_wheel_holds_the_book(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "src" / "scalebook"
    kinds = ("*.py", "*.md", "*.json", "*.toml", "*.yaml", "py.typed")
    expected = {
        f"scalebook/{p.relative_to(package)}" for kind in kinds for p in package.rglob(kind)
    }
    assert expected <= inside
    entry = next(name for name in inside if name.endswith("entry_points.txt"))
    assert "scalebook = scalebook.cli:main" in zipfile.ZipFile(wheel).read(entry).decode()
