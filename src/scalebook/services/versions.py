"""Ask a program which product and version it is."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from scalebook.errors import EngineMissing

__all__ = ["ask_version"]


def ask_version(path: Path, env: Mapping[str, str] = MappingProxyType({})) -> tuple[str, str]:
    """Return (label, version) that the program says of itself; raises EngineMissing."""
    asked = "-v" if path.name == "nginx" else "--version"
    try:
        said = subprocess.run(
            [path, asked],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=20,
            check=True,
            env={**os.environ, **env},
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineMissing(
            f"{path} does not start: {error}", remedy="give the path of a working program"
        ) from error
    number = re.search(r"(?:\bv=|[\s/])(\d+(?:\.\d+)+|\d+(?:devel|beta\d+|rc\d+))", said)
    version = number.group(1) if number else "unknown"
    if "PostgreSQL" in said:
        return f"PostgreSQL {version}", version
    tools = " tools" if path.name.endswith(("-cli", "-benchmark")) else ""
    if "valkey" in said.lower():
        return f"Valkey{tools} {version} (Redis-compatible)", version
    product = f"Redis{tools}" if "redis" in said.lower() else path.name
    return f"{product} {version}", version
