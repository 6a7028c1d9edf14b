"""Every way to end badly: one message, the right exit status, never a traceback."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from scalebook.errors import HarnessError, ScalebookError

__all__ = ["INTERRUPTED", "PIPE_CLOSED", "guarded", "tell", "unexpected", "worst"]

INTERRUPTED = 130
PIPE_CLOSED = 141
"""As a shell reports a program that ended because nobody read its output any more."""

CREDENTIALS = re.compile(r"(://[^\s:/@]*:)[^\s@]*@")


def guarded(call: Callable[[], int]) -> int:
    """The exit status of `call`, or of the error that ended it, after telling the user."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        status = call()
        sys.stdout.flush()
    except ScalebookError as error:
        tell(error)
        return error.exit_status
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        _tell_usage(error)
        return error.exit_code
    except (KeyboardInterrupt, EOFError, click.Abort):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # What is still buffered has no reader either; without this the interpreter would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except Exception as error:
        tell(unexpected(error))
        return HarnessError.exit_status
    return status


def tell(error: ScalebookError) -> None:
    """Print an error and its remedy on standard error."""
    head = click.style("error:", fg="red", bold=True) if _colourful() else "error:"
    lines = [f"{head} {error.what}"]
    if error.remedy:
        lines += [f"  {line}" for line in error.remedy.splitlines()]
    click.echo("\n".join(lines), err=True)


def unexpected(error: Exception) -> HarnessError:
    """Our own fault: keep the traceback in a file, and say where; SCALEBOOK_DEBUG=1 shows it."""
    text = "".join(traceback.format_exception(error))
    text = CREDENTIALS.sub(r"\1***@", text)
    if os.environ.get("SCALEBOOK_DEBUG") == "1":
        click.echo(text, err=True)
    what = f"unexpected {type(error).__name__}: {error}".splitlines()[0]
    what = CREDENTIALS.sub(r"\1***@", what)
    try:
        descriptor, name = tempfile.mkstemp(prefix="scalebook-", suffix=".log")
        with open(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except OSError as full:
        return HarnessError(
            what, remedy=f"its traceback could not be kept ({full}); SCALEBOOK_DEBUG=1 shows it"
        )
    return HarnessError(what, remedy=f"please report it with {Path(name)}, which says where")


def worst(statuses: Iterable[int]) -> int:
    """One exit status for several units: an interrupt, else the highest of 0 to 4."""
    given = list(statuses)
    return INTERRUPTED if INTERRUPTED in given else max(given, default=0)


def _tell_usage(error: click.ClickException) -> None:
    remedy = None
    if isinstance(error, click.UsageError) and error.ctx is not None:
        remedy = f"see: {error.ctx.command_path} --help"
    elif isinstance(error, click.UsageError):
        remedy = "see: scalebook --help"
    tell(ScalebookError(error.format_message(), remedy=remedy))


def _colourful() -> bool:
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return sys.stderr.isatty() and not plain
