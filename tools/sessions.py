"""Runs the sessions that pages show: `python -m tools.sessions [PAGE…]` writes what is printed now.

A page is a sequence of fenced blocks, run in one shell in one empty folder:

- ```` ```console ```` holds commands (`$ `, continued by `> `) and what they print. A line that
  is only `…` stands for any lines, and a `…` inside a line for any text.
- ```` ```LANGUAGE title="FILE" ```` is written to that file.
- `<!-- not run: REASON -->` before a block leaves it out; `<!-- files: FOLDER -->` copies files of
  the repository into the folder first; `<!-- needs: index -->` names what the page cannot do without.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).parents[1]
MARK = "--end-of-command--"
FENCE = re.compile(r"^(?P<fence>```+)(?P<language>[a-z]*)(?P<rest>.*)$")
TITLE = re.compile(r'title="([^"]+)"')
NOTE = re.compile(r"^<!-- (not run|files|needs): (.+) -->$")
SHOWN_AS = "/home/me/demo"  # the folder, where a command prints it
ANYTHING = "…"


class Block(Struct):
    """A fenced block: its first and last line in the page, and what is to be done with it."""

    start: int
    end: int
    language: str
    title: str
    lines: list[str]
    skipped: bool


class Step(Struct):
    """A command, and the lines that the page says it prints."""

    command: str
    shown: list[str]
    printed: list[str] | None = None

    def agrees(self) -> bool:
        """Whether what was printed is what the page shows."""
        return self.printed is not None and matches(self.shown, self.printed)


class Page(Struct):
    """A page with its blocks."""

    lines: list[str]
    blocks: list[Block]
    files: str = ""
    needs: tuple[str, ...] = ()


def read(text: str) -> Page:
    """Read a page's blocks."""
    page = Page(lines=text.splitlines(), blocks=[])
    number, skipped = 0, False
    while number < len(page.lines):
        line = page.lines[number]
        note, fence = NOTE.match(line), FENCE.match(line)
        if note:
            skipped = skipped or note[1] == "not run"
            page.files = note[2] if note[1] == "files" else page.files
            page.needs = tuple(note[2].split(", ")) if note[1] == "needs" else page.needs
        elif fence:
            end = page.lines.index(fence["fence"], number + 1)
            title = TITLE.search(fence["rest"])
            page.blocks.append(
                Block(
                    start=number,
                    end=end,
                    language=fence["language"],
                    title=title[1] if title else "",
                    lines=page.lines[number + 1 : end],
                    skipped=skipped,
                )
            )
            number, skipped = end, False
        number += 1
    return page


def steps(block: Block) -> list[Step]:
    """The commands of a console block."""
    found: list[Step] = []
    for line in block.lines:
        if line.startswith("$ "):
            found.append(Step(command=line[2:], shown=[]))
        elif line.startswith("> ") and found and not found[-1].shown:
            found[-1].command += "\n" + line[2:]
        elif found:
            found[-1].shown.append(line)
    for step in found:
        while step.shown and not step.shown[-1]:
            step.shown.pop()  # an empty line before the next command
    return found


def matches(shown: list[str], printed: list[str]) -> bool:
    """Whether printed lines are the shown ones, where `…` stands for anything."""
    pattern = ""
    for line in shown:
        if line.strip() == ANYTHING:
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*?".join(map(re.escape, line.rstrip().split(ANYTHING))) + r"\n"
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None


def prelude(page: Page) -> list[str]:
    """Lines of the shell before a page's own: what stands for a registry that cannot be reached.

    An engine gets Debian with an interpreter of this machine under the name of Python's slim image,
    and a build trusts the certificates of this machine, which may be those of a proxy.
    """
    if "engine" not in page.needs:
        return []
    from tests import engine as engines

    found = platform.python_version()
    with engines.session() as client:
        base = engines.debian(client)
        engines.slim(client, base, f"{sys.base_prefix}/bin/python3", found)
    if not os.path.exists(engines.CERTIFICATES):
        return []
    trusting = f'[ "$1" = build ] && set -- "$@" --extra-ca {engines.CERTIFICATES}'
    return [f'envsnap() {{ {trusting}; command envsnap "$@"; }}']


def run(page: Page, folder: Path) -> list[tuple[Block, list[Step]]]:
    """Run a page in a folder; each step gets what it printed. Raises RuntimeError if the shell dies."""
    if page.files:
        shutil.copytree(ROOT / page.files, folder, dirs_exist_ok=True)
    script = prelude(page)
    found: list[tuple[Block, list[Step]]] = []
    for number, block in enumerate(block for block in page.blocks if not block.skipped):
        if block.title:
            kept = folder.parent / f"block-{number}"
            kept.write_text("\n".join(block.lines) + "\n")
            script.append(f"mkdir -p \"$(dirname '{block.title}')\" && cp {kept} '{block.title}'")
        elif block.language == "console":
            found.append((block, steps(block)))
            for step in found[-1][1]:
                script.append(step.command)
                script.append(f"code=$?; printf '%s\\n' '{MARK}'; (exit $code)")
    printed = _shell("\n".join(script), folder).split(f"{MARK}\n")
    told = [step for _, inside in found for step in inside]
    if len(printed) != len(told) + 1:
        raise RuntimeError(f"the shell ended early: {printed[-1][-2000:]}")
    for step, text in zip(told, printed, strict=False):
        plain = text.replace(str(folder), SHOWN_AS)
        step.printed = [line.rstrip() for line in plain.rstrip("\n").split("\n")] if plain else []
    return found


def lacking(page: Page) -> list[str]:
    """What a page needs and this machine has not: an index, torch, an engine."""
    return [need for need in page.needs if not NEEDS[need]()]


def _succeeds(*command: str) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


NEEDS: dict[str, Callable[[], bool]] = {
    "index": lambda: _succeeds(
        sys.executable,
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        "-d",
        tempfile.mkdtemp(),
        "six==1.17.0",
    ),
    "uv": lambda: bool(shutil.which("uv") or importlib.util.find_spec("uv")),
    "torch": lambda: _succeeds(sys.executable, "-c", "import torch"),
    "engine": lambda: _succeeds("docker", "version"),
    "ssh-keygen": lambda: shutil.which("ssh-keygen") is not None,
}


def _shell(script: str, folder: Path) -> str:
    surroundings = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("VIRTUAL_ENV", "ENVSNAP_", "PYTEST_", "GITHUB_", "NOX_", "OMP_"))
    }
    surroundings |= {
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(folder.parent / "cache"),
        "PIP_CACHE_DIR": os.path.expanduser("~/.cache/pip"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_QUIET": "2",  # neither warnings of this machine's configuration
        "PIP_ROOT_USER_ACTION": "ignore",
    }
    with tempfile.TemporaryFile("w+") as output:
        subprocess.run(
            ["bash", "-c", script],
            cwd=folder,
            env=surroundings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            timeout=900,
            check=False,
        )
        output.seek(0)
        return output.read()


def rewritten(page: Page, ran: list[tuple[Block, list[Step]]]) -> str:
    """The page's text with what is printed now; what agrees stays as it is."""
    lines = list(page.lines)
    for block, told in reversed(ran):
        inside: list[str] = []
        for step in told:
            first, *more = step.command.split("\n")
            inside += [f"$ {first}", *(f"> {line}" for line in more)]
            inside += step.shown if step.agrees() else step.printed or []
        if not all(step.agrees() for step in told):
            lines[block.start + 1 : block.end] = inside
    return "\n".join(lines) + "\n"


def with_sessions() -> list[str]:
    """Every page that shows a session, by its path from the root."""
    home = ROOT / "docs" / "index.md"  # written from the README
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    found = []
    for path in pages:
        if path == home:
            continue
        blocks = read(path.read_text()).blocks
        if any(block.language == "console" and not block.skipped for block in blocks):
            found.append(str(path.relative_to(ROOT)))
    return found


def write(names: list[str]) -> None:
    """Run pages, and write into them what their commands print now."""
    for name in names:
        path = ROOT / name
        page = read(path.read_text())
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "demo"
            folder.mkdir()
            text = rewritten(page, run(page, folder))
        if text != path.read_text():
            path.write_text(text)
            print(f"{name}: its session prints something else now")


if __name__ == "__main__":
    write(sys.argv[1:] or with_sessions())
