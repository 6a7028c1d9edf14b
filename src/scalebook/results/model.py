"""The base of all records: immutable, closed to unknown keys, finite numbers only."""

from pydantic import BaseModel, ConfigDict

__all__ = ["Record"]


class Record(BaseModel):
    """A frozen part of a result; a value that is unknown or unbounded is None, never infinite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
