"""The authors' vocabulary: what a lab file may say. Nothing here does any I/O."""

from scalebook.lab import checks
from scalebook.lab.agree import anything, same, unordered, within
from scalebook.lab.claim import (
    Claim,
    Invariant,
    Latency,
    Saving,
    Speedup,
    Throughput,
    ThroughputRatio,
)
from scalebook.lab.client import Client, Command, Plan, figure
from scalebook.lab.history import History, Op, Run, Violation
from scalebook.lab.lab import Lab
from scalebook.lab.native import Pgbench, RedisBenchmark
from scalebook.lab.program import Program
from scalebook.lab.promise import Promise
from scalebook.lab.trials import Exact, Fault, Interleaved, Slices, Step, Whole
from scalebook.lab.workload import Items, Moving, OpenLoop, Role, Uniform, Workload, Zipf

__all__ = [
    "Claim",
    "Client",
    "Command",
    "Exact",
    "Fault",
    "History",
    "Interleaved",
    "Invariant",
    "Items",
    "Lab",
    "Latency",
    "Moving",
    "Op",
    "OpenLoop",
    "Pgbench",
    "Plan",
    "Program",
    "Promise",
    "RedisBenchmark",
    "Role",
    "Run",
    "Saving",
    "Slices",
    "Speedup",
    "Step",
    "Throughput",
    "ThroughputRatio",
    "Uniform",
    "Violation",
    "Whole",
    "Workload",
    "Zipf",
    "anything",
    "checks",
    "figure",
    "same",
    "unordered",
    "within",
]
