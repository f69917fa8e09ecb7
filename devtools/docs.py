"""Are the documents true? Every link leads somewhere, and generated pages are up to date."""

from __future__ import annotations

import difflib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from devtools.paths import ROOT

# Page -> the arguments of `python` that print it.
GENERATED = {"docs/settings.md": ["-m", "dbsbm", "settings", "--markdown"]}
# Page -> the arguments of `python` that print a part of it.
GENERATED_PARTS = {"docs/cache.md": ["-m", "dbsbm", "cache", "policy", "table"]}

_FENCE = re.compile(r"^ {0,3}(```|~~~).*?^ {0,3}\1", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+[\"'][^)]*)?\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
_SOURCE = re.compile(r"(?:src|srcset|href)=[\"']([^\"']+)[\"']")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
_ANCHOR = re.compile(r"<a\s+(?:id|name)=[\"']([^\"']+)[\"']")


def main() -> int:
    """Print one line for each thing that is wrong; 1 where there is any."""
    problems = [*broken_links(ROOT), *stale_pages(ROOT), *stale_parts(ROOT)]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


def broken_links(root: Path) -> Iterator[str]:
    """Name every relative link in the Markdown files below `root` that leads nowhere."""
    for page in _pages(root):
        for target in _targets(page.read_text("utf-8")):
            if not _resolves(root, page, target):
                yield f"{page.relative_to(root)}: the link {target} leads nowhere"


def stale_pages(root: Path) -> Iterator[str]:
    """Name every generated page that is not what its generator prints, with the difference."""
    for name, arguments in GENERATED.items():
        text, printed, command = _read(root, name), _print(root, arguments), _spell(arguments)
        if printed.returncode != 0:
            yield f"{name}: `{command}` failed: {printed.stderr.strip()[-500:]}"
        elif text != printed.stdout:
            yield f"{name} is out of date: run `{command} > {name}`\n{_diff(text, printed.stdout)}"


def stale_parts(root: Path) -> Iterator[str]:
    """Name every page with a generated part that is not what its generator prints."""
    for name, arguments in GENERATED_PARTS.items():
        printed, command = _print(root, arguments), _spell(arguments)
        if printed.returncode != 0:
            yield f"{name}: `{command}` failed: {printed.stderr.strip()[-500:]}"
        elif printed.stdout not in _read(root, name):
            yield f"{name} is out of date: put what `{command}` prints into it"


def _print(root: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=root, capture_output=True, text=True, check=False
    )


def _spell(arguments: list[str]) -> str:
    return f"python {' '.join(arguments)}"


def _read(root: Path, name: str) -> str:
    page = root / name
    return page.read_text("utf-8") if page.exists() else ""


def _pages(root: Path) -> list[Path]:
    """README and its neighbours, and all below docs/: not what others have put into `.venv`."""
    return sorted([*root.glob("*.md"), *root.glob("docs/**/*.md"), *root.glob(".github/**/*.md")])


def _targets(text: str) -> Iterator[str]:
    prose = _CODE.sub("", _FENCE.sub("", text))
    for match in _LINK.finditer(prose):
        yield match.group(1) or match.group(2)
    for match in _SOURCE.finditer(prose):
        yield match.group(1)


def _resolves(root: Path, page: Path, target: str) -> bool:
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return True  # another site: not ours to keep
    path, _, fragment = unquote(target).partition("#")
    base = root if path.startswith("/") else page.parent
    file = (base / path.lstrip("/")) if path else page
    if not file.exists():
        return False
    return not fragment or file.suffix != ".md" or fragment in _anchors(file.read_text("utf-8"))


def _anchors(text: str) -> set[str]:
    """The names that the headings of a page get on the web, as GitHub makes them."""
    names: set[str] = set(_ANCHOR.findall(text))
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number = 0
        while (name := f"{slug}-{number}" if number else slug) in names:
            number += 1
        names.add(name)
    return names


def _diff(before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), "page", "now", lineterm=""
    )
    return "\n".join(list(lines)[:20])


if __name__ == "__main__":
    sys.exit(main())
