"""The environments that are measured in: the one that is described, and one for each program."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PEERS = {"pipdeptree": "pipdeptree", "venv-match": "venv-match", "cyclonedx-py": "cyclonedx-bom"}
RECORD_LINES = 1_000_000
FILES = 50_000
YAML_KEYS = 20_000
MANY = """
import os
for number in range(%d):
    with open(f"data/{number}", "rb") as stream:
        stream.read()
"""
# The least that each of the two witnesses of a run can do: a hook that asks what state each opened
# file is in, and a watch of the kernel whose events nobody reads into.
WITNESSES = {
    "hook": """
import os, sys
states = []
def hook(event, arguments, keep=states.append, stat=os.stat):
    if event == "open":
        keep(stat(arguments[0]))
with open("many.py") as stream:
    code = stream.read()
sys.addaudithook(hook)
exec(code)
os._exit(0)
""",
    "watch": """
import ctypes, os, subprocess, sys, threading, time
kernel = ctypes.CDLL(None)
events = kernel.inotify_init1(os.O_CLOEXEC)
kernel.inotify_add_watch(events, b"data", 0x20 | 0x08 | 0x10 | 0x100 | 0x80)
def read():
    while True:
        os.read(events, 1 << 18)
        time.sleep(0.004)
threading.Thread(target=read, daemon=True).start()
subprocess.run([sys.executable, "many.py"], check=True)
os._exit(0)
""",
}


class Places:
    """A folder with virtual environments; what is there is used again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def python(self, name: str) -> str:
        """The interpreter of an environment."""
        return str(self.folder / name / "bin" / "python")

    def program(self, name: str, program: str) -> str:
        """A program of an environment."""
        return str(self.folder / name / "bin" / program)

    def made(self, name: str, *wanted: str) -> None:
        """Make an environment with these packages by uv, unless it is there."""
        if Path(self.python(name)).exists():
            return
        print(f"installing {name} …", file=sys.stderr)
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "-q", "-p", version, str(self.folder / name)], check=True)
        if wanted:
            install = [*uv, "pip", "install", "-q", "-p", self.python(name)]
            subprocess.run([*install, *wanted], check=True)

    def all(self, before: str) -> None:
        """Make every environment; `before` is the commit to compare with."""
        self.folder.mkdir(parents=True, exist_ok=True)
        packages = ["pip", "-r", str(HERE.parent / "packages.txt")]
        self.made("target", *packages)
        for name, distribution in PEERS.items():
            # venv-match describes the environment that it is installed in.
            self.made(name, distribution, *(packages if name == "venv-match" else ()))
        self.made("torch", "torch==2.13.0", "numpy")
        tree = self.folder / "tree"
        if not tree.exists():
            subprocess.run(["git", "worktree", "add", str(tree), before], cwd=ROOT, check=True)
        self.made("before", "-e", str(tree))
        self.made("after", "-e", str(ROOT))
        self._other()

    def _other(self) -> None:
        """An environment with the metadata of the first, where each fifth version is another."""
        if Path(self.python("other")).exists():
            return
        self.made("other")
        there = _packages(self.folder / "other")
        for number, info in enumerate(
            sorted(_packages(self.folder / "target").glob("*.dist-info"))
        ):
            copied = there / info.name
            shutil.copytree(info, copied)  # files of an environment may be links to a cache
            if number % 5 == 0:
                text = (copied / "METADATA").read_text(encoding="utf-8")
                told = re.sub(r"(?m)^Version: ", "Version: 9", text, count=1)
                (copied / "METADATA").write_text(told, encoding="utf-8")

    def large_record(self) -> str:
        """An interpreter whose environment has one RECORD of a million lines."""
        self.made("record", "six")
        info = _packages(self.folder / "record") / "large-1.0.dist-info"
        if not info.exists():
            info.mkdir()
            (info / "METADATA").write_text("Metadata-Version: 2.1\nName: large\nVersion: 1.0\n")
            with (info / "RECORD").open("w") as stream:
                for number in range(RECORD_LINES):
                    stream.write(f"large/part{number}.py,sha256={number:043d},{number}\n")
        return self.python("record")

    def witness(self, name: str) -> str:
        """A script that does the least that a witness of a run can do."""
        path = self.folder / f"{name}.py"
        path.write_text(WITNESSES[name], encoding="utf-8")
        return str(path)

    def work(self) -> Path:
        """A folder with scripts to run, their files, and a long configuration."""
        work = self.folder / "work"
        data = work / "data"
        if not data.exists():
            data.mkdir(parents=True)
            for number in range(FILES):
                (data / str(number)).write_bytes(b"x")
            (work / "many.py").write_text(MANY % FILES)
            (work / "empty.py").write_text("pass\n")
            keys = "".join(f"key{number}: value {number}\n" for number in range(YAML_KEYS))
            (self.folder / "long.yaml").write_text(keys)
            quiet = self.folder / "quiet"
            quiet.mkdir()
            (quiet / "empty.py").write_text("pass\n")
        return work


def _packages(environment: Path) -> Path:
    (found,) = environment.glob("lib/python*/site-packages")
    return found
