"""Errors that a user may meet: each says what happened, where, and what to do next."""

__all__ = [
    "ClaimFailed",
    "EngineMissing",
    "HarnessError",
    "LabError",
    "ScalebookError",
    "UsageError",
]


class ScalebookError(Exception):
    """An error whose text is meant for the user; `exit_status` is the process's exit status."""

    exit_status = 4

    def __init__(self, what: str, *, remedy: str | None = None) -> None:
        """`what` names the fault and where it is; `remedy` what to do next."""
        super().__init__(what if remedy is None else f"{what}\n  {remedy}")
        self.what = what
        self.remedy = remedy


class ClaimFailed(ScalebookError):
    """A promise, a gate or a check of a lab failed (exit status 1)."""

    exit_status = 1


class UsageError(ScalebookError):
    """The user asked for something that does not exist or cannot be (exit status 2)."""

    exit_status = 2


class LabError(UsageError):
    """A lab file uses the vocabulary wrongly; the text says how to mend it (exit status 2)."""


class EngineMissing(ScalebookError):
    """An engine cannot be had on this machine; the remedy names the command (exit status 3)."""

    exit_status = 3


class HarnessError(ScalebookError):
    """The harness or the machine failed: an engine died, the disk is full (exit status 4)."""
