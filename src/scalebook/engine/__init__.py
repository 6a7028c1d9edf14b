"""Runs a lab: plan, trials, steps and faults, promises, verdict."""

from scalebook.engine.bench import Workbench
from scalebook.engine.budget import BUDGETS, Budget
from scalebook.engine.events import Event, Reporter, silent
from scalebook.engine.labrun import Named
from scalebook.engine.outcome import Outcome
from scalebook.engine.run import run_unit

__all__ = [
    "BUDGETS",
    "Budget",
    "Event",
    "Named",
    "Outcome",
    "Reporter",
    "Workbench",
    "run_unit",
    "silent",
]
