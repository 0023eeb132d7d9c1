"""`python -m tools.regenerate`: write everything that is generated anew, and say what changed.

With `--quick`, sessions that need an index, torch or an engine are left as they are.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from envsnap.cli.schema import NAMES, render
from tools import pages, sessions

ROOT = Path(__file__).parents[1]
GENERATED = ("schemas", "docs", "README.md", "dockerfiles", "tests/golden", "tests/docs")


def main() -> None:
    """Write schemas, pages, golden reports, golden build contexts, and sessions of pages."""
    for name in NAMES:
        (ROOT / "schemas" / f"{name}.json").write_text(render(name))
    pages.write()
    python = [sys.executable]
    updating = {**os.environ, "ENVSNAP_UPDATE_GOLDEN": "1", "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [*python, "-m", "pytest", "-q", "tests/golden"], cwd=ROOT, env=updating, check=True
    )
    subprocess.run([*python, "-m", "tests.image.regenerate"], cwd=ROOT, env=updating, check=True)
    _sessions(quick="--quick" in sys.argv)
    pages.write()  # the home page is the README
    status = ["git", "status", "--short", "--", *GENERATED]
    changed = subprocess.run(status, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    print(changed or "nothing changed")


def _sessions(*, quick: bool) -> None:
    """Run what pages show; say which are left as they are for want of something."""
    for name in sessions.with_sessions():
        page = sessions.read((ROOT / name).read_text())
        lacking = page.needs if quick else sessions.lacking(page)
        if lacking:
            print(f"{name}: left as it is: it needs {', '.join(lacking)}")
        else:
            sessions.write([name])


if __name__ == "__main__":
    main()
