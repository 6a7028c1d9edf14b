"""The links between the nodes of one engine: addresses that can fall silent or be slow.

Nodes tell each other these addresses and not their own, so a silent node is alive and alone,
as behind a broken network: a client that holds its socket still reaches it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scalebook.services import link_process
from scalebook.services.proxy import Controlled

if TYPE_CHECKING:
    from scalebook.services.rundir import RunDirectory

__all__ = ["Links"]


class Links(Controlled):
    """One process for all links; link `n` leads to the node with the port `targets[n]`."""

    def __init__(self, name: str, run: RunDirectory, targets: Sequence[int]) -> None:
        """Claim a port for each target; `start` starts the process."""
        super().__init__(name, run)
        self.ports = [run.port() for _ in targets]
        self._pairs = list(zip(self.ports, targets, strict=True))

    def command(self) -> Sequence[str | Path]:
        """The interpreter on the script that forwards."""
        isolated = ["-I", "-S"] if sys.platform == "linux" else ["-I"]
        return [sys.executable, *isolated, link_process.__file__, json.dumps(self._pairs)]

    def silence(self, number: int) -> None:
        """Let nothing through to or from this node's address, and tell nobody, until `heal`."""
        self.tell(f"silence {number}")

    def heal(self, number: int) -> None:
        """Let the others reach this node again; what was held arrives."""
        self.tell(f"heal {number}")

    def delay(self, number: int, seconds: float) -> None:
        """Let all that goes to or comes from this node's address take `seconds` more; 0 ends it."""
        self.tell(f"delay {number} {seconds!r}")
