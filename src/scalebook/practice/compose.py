"""A lab with a learner's class beside its own variants, made whenever a process imports it.

The engine finds a lab by its file, also in its child processes. The file that `lab_file` writes
is such a lab: it runs the unit's own lab, and the learner's code as a module of its own.
"""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

from scalebook.errors import ScalebookError
from scalebook.lab import Client, Lab
from scalebook.labfile import import_lab_module, module_name
from scalebook.practice import guard

__all__ = ["NoSolution", "compose", "lab_file", "your_name"]

MODULE = "scalebook_learner"


class NoSolution(ScalebookError):
    """The learner's file holds no class that could be judged (exit status 1)."""

    exit_status = 1


def your_name(technique: str) -> str:
    """The name under which a learner's class is shown and measured beside the lab's own."""
    return f"Your{technique}"


def lab_file(lab: Path, source: Path, shown: Path, named: str, technique: str) -> str:
    """The text of a lab file that joins a unit's lab with the class `named` in `source`.

    `shown` is where the learner knows the source to be: errors name it.
    """
    given = ", ".join(repr(str(part)) for part in (lab, source, shown, named, technique))
    return (
        '"""A lab with a learner\'s class."""\n'
        "from scalebook.practice.compose import compose\n"
        f"globals().update(compose({given}))\n"
    )


def compose(lab: str, source: str, shown: str, named: str, technique: str) -> dict[str, Any]:
    """All names of the lab, and the learner's class. `NoSolution` where there is none."""
    theirs = _once(Path(lab))
    found = {name: value for name, value in vars(theirs).items() if not name.startswith("__")}
    if not isinstance(found.get("LAB"), Lab):
        raise ScalebookError(f"{lab}: no LAB", remedy="end the file with LAB = Lab(...)")
    yours = _learners_class(Path(source), shown, named)
    reference = found[technique]
    yours.__name__ = yours.__qualname__ = your_name(technique)
    yours.batches = reference.batches  # Times are given for one of a batch: no choice of yours.
    yours.__doc__ = yours.__doc__ or reference.__doc__
    found[yours.__name__] = yours
    return found


def _once(lab: Path) -> types.ModuleType:
    module = sys.modules.get(module_name(lab))
    if module is not None and getattr(module, "__file__", None) == str(lab):
        return module
    return import_lab_module(lab)


def _learners_class(source: Path, shown: str, named: str) -> Any:
    module = types.ModuleType(MODULE)
    module.__file__ = shown
    sys.modules[MODULE] = module
    guard.refuse()
    code = compile(source.read_bytes(), shown, "exec")
    exec(code, module.__dict__)  # noqa: S102 - it is what is to be judged
    found = getattr(module, named, None)
    if not (isinstance(found, type) and issubclass(found, Client)):
        raise NoSolution(
            f"{shown}: no client is called {named}",
            remedy=f"define class {named}, as the starter did",
        )
    return found
