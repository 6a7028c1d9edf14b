import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scalebook import __version__
from scalebook.cli import failure, main
from scalebook.errors import HarnessError

Add = Callable[..., Path]
Command = Callable[..., "subprocess.CompletedProcess[str]"]


def test_version_and_help(scalebook: Command) -> None:
    assert scalebook("--version").stdout == f"scalebook {__version__}\n"
    for arguments in ((), ("--help",), ("-h",)):
        done = scalebook(*arguments)
        assert done.returncode == 0
        for command in ("list", "show", "run", "shell", "doctor", "results", "export", "plan"):
            assert f"  {command}" in done.stdout


@pytest.mark.parametrize(
    "command",
    ["list", "show", "run", "shell", "doctor", "results", "export", "plan", "schema"],
)
def test_every_command_gives_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"scalebook {command}" in capsys.readouterr().out.partition("Example")[2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lst"], "no command 'lst'; did you mean list?"),
        (["frobnicate"], "no command 'frobnicate'"),
        (["test"], "./scalebook test"),
        (["list", "--foo"], "--foo"),
        (["list", "--chapter", "zzz"], "no chapter 'zzz'"),
        (["show"], "UNIT"),
        (["show", "nosuch"], "no unit 'nosuch'"),
        (["run"], "no unit is named"),
        (["run", "2", "--quick", "--full"], "--quick and --full exclude each other"),
        (["run", "2", "--events", "--json"], "--events and --json exclude each other"),
        (["run", "2", "--reference", "--quick"], "--reference and --quick"),
        (["run", "2", "--reference", "--at", "10"], "--reference and --at"),
        (["run", "2", "--set", "SIZE"], "key=value"),
        (["run", "2", "--set", "SIZE=1", "--set", "SIZE=2"], "twice"),
        (["run", "2", "--engine", "=x"], "key=value"),
        (["run", "2", "--at", "1,,2"], "empty point"),
        (["run", "2", "--seed", "x"], "'x' is not a valid integer"),
        (["run", "--chapter", "caching"], "has no lab yet"),
        (["results", "show"], "RUN"),
        (["results", "show", "zzz"], "no run 'zzz'"),
        (["results", "--unit", "nosuch"], "no unit 'nosuch'"),
        (["export", "--format", "xml"], "xml"),
        (["schema", "lab"], "lab"),
        (["shell", "nosuch"], "no unit 'nosuch'"),
        (["doctor", "--fetch", "mysql"], "mysql"),
    ],
)
def test_wrong_use_is_one_message_and_status_2(
    add: Add, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    add("redis/counter")
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert output.err.startswith("error: ")
    assert said in output.err
    assert "Traceback" not in output.err
    assert output.out == ""


def test_a_wrong_store_is_wrong_use(
    add: Add, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    add("redis/counter")
    monkeypatch.setenv("SCALEBOOK_STORE", "nonsense")
    assert main(["run", "counter"]) == 2
    assert "SCALEBOOK_STORE" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nosuch", "leaderboard", "broken", "page"])
def test_a_unit_that_cannot_run_is_in_the_array(
    add: Add, chapters: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    folder = add("mine/broken", '"""Q?"""\n\ndef f(:\n')
    (chapters / "mine" / "page").mkdir()
    (chapters / "mine" / "page" / "article.md").write_text("")
    assert main(["run", name, "--json"]) == 2
    output = capsys.readouterr()
    (entry,) = json.loads(output.out)
    assert set(entry) == {"unit", "number", "error"}
    assert set(entry["error"]) == {"what", "remedy", "exit"}
    assert entry["error"]["exit"] == 2
    assert output.err.startswith(f"error: {entry['error']['what']}")
    if name == "broken":
        assert entry["unit"] == "mine/broken"
        assert entry["error"]["what"] == f"{folder / 'lab.py'}:3: invalid syntax"


def test_one_failing_unit_does_not_stop_the_others(
    add: Add, capsys: pytest.CaptureFixture[str]
) -> None:
    add("redis/counter", "x = \n")
    assert main(["run", "nosuch", "2", "counter", "redis-counter", "--json"]) == 2
    names = [entry["unit"] for entry in json.loads(capsys.readouterr().out)]
    assert names == ["nosuch", "redis/counter"]


def test_events_tell_of_errors_too(add: Add, capsys: pytest.CaptureFixture[str]) -> None:
    add("redis/counter", "x = \n")
    assert main(["run", "counter", "--events"]) == 2
    (event,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (event["event"], event["unit"], event["exit"]) == ("error", "redis/counter", 2)
    assert event["time"]


def test_our_own_fault_is_one_message_with_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def fails() -> int:
        raise ZeroDivisionError("by postgresql://me:secret@db/x")

    assert failure.guarded(fails) == 4
    said = capsys.readouterr().err
    (log,) = tmp_path.glob("scalebook-*.log")
    assert "unexpected ZeroDivisionError" in said
    assert str(log) in said
    assert "Traceback" not in said
    assert "Traceback" in log.read_text()
    assert "secret" not in said + log.read_text()
    monkeypatch.setenv("SCALEBOOK_DEBUG", "1")
    assert failure.guarded(fails) == 4
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("statuses", "worst"), [([], 0), ([0, 3, 1], 3), ([1, 130, 4], 130), ([0, 0], 0)]
)
def test_the_worst_status_wins(statuses: list[int], worst: int) -> None:
    assert failure.worst(statuses) == worst


def test_interrupts_and_errors_have_their_status(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    def broken() -> int:
        raise HarnessError("the disk is full", remedy="free some\nor not")

    assert failure.guarded(interrupted) == 130
    assert failure.guarded(broken) == 4
    said = capsys.readouterr().err
    assert said == "interrupted\nerror: the disk is full\n  free some\n  or not\n"


def test_a_closed_pipe_is_quiet(add: Add) -> None:
    for number in range(40):
        add(f"mine/unit-{number}", '"""' + "Q" * 4000 + '?"""\n')
    code = "import sys; from scalebook.cli import main; sys.exit(main())"
    child = subprocess.Popen(
        [sys.executable, "-c", code, "list", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Unbuffered output does not notice that only part of it was taken.
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    )
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.read(1)
    child.stdout.close()
    assert child.stderr.read() == b""
    child.stderr.close()
    assert child.wait() == failure.PIPE_CLOSED


def test_output_that_the_terminal_cannot_show_is_no_error(scalebook: Command, add: Add) -> None:
    add("redis/counter", '"""Wie schnell läuft es?"""\n')
    for command in ("list", "show"):
        done = scalebook(command, *["counter"] * (command == "show"), PYTHONIOENCODING="ascii")
        assert (done.returncode, done.stderr) == (0, "")
