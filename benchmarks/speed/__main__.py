"""`python -m benchmarks.speed -o FILE`: the table of what envsnap costs, before and after.

CPU seconds of whole process trees, user and system, as medians of runs that alternate: the
command before, after, and its peers, each in an environment of its own. Memory is the largest
resident set of any process. `--environments` keeps what is installed for the next time.
`docs/cost.md` is generated from the committed result.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.cpu import ENVIRONMENT, medians
from benchmarks.speed import facts
from benchmarks.speed.places import Places

RESULT = Path(__file__).parent / "result.json"
# The last commit before the round of work that made speed a table.
BEFORE = "0c3971d"
SIDES = ("before", "after")
TORCH_ALONE = "capture with torch, import alone"
LEAST = "what a capture cannot do without"
LEAST_OF_A_RUN = "what a run of 50,000 files cannot do without"
QUIET = ["--fail-on", "never"]
MEMORY = (
    "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, capture_output=True);"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


class Table:
    """Measures row by row; each row is told as it is known."""

    def __init__(self, places: Places, repeats: int, out: Path) -> None:
        self.places, self.repeats, self.out = places, repeats, out
        self.rows: dict[str, Any] = {}
        self.envsnap = {side: places.program(side, "envsnap") for side in SIDES}

    def file(self, side: str, name: str) -> str:
        """Where a side writes."""
        return str(self.out / f"{side}-{name}.json")

    def ratio(
        self, what: str, base: list[str], commands: dict[str, list[str]], *, of: int = 1
    ) -> None:
        """Measure commands against one that is measured with them; `of` divides the repeats."""
        names = list(commands)
        floor, *found = medians(
            [base, *commands.values()], max(1 if of == self.repeats else 3, self.repeats // of)
        )
        seconds = dict(zip(names, found, strict=True))
        self.rows[what] = {
            "base": round(floor, 4),
            "seconds": {name: round(taken, 4) for name, taken in seconds.items()},
            "ratios": {name: round(taken / floor, 2) for name, taken in seconds.items()},
        }
        print(f"{what:32} base {floor:.3f} s  {self.rows[what]['ratios']}", flush=True)

    def captures(self) -> None:
        """Without imports, with peers; then with torch."""
        python, places = self.places.python("target"), self.places
        ours = {
            side: [self.envsnap[side], "capture", "--no-import", "--python", python,
                   "-o", self.file(side, "target")]
            for side in SIDES
        }  # fmt: skip
        uv = [sys.executable, "-m", "uv", "pip", "list", "--python", python, "--format", "json"]
        quiet = "--disable-pip-version-check"
        snapshot = str(self.out / "venv-match.json")
        self.ratio(
            "capture --no-import",
            [python, "-m", "pip", "list", "--format", "json", quiet],
            {
                **ours,
                "uv pip list": uv,
                "pipdeptree": [
                    places.program("pipdeptree", "pipdeptree"),
                    "--python",
                    python,
                    "--json",
                ],
                "venv-match": [
                    places.program("venv-match", "venv-match"),
                    "capture",
                    "-o",
                    snapshot,
                    "--overwrite",
                ],
                "pip inspect": [python, "-m", "pip", "inspect", quiet],
            },
        )
        self.ratio(
            LEAST,
            [python, "-m", "pip", "list", "--format", "json", quiet],
            {
                "imports": [places.python("after"), "-c", "import msgspec.json"],
                "interpreter": [python, "-c", "import hashlib, json, re, subprocess"],
            },
        )  # fmt: skip
        self.ratio(
            "a peer that takes long",
            [python, "-m", "pip", "list", "--format", "json", quiet],
            {
                "cyclonedx-py": [
                    places.program("cyclonedx-py", "cyclonedx-py"), "environment", python,
                ]
            },
            of=self.repeats,
        )  # fmt: skip
        torch = self.places.python("torch")
        whole = {
            side: [self.envsnap[side], "capture", "--python", torch, "-o", self.file(side, "torch")]
            for side in SIDES
        }
        # Python takes the modules apart at its end, for a third of the time; a probe ends at once.
        for what, ends in (("capture with torch", ""), (TORCH_ALONE, "; import os; os._exit(0)")):
            self.ratio(what, [torch, "-c", "import torch" + ends], whole, of=2)

    def comparisons(self) -> None:
        """Diff and check of what each side captured."""
        for side in SIDES:
            other = self.places.python("other")
            capture = [self.envsnap[side], "capture", "--no-import", "--python", other]
            subprocess.run(
                [*capture, "-o", self.file(side, "other")], check=True, capture_output=True
            )
        pair = {side: [self.file(side, "target"), self.file(side, "other")] for side in SIDES}
        for what, words in (
            ("diff JSON", ["--format", "json"]),
            ("diff terminal", []),
        ):
            self.ratio(
                what,
                [self.places.python("after"), "-c", "pass"],
                {s: [self.envsnap[s], "diff", *pair[s], *words, *QUIET] for s in SIDES},
            )
        self.ratio(
            "check JSON",
            [self.places.python("after"), "-c", "pass"],
            {s: [self.envsnap[s], "check", pair[s][0], "--format", "json", *QUIET] for s in SIDES},
        )

    def runs(self) -> None:
        """Observed scripts."""
        work, python = self.places.work(), self.places.python("target")
        for what, folder, script, of in (
            ("run, empty script", self.places.folder / "quiet", "empty.py", 1),
            ("run, 50,000 files opened", work, "many.py", 3),
        ):
            os.chdir(folder)
            self.ratio(
                what,
                [python, script],
                {
                    s: [self.envsnap[s], "run", "-o", self.file(s, script), "--", python, script]
                    for s in SIDES
                },
                of=of,
            )
        self.ratio(
            LEAST_OF_A_RUN,
            [python, "many.py"],
            {"hook": [python, self.places.witness("hook")], "watch": [python, self.places.witness("watch")]},
            of=3,
        )  # fmt: skip

    def yaml(self) -> None:
        """A long configuration: with it, against without it."""
        python = self.places.python("torch")
        named = str(self.places.folder / "long.yaml")
        for side in SIDES:
            command = [self.envsnap[side], "capture", "--no-import", "--python", python]
            self.ratio(
                f"20,000 YAML keys, {side}",
                [*command, "-o", self.file(side, "short")],
                {"with": [*command, "--config", named, "-o", self.file(side, "long")]},
                of=3,
            )

    def memory(self) -> None:
        """A RECORD of a million lines."""
        python = self.places.large_record()
        found = {}
        for side in SIDES:
            command = [self.envsnap[side], "capture", "--no-import", "--python", python]
            done = subprocess.run(
                [sys.executable, "-c", MEMORY, *command, "-o", self.file(side, "record")],
                check=True, capture_output=True, text=True, env=ENVIRONMENT,
            )  # fmt: skip
            found[side] = round(int(done.stdout) / 1000)
        self.rows["RECORD of 1,000,000 lines"] = {"megabytes": found}
        print(f"RECORD of 1,000,000 lines, MB    {found}", flush=True)

    def facts(self) -> dict[str, Any]:
        """How the manifests of the two sides agree."""
        found = {}
        for name in ("target", "torch", "empty.py", "many.py"):
            before, after = (
                json.loads(Path(self.file(side, name)).read_text(encoding="utf-8"))
                for side in SIDES
            )
            told = facts.agreement(before, after)
            found[name] = {
                "same": told.same, "new": told.new, "other": list(told.other), "lost": list(told.lost),
            }  # fmt: skip
            print(
                f"facts of {name:12} {told.same} the same, {told.new} new,"
                f" other: {', '.join(told.other[:8]) or 'none'}; lost: {', '.join(told.lost[:8]) or 'none'}"
            )
        return found


def machine() -> dict[str, Any]:
    """Where it was measured."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "cpu": names[0] if names else platform.machine(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[2], 1),  # of the last 15 minutes: ours is at most 1
        "python": platform.python_version(),
        "day": time.strftime("%Y-%m-%d", time.gmtime()),
    }


def main() -> None:
    """Print the table, and write it."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("-o", "--output", type=Path, default=RESULT)
    parser.add_argument("--before", default=BEFORE, help="a commit to compare with")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--environments", type=Path, help="a folder to keep what is installed")
    arguments = parser.parse_args()
    output = arguments.output.absolute()
    with tempfile.TemporaryDirectory() as name:
        places = Places((arguments.environments or Path(name) / "environments").absolute())
        places.all(arguments.before)
        table = Table(places, arguments.repeats, Path(name))
        table.captures()
        table.comparisons()
        table.runs()
        table.yaml()
        table.memory()
        found = {
            "machine": machine(),
            "before": arguments.before,
            "repeats": arguments.repeats,
            "rows": table.rows,
            "facts": table.facts(),
        }
        output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        os.chdir("/")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{used.ru_utime + used.ru_stime:.0f} s of CPU in all", file=sys.stderr)


if __name__ == "__main__":
    main()
