"""The same text built by MkDocs with its Material theme, in an environment of its own."""

import re
import subprocess
import sys
from pathlib import Path

__all__ = ["install", "write"]

LOCK = Path(__file__).with_name("mkdocs.lock")
CONFIG = """site_name: Generated
theme:
  name: material
  font: false
plugins: [search]
markdown_extensions:
  - attr_list
  - footnotes
  - pymdownx.superfences:
      custom_fences:
        - name: mermaid
          class: mermaid
          format: !!python/name:pymdownx.superfences.fence_code_format
"""


def install(folder: Path) -> Path:
    """Make the environment; returns its mkdocs."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--require-hashes"]
    subprocess.run([*pip, "-r", LOCK], check=True)
    return folder / "bin" / "mkdocs"


def write(chapters: Path, root: Path) -> None:
    """Write the pages as MkDocs reads them: what only we can draw becomes plain text or code."""
    (root / "mkdocs.yml").write_text(CONFIG, "utf-8")
    for article in sorted(chapters.rglob("article.md")):
        unit = article.parent.relative_to(chapters).as_posix()
        target = root / "docs" / f"{unit}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        lab = (article.parent / "lab.py").read_text("utf-8")
        target.write_text(_plain(article.read_text("utf-8"), lab), "utf-8")
    (root / "docs" / "index.md").write_text("# Generated\n", "utf-8")


def _plain(text: str, lab: str) -> str:
    front, body = text.split("\n---\n", 1)
    title = re.search(r"^title: (.*)$", front, re.M)
    code = lab.split("class CacheAside")[1][:900]
    body = re.sub(r"\{\{[^}]*\}\}", "**12.3×** [11.9, 12.8]", body)
    body = re.sub(r"\[@\w+\]", "[1]", body)
    body = re.sub(r"\[\[([^\]]*)/([^\]]*)\]\]", r"\2", body)
    body = re.sub(r"^```mermaid title=.*$", "```mermaid", body, flags=re.M)
    before, _, after = body.partition("::: code")
    body = f"{before}```python\n{code}\n```\n{after.partition(':::')[2]}"
    body = re.sub(r"^:::.*?$|^---$", "", body, flags=re.M)
    questions = "\n\n".join(re.findall(r'answer: "([^"]*)"', front))
    return f"# {title[1] if title else ''}\n\n{body}\n\n{questions}\n"
