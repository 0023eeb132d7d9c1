"""Builds what is released, and proves it: `python -m tools.release FOLDER [--key KEY]`.

The wheel and `probe.py` are built twice, and both have to be the same bytes. Beside them lie SHA256SUMS
and with a key OpenSSH signatures over each (namespace `envsnap-release`).
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILD = "import hatchling.build, sys; print(hatchling.build.build_wheel(sys.argv[1]))"
NAMESPACE = "envsnap-release"


def wheel(folder: Path) -> Path:
    """Build the wheel into a folder."""
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1580601600"},
    )
    return folder / done.stdout.split()[-1]


def sha256(path: Path) -> str:
    """The digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def build(folder: Path) -> list[Path]:
    """Build everything, the wheel twice; raises SystemExit where the two differ."""
    folder.mkdir(parents=True, exist_ok=True)
    made = wheel(folder)
    with tempfile.TemporaryDirectory() as other:
        if sha256(wheel(Path(other))) != sha256(made):
            raise SystemExit(f"{made.name}: two builds gave two files; it is not reproducible")
    probe = folder / "probe.py"
    _write_probe(probe)
    with tempfile.TemporaryDirectory() as other:
        again = Path(other) / "probe.py"
        _write_probe(again)
        if sha256(again) != sha256(probe):
            raise SystemExit("probe.py: two builds gave two files; it is not reproducible")
    sums = folder / "SHA256SUMS"
    sums.write_text("".join(f"{sha256(path)}  {path.name}\n" for path in (made, probe)))
    return [made, probe, sums]


def _write_probe(path: Path) -> None:
    command = [sys.executable, "-m", "envsnap", "probe", "-o", str(path)]
    subprocess.run(command, cwd=ROOT, check=True)


def main() -> None:
    """Build, and sign where there is a key."""
    parser = argparse.ArgumentParser(prog="tools.release")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--key", help="An SSH key that signs each file.")
    asked = parser.parse_args()
    for path in build(asked.folder):
        print(sha256(path), path)
        if asked.key:
            command = [
                "ssh-keygen",
                "-q",
                "-Y",
                "sign",
                "-f",
                asked.key,
                "-n",
                NAMESPACE,
                str(path),
            ]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
