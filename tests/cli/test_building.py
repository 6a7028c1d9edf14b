from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Command = Callable[..., "CompletedProcess[str]"]
PAGE = """---
title: Notes
takeaway: Notes on retries.
summary: What was read.
difficulty: deep
tags: [retry]
questions:
  - {ask: One?, answer: One.}
  - {ask: Two?, answer: Two.}
  - {ask: Three?, answer: Three.}
backing: Nothing here is measured.
---

## What we know {#pain}

A retry is harmless where the call is idempotent.
"""


@pytest.fixture
def article(chapters: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page; the book of the package stands beside it, since the program is a process."""
    folder = chapters / "mine" / "notes"
    folder.mkdir(parents=True)
    (folder / "article.md").write_text(PAGE)
    return folder / "article.md"


def test_faults_are_listed_with_file_line_and_remedy(
    article: Path, scalebook: Command, tmp_path: Path
) -> None:
    article.write_text(PAGE.replace("is harmless", "is {{ratio at=1}}"))
    done = scalebook("build", "--out", str(tmp_path / "site"))
    assert done.returncode == 1
    assert f"{article}:16: mine/notes has no lab; " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "site").exists()


def test_keep_going_still_fails(article: Path, scalebook: Command, tmp_path: Path) -> None:
    article.write_text(PAGE.replace("title: Notes", "titel: Notes"))
    done = scalebook("build", "--keep-going", "--out", str(tmp_path / "site"))
    assert done.returncode == 1
    assert f"{article}:2: no key is called 'titel'; did you mean title?" in done.stderr
    assert (tmp_path / "site" / "index.html").is_file()


def test_site_and_epub(article: Path, scalebook: Command, tmp_path: Path) -> None:
    site, epub = tmp_path / "site", tmp_path / "book.epub"
    done = scalebook("build", "--out", str(site), "--epub", str(epub))
    assert done.returncode == 0, done.stderr
    assert f"{site / 'index.html'}: " in done.stdout
    assert f"{epub}: " in done.stdout
    assert (site / "mine" / "notes.html").is_file()
    again = scalebook("build", "--check", "--out", str(site))
    assert "0 broken links" in again.stdout
    assert " 0 rendered, 0 files written, 0 removed" in again.stdout
    (site / "mine" / "stray.html").write_text('<a href="nowhere.html">x</a>')
    broken = scalebook("build", "--check", "--out", str(site))
    assert broken.returncode == 1
    assert "mine/stray.html:1: nowhere.html: there is no such file" in broken.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nothing to build"),
        (["--out", "{here}/full"], "something else"),
        (["--out", "{here}/file"], "is a file"),
        (["--out", "{here}/new", "--url", "example.org"], "such as https://"),
    ],
)
def test_wrong_use_is_explained(
    article: Path, scalebook: Command, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis").write_text("mine")
    (tmp_path / "file").write_text("mine")
    done = scalebook("build", *(a.format(here=tmp_path) for a in arguments))
    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "new").exists()
