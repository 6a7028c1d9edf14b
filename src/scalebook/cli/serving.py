"""`scalebook serve`: the book with its Run panels, on this machine only."""

from __future__ import annotations

import os
import sys
import webbrowser
from contextlib import ExitStack
from pathlib import Path

import click

__all__ = ["command"]

DOOR = """<!doctype html><meta charset="utf-8"><title>Scalebook</title>
<meta http-equiv="refresh" content="0; url={}">
"""


@click.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--no-browser", is_flag=True, help="Print the address, and open nothing.")
def command(port: int | None, no_browser: bool) -> int:
    """Serve the book on this machine: read, predict, run the labs, see your own numbers.

    Open the address that is printed; the key in it lets this browser start runs, nobody else.
    One lab runs at a time. Ctrl-C ends the server; a run under way is interrupted and keeps what
    it has measured, and those that wait begin when the server is started again.
    The queue is kept in your data folder, or where SCALEBOOK_JOBS says.

    \b
    Example:
      scalebook serve --port 0 --no-browser
    """
    from scalebook.practice.standing import Reader
    from scalebook.site.serve.server import PORT, jobs_folder, serve

    with ExitStack() as stack:

        def say(address: str) -> None:
            click.echo(f"The book is open at {address}")
            click.echo("Ctrl-C ends it.")
            if not no_browser and _has_browser():
                door = jobs_folder() / "open.html"
                stack.callback(door.unlink, missing_ok=True)
                _open(door, address)

        try:
            serve(PORT if port is None else port, say, Reader())
        except KeyboardInterrupt:
            click.echo("ended", err=True)
    return 0


def _has_browser() -> bool:
    """Is there a screen on which one could open?"""
    screen = sys.platform == "darwin" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    return bool(screen) and sys.stdout.isatty()


def _open(door: Path, address: str) -> None:
    """Open the address by way of a private file: every user can read a browser's command line."""
    door.unlink(missing_ok=True)
    door.touch(mode=0o600)
    door.write_text(DOOR.format(address), encoding="utf-8")
    webbrowser.open(door.as_uri())
