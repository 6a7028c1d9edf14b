"""Which level of isolation is had: by trying, also where the tool is broken or lies."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scalebook.services.isolation import Isolation, isolation

UID = 65534
WHICH = """
import json, sys
from pathlib import Path
from typing import Any
from scalebook.services.isolation import isolation
print(json.dumps(vars(isolation(Path(sys.argv[1])))))
"""
BROKEN = {
    "fails": "echo no user namespaces here >&2; exit 1",
    "does nothing": 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"',
    "is silent": "exit 0",
    "forgets /proc": 'exec {unshare} --user --map-current-user --pid --fork -- "$@"',
}


def _strip(script: str) -> str:
    """The fake drops its own options, which end with two hyphens."""
    drop = 'while [ "$1" != -- ]; do shift; done; shift; '
    return f"#!/bin/sh\n{'' if 'shift' in script else drop}{script}\n"


@pytest.fixture
def ordinary(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this were an ordinary user: root is always the first level."""
    if os.getuid() == 0:
        monkeypatch.setattr("scalebook.services.isolation.os.getuid", lambda: UID)


def _fakes(folder: Path, script: str) -> None:
    for name in ("bwrap", "unshare"):
        tool = folder / name
        tool.write_text(_strip(script.replace("{unshare}", shutil.which("unshare") or "false")))
        tool.chmod(0o755)


@pytest.mark.usefixtures("ordinary")
@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("fails", "failed: no user namespaces here"),
        ("does nothing", "started the probe without namespaces of its own"),
        ("is silent", "failed: JSONDecodeError"),
        ("forgets /proc", "left other processes in sight"),
    ],
)
def test_a_tool_that_does_not_isolate_is_not_believed(
    how: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fakes(tmp_path, BROKEN[how])
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    found = isolation(tmp_path)
    assert (found.level, found.tool) == ("limits only", None)
    assert f"bwrap {said}" in found.reason
    assert f"unshare {said}" in found.reason
    assert found.command(["true"], tmp_path) == ["true"]


@pytest.mark.usefixtures("ordinary")
def test_without_tools_there_are_limits_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert isolation(tmp_path) == Isolation(
        "limits only", "bwrap is not installed; unshare is not installed"
    )


@pytest.mark.root
def test_root_has_a_user_for_it(tmp_path: Path) -> None:
    assert isolation(tmp_path).level == "own user"


@pytest.mark.usefixtures("ordinary")
def test_other_systems_have_no_namespaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert isolation(tmp_path).reason == "darwin has no user and PID namespaces"


@pytest.mark.parametrize("tool", ["bwrap", "unshare"])
def test_what_is_in_namespaces_cannot_reach_out(
    tool: str, inside: "Inside", request: pytest.FixtureRequest
) -> None:
    path = shutil.which(tool)
    if path is None:
        if request.config.getoption("--require-all"):
            pytest.fail(f"{tool} is not installed")
        pytest.skip(f"{tool} is not installed")
    code = f"""
import os
for pid in (1, {os.getpid()}, -1):
    try:
        os.kill(pid, 9)
    except (ProcessLookupError, PermissionError):
        pass
print("alive", os.getuid() == int(os.environ["WHO"]))
"""
    done = inside(path, code)
    assert done.stdout == "alive True\n", done.stderr
    if tool == "bwrap":
        done = inside(path, "open('/var/tmp/sb-written', 'w')")
        assert "Read-only file system" in done.stderr
        assert "lo" in inside(path, "print(open('/proc/net/dev').read())").stdout


class Inside:
    """Runs Python code in the namespaces of a tool, as an ordinary user."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.user = UID if os.getuid() == 0 else os.getuid()
        os.chown(folder, self.user, self.user if os.getuid() == 0 else -1)

    def __call__(self, tool: str, code: str) -> "subprocess.CompletedProcess[str]":
        words = ["/usr/bin/env", f"WHO={self.user}", _python(), "-I", "-S", "-c", code]
        command = Isolation("namespaces", "", tool).command(words, self.folder)
        who: dict[str, Any] = (
            {"user": UID, "group": UID, "extra_groups": []} if os.getuid() == 0 else {}
        )
        return subprocess.run(
            command, cwd=self.folder, text=True, capture_output=True, check=False, **who
        )


@pytest.fixture
def inside(base: Path) -> Inside:
    folder = base / "x"
    folder.mkdir()
    return Inside(folder)


def _python() -> str:
    """One that any user may run."""
    return shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
