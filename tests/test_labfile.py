"""Importing a lab file: its parameters, what the user may change, and where its faults are."""

from pathlib import Path

import pytest

import scalebook
from scalebook.errors import LabError, UsageError
from scalebook.lab import Lab
from scalebook.labfile import constants, import_lab, import_lab_module, module_name, parse

LAB = '''"""A question?"""
from scalebook.lab import Client, Lab, Slices, Speedup, Workload
from scalebook.services import Redis

CLIENTS = 4
TTL_SECONDS = 0.5
NAME = "shop"
FLAG = True
PARTS = (1, 2)
DOUBLE = 2 * CLIENTS
lower = 1
FIRST = SECOND = 3


class Old(Client):
    """The baseline."""

    def read(self, key):
        return key


class New(Old):
    """The technique."""


LAB = Lab(
    at=("rows", [1, 2]),
    services={"redis": Redis},
    workload=Workload(mix={"read": 1}, clients=CLIENTS),
    variants=[Old, New],
    trials=[Slices(seconds=TTL_SECONDS)],
    claim=Speedup(DOUBLE, of="read", technique=New, over=Old),
)
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "lab.py"
    path.write_text(LAB, encoding="utf-8")
    return path


def broken(file: Path, line: str) -> int:
    """Append a line to the lab and return its number."""
    text = LAB + line + "\n"
    file.write_text(text, encoding="utf-8")
    return len(text.splitlines())


def test_parameters_are_the_constants_in_capitals_that_have_a_plain_value(file: Path) -> None:
    assert constants(parse(file)) == {"CLIENTS": 4, "TTL_SECONDS": 0.5, "NAME": "shop"}


def test_the_lab_is_imported_as_it_stands(file: Path) -> None:
    lab = import_lab(file)

    assert isinstance(lab, Lab)
    work = lab.resolved(1).workload
    assert work is not None
    assert work.clients == 4


def test_a_setting_replaces_a_constant_and_what_follows_from_it(file: Path) -> None:
    module = import_lab_module(file, {"CLIENTS": 7, "NAME": "store", "TTL_SECONDS": 2})

    assert (module.CLIENTS, module.NAME, module.TTL_SECONDS) == (7, "store", 2)
    assert module.DOUBLE == 14
    assert import_lab_module(file).CLIENTS == 4


@pytest.mark.parametrize("name", ["CLIENT", "lower", "DOUBLE", "FLAG", "LAB"])
def test_an_unknown_setting_is_refused_with_those_there_are(file: Path, name: str) -> None:
    with pytest.raises(UsageError, match=f"no parameter '{name}'") as caught:
        import_lab_module(file, {name: 1})

    assert caught.value.remedy == "its parameters: CLIENTS, TTL_SECONDS, NAME"


@pytest.mark.parametrize("setting", [{"CLIENTS": "many"}, {"NAME": 5}])
def test_a_setting_of_another_type_is_refused_with_an_example(
    file: Path, setting: dict[str, object]
) -> None:
    with pytest.raises(UsageError) as caught:
        import_lab_module(file, setting)

    ((name, value),) = setting.items()
    assert caught.value.what == f"{name}={value!r}"
    assert caught.value.remedy in ("give a value like 4", "give a value like 'shop'")


def test_a_syntax_error_names_its_line(file: Path) -> None:
    line = broken(file, "def read(self, key")

    with pytest.raises(LabError) as caught:
        import_lab(file)

    assert caught.value.what.startswith(f"{file}:{line}: ")
    assert caught.value.remedy == "mend the syntax of the lab"


def test_a_file_with_a_null_byte_is_a_faulty_lab(file: Path) -> None:
    broken(file, "\0")

    with pytest.raises(LabError, match="null bytes"):
        import_lab(file)


@pytest.mark.parametrize(
    "text, error",
    [
        ("Client.nothing", "AttributeError"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("from scalebook.lab import Nothing", "ImportError"),
        ("import json; json.loads('{')", "JSONDecodeError"),
    ],
)
def test_an_exception_at_import_names_the_labs_own_line(file: Path, text: str, error: str) -> None:
    line = broken(file, text)

    with pytest.raises(LabError) as caught:
        import_lab(file)

    assert caught.value.what.startswith(f"{file}:{line}: {error}")


def test_a_file_without_lab_says_how_to_end(file: Path) -> None:
    file.write_text("LAB = 5\n", encoding="utf-8")

    with pytest.raises(LabError, match="no LAB") as caught:
        import_lab(file)

    assert caught.value.remedy == "end the file with LAB = Lab(...)"


def test_a_missing_file_is_a_wrong_path(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file") as caught:
        import_lab(tmp_path / "lab.py")

    assert not isinstance(caught.value, LabError)


def test_a_lab_of_the_book_is_a_module_of_the_package_and_others_are_apart(file: Path) -> None:
    chapters = Path(scalebook.__file__).parent / "chapters"

    assert module_name(chapters / "redis" / "counters" / "lab.py") == (
        "scalebook.chapters.redis.counters.lab"
    )
    assert module_name(file) == f"scalebook_lab_{file.parent.name}_lab"
    assert import_lab_module(file).__name__ == module_name(file)
