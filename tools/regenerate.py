"""`python -m tools.regenerate`: write everything that is generated anew, and say what changed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from envsnap.cli.schema import NAMES, render
from tools.pages import PAGES

ROOT = Path(__file__).parents[1]
GENERATED = ("schemas", "docs", "dockerfiles", "tests/golden")


def main() -> None:
    """Write schemas, pages, golden reports and golden build contexts."""
    for name in NAMES:
        (ROOT / "schemas" / f"{name}.json").write_text(render(name))
    for path, page in PAGES.items():
        (ROOT / path).write_text(page())
    python = [sys.executable]
    updating = {**os.environ, "ENVSNAP_UPDATE_GOLDEN": "1", "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [*python, "-m", "pytest", "-q", "tests/golden"], cwd=ROOT, env=updating, check=True
    )
    subprocess.run([*python, "tests/image/regenerate.py"], cwd=ROOT, env=updating, check=True)
    status = ["git", "status", "--short", "--", *GENERATED]
    changed = subprocess.run(status, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    print(changed or "nothing changed")


if __name__ == "__main__":
    main()
