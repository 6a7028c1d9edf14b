"""What a build wrote, kept in the folder itself: the next one writes only what has changed."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scalebook.errors import HarnessError, UsageError
from scalebook.files import write_whole

__all__ = ["Output"]

FOLDER = ".scalebook"
VERSION = 1
REMEDY = "give a folder that is new or empty"


@dataclass
class Output:
    """A folder that holds a site and nothing else; open it with `Output.at`.

    Nothing is written before `finish`. `pages` and `made` are what the last build kept, of each
    page and of the other documents.
    """

    root: Path
    pages: dict[str, dict[str, Any]] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)
    written: int = 0
    removed: int = 0
    _before: dict[str, list[int]] = field(default_factory=dict)
    _now: dict[str, list[int]] = field(default_factory=dict)
    _staged: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def at(cls, root: Path) -> Output:
        """The folder with what the last build says; `UsageError` where it holds something else."""
        if root.exists() and not root.is_dir():
            raise UsageError(f"{root} is a file", remedy=REMEDY)
        file = root / FOLDER / "manifest.json"
        if not file.is_file():
            if root.is_dir() and any(root.iterdir()):
                raise UsageError(f"{root} holds something else than a built site", remedy=REMEDY)
            return cls(root)
        try:
            data = json.loads(file.read_bytes())
            if data["version"] != VERSION:
                return cls(root, _before=dict(data["files"]))
            return cls(root, dict(data["pages"]), dict(data["made"]), _before=dict(data["files"]))
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"{file} is damaged, so it cannot be known what in {root} is the site's",
                remedy="remove the folder, or give another one",
            ) from error

    def has(self, path: str) -> bool:
        """Is the file still there as it was written last time?"""
        stamp = self._before.get(path)
        return bool(stamp) and stamp == _stamp(self.root / path)

    def keep(self, path: str) -> None:
        """The file belongs to the site, and stays as it is."""
        self._now[path] = self._before[path]

    def put(self, path: str, content: str | bytes) -> None:
        """The file belongs to the site, with this content."""
        self._staged[path] = content.encode() if isinstance(content, str) else content

    def finish(self) -> None:
        """Write what differs, each file whole or not at all; remove what no longer belongs here.

        Removed are files of earlier builds that nobody has touched since. `UsageError`, before
        anything is written, where a file is in the way that no build wrote.
        """
        changed = [path for path, data in self._staged.items() if not _same(self.root / path, data)]
        for path in changed:
            if path not in self._before and (self.root / path).exists():
                what = f"{self.root / path} is in the way, and no build wrote it"
                raise UsageError(what, remedy=REMEDY)
        try:
            if changed:
                # Claimed before they are written: an interrupted build can then be taken up.
                self._save({**self._before, **{path: [] for path in changed}}, {}, {})
            for path in changed:
                write_whole(self.root / path, self._staged[path])
            self._now.update((path, _stamp(self.root / path)) for path in self._staged)
            self._remove([path for path in self._before if path not in self._now])
            self._save(self._now, self.pages, self.made)
        except OSError as error:
            raise HarnessError(
                f"{error.filename or self.root} cannot be written: {error.strerror or error}",
                remedy="free space there, mend its permissions, or give another folder",
            ) from error
        self.written = len(changed)

    def _remove(self, paths: list[str]) -> None:
        for path in filter(self.has, paths):
            file = self.root / path
            file.unlink()
            self.removed += 1
            if file.parent != self.root and not any(file.parent.iterdir()):
                file.parent.rmdir()

    def _save(
        self, files: dict[str, list[int]], pages: dict[str, Any], made: dict[str, str]
    ) -> None:
        data = {"version": VERSION, "files": files, "pages": pages, "made": made}
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        write_whole(self.root / FOLDER / "manifest.json", text)


def _stamp(path: Path) -> list[int]:
    try:
        found = os.stat(path)
    except OSError:
        return []
    return [found.st_size, found.st_mtime_ns]


def _same(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False
