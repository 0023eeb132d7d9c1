"""The score on real cases, and that the benchmark runs on cases that it has never seen."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from benchmarks.root_cause import cases, overlay, vocabulary

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "data" / "root_cause.jsonl"
BASE = json.loads((ROOT / "benchmarks" / "root_cause" / "base.json").read_text())["sections"]
NUMBER = r"(\d+(?:\.\d+)?)"


def run(path: Path) -> str:
    """The benchmark, as a user runs it."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.root_cause", "--cases", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def figures(pattern: str, text: str) -> list[float]:
    """The numbers of a line of the report."""
    match = re.search(f"^{pattern}", text, re.MULTILINE)
    assert match, pattern
    return [float(number) for number in match.groups()]


def test_the_score_reaches_its_aims() -> None:
    told = run(CASES)
    first, third, warnings = figures(
        f"pairs overlaid recall@1 {NUMBER} recall@3 {NUMBER} warnings {NUMBER}", told
    )
    assert first >= 0.85
    assert third >= 0.95
    assert warnings <= 3
    assert figures(f"pairs plain recall@1 {NUMBER} recall@3 {NUMBER}", told)[0] >= 0.95
    assert figures(f"singles recall {NUMBER}", told)[0] >= 0.85
    assert figures(f"negatives false errors {NUMBER}", told) == [0]
    (baseline, _) = figures(f"pairs overlaid baseline recall@1 {NUMBER} recall@3 {NUMBER}", told)
    assert baseline < first


def test_cases_are_facts_and_no_prose() -> None:
    for case in cases.load(CASES):
        assert set(case) <= {
            *(
                "id",
                "kind",
                "url",
                "error_text",
                "env_a",
                "env_b",
                "confidence",
                "culprit",
                "expect",
            ),
            *("confirmation_type", "differing_keys", "distractor_keys", "stated_on_one_side_only"),
        }
        assert len(case.get("error_text") or "") < 300


def test_cases_that_nobody_has_seen(tmp_path: Path) -> None:
    strange = {
        "packages": {"new-thing": "1.0", "odd": None, "old_thing": 3},
        "gpus": [{"name": "Something", "unheard_of": [1, {"a": 2}]}, {}],
        "native_libs": {"libjpeg": "libjpeg 9d", "libnew": "1"},
        "container": {"shm_size": "64M", "runtime": "x"},
        "determinism": {"allow_tf32": "True"},
        "unheard_of": {"a": {"b": 1}},
        "notes": "text",
        "env_vars": {"A": None, "B": 3},
        "frameworks": {"torch": {"version": "2.4.1", "unheard_of": 1}, "x": None},
        "system": {"cpu": "x86 without avx2", "unheard_of": "1", "glibc": 2.31},
        "driver": {"version": None},
        "other": {"unheard_of": ["a"]},
    }
    culprit = {"key": "native_libs.libjpeg", "acceptable_keys": ["native_libs.libjpeg"]}
    other = {**strange, "native_libs": {"libjpeg": "libjpeg-turbo 2.1.4"}}
    lines = [
        {"id": "p", "kind": "pair", "env_a": strange, "env_b": other, "culprit": culprit},
        {"id": "s", "kind": "single", "env_a": strange, "culprit": culprit, "error_text": None},
        {"id": "n", "kind": "negative", "env_a": {}, "env_b": strange, "culprit": culprit},
        {"id": "e", "kind": "pair", "env_a": {}, "env_b": {}, "culprit": culprit},
    ]
    path = tmp_path / "cases.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    assert figures(f"pairs plain recall@1 {NUMBER}", run(path)) == [0.5]
    path.write_text("")
    assert "pairs overlaid" in run(path)


def test_the_culprit_alone_is_not_what_differs_when_overlaid() -> None:
    """Else the ranking would not be tested."""
    reference, other = {"cuda": {"toolkit": "11.8"}}, {"cuda": {"toolkit": "12.1"}}
    sides = overlay.overlaid(BASE, reference, other, "name")
    packages = [side["packages"]["entries"] for side in sides]
    assert sum(packages[0][name] != packages[1][name] for name in packages[0]) > 5
    assert overlay.overlaid(BASE, reference, other, "name") == sides
    assert overlay.overlaid(BASE, reference, other, "another") != sides


def test_a_finding_names_a_culprit_by_the_words_of_the_cases() -> None:
    for path, key in (
        (("packages", "nvidia-nccl-cu12", "version"), "packages.nvidia_nccl_cu12"),
        (("gpus", "0", "name"), "gpus"),
        (("codecs", "pillow", "jpeg"), "native_libs.libjpeg"),
        (("frameworks", "torch", "version"), "packages.torch"),
    ):
        assert vocabulary.hits(path, [key]), path
    assert not vocabulary.hits(("packages", "numpy", "version"), ["packages.torch"])
