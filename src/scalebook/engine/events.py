"""What a run tells while it works: one plain dictionary per event."""

from collections.abc import Callable

__all__ = ["Event", "Reporter", "silent"]

Event = dict[str, object]
Reporter = Callable[[Event], None]


def silent(event: Event) -> None:
    """Tell nobody."""
    del event
