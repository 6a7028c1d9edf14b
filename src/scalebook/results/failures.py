"""Database errors as a user should meet them: what, where, and what to do; passwords hidden."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from scalebook.errors import HarnessError, ScalebookError, UsageError

__all__ = ["explained", "redacted", "wrong_url"]

_EXAMPLE = "sqlite:////home/me/results.db or postgresql://me@host/results"


def redacted(text: str) -> str:
    """`text` with the passwords of any URLs in it replaced by three asterisks."""
    text = re.sub(r"(://[^\s:/@?]*:)[^\s]*@", r"\1***@", text)
    pattern = r"""(?i)\b(password|passwd|pwd)=('[^']*'|"[^"]*"|[^&\s'"]+)"""
    return re.sub(pattern, r"\1=***", text)


def wrong_url(where: str, error: Exception) -> UsageError:
    """The error for a store's URL that names no database we can talk to."""
    what = redacted(str(error)).splitlines()[0]
    if isinstance(error, ModuleNotFoundError):
        return UsageError(
            f"the store {where} needs a driver that is not installed: {what}",
            remedy=f"Install it with `pip install {error.name}`, or unset SCALEBOOK_STORE.",
        )
    return UsageError(
        f"SCALEBOOK_STORE is not the URL of a database: {where} ({what})",
        remedy=f"Write it like {_EXAMPLE}, or unset it.",
    )


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn errors of the database at `where` (no password in it) into HarnessError."""
    try:
        yield
    except exc.SQLAlchemyError as error:
        raise _explain(where, error) from error
    except sqlite3.Error as error:
        raise _explain(where, error) from error
    except OSError as error:
        raise HarnessError(
            f"the store {where} cannot be written: {error.strerror or error}",
            remedy="Free space or mend permissions there, or name another in SCALEBOOK_STORE.",
        ) from error


def _explain(where: str, error: Exception) -> ScalebookError:
    """Choose the remedy that fits."""
    cause = redacted(str(getattr(error, "orig", None) or error)).strip().splitlines()[0]
    said = cause.lower()
    if "not a database" in said or "malformed" in said or "no such column" in said:
        return HarnessError(
            f"the store {where} is damaged or not a Scalebook store: {cause}",
            remedy="Move the file away (the next run makes a new one) or restore a copy of it.",
        )
    if "full" in said or "i/o error" in said or "no space" in said:
        return HarnessError(
            f"the store {where} could not be written, the disk may be full: {cause}",
            remedy="Free some space and run again; results stored before are intact.",
        )
    if "readonly" in said or "read-only" in said or "unable to open" in said:
        return HarnessError(
            f"the store {where} cannot be opened for writing: {cause}",
            remedy="Mend its permissions, or name another one in SCALEBOOK_STORE.",
        )
    if "locked" in said:
        return HarnessError(
            f"the store {where} was kept busy by another process: {cause}",
            remedy="Run again when that has ended.",
        )
    return HarnessError(
        f"the store {where} failed: {cause}",
        remedy="Check that the database can be reached, or unset SCALEBOOK_STORE.",
    )
