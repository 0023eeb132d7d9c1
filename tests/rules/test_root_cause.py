"""The score on real cases, and that the benchmark runs on cases that it has never seen."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from benchmarks.root_cause import cases, noise, overlay, score, vocabulary

ROOT = Path(__file__).parents[2]
CASES = (
    ROOT / "tests" / "data" / "root_cause.jsonl",
    ROOT / "tests" / "data" / "root_cause_2026.jsonl",
)
FRESH = (
    ROOT / "tests" / "data" / "root_cause_fresh.jsonl",
    ROOT / "tests" / "data" / "root_cause_fourth.jsonl",
    ROOT / "tests" / "data" / "root_cause_fifth.jsonl",  # singles alone
)
INTERVAL = r" \[[\d. ]+\]"
BASE = json.loads((ROOT / "benchmarks" / "root_cause" / "base.json").read_text())["sections"]
NUMBER = r"(\d+(?:\.\d+)?)"


def run(*options: str) -> str:
    """The benchmark, as a user runs it."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.root_cause", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def recall(name: str, text: str) -> list[float]:
    """Recall at 1 and at 3, of pairs."""
    return figures(f"pairs {re.escape(name)}: recall@1 {NUMBER}{INTERVAL} recall@3 {NUMBER}", text)


def figures(pattern: str, text: str) -> list[float]:
    """The numbers of a line of the report."""
    match = re.search(f"^{pattern}", text, re.MULTILINE)
    assert match, pattern
    return [float(number) for number in match.groups()]


@pytest.mark.parametrize("half", cases.HALVES)
def test_the_score_reaches_its_aims(half: str) -> None:
    """The aims for cases that nobody has seen; the read half is bound by them all the more."""
    told = run("--half", half, "--seeds", "2")
    assert recall("40 harmless", told)[0] >= 0.85
    assert recall("40 harmless", told)[1] >= 0.95
    assert recall("40 harmless and 15 numerics, with text", told)[0] >= 0.70
    whole = recall("whole, of the freezes' cases", told)
    freezes = recall("freezes, 40 harmless", told)
    assert freezes[0] >= whole[0] - 0.07  # one of sixteen cases
    assert (
        recall("as stated, every difference in file order", told)[0] < recall("as stated", told)[0]
    )
    singles = figures(f"singles recall {NUMBER}{INTERVAL}.* without error text {NUMBER}", told)
    assert singles[0] >= 0.75
    assert singles[1] >= 0.3
    assert figures(f"negatives false errors {NUMBER} false warnings {NUMBER}", told) == [0, 0]


@pytest.mark.full
@pytest.mark.parametrize("file", FRESH, ids=lambda file: file.stem)
def test_sets_that_were_frozen_before_they_were_scored_keep_their_score(file: Path) -> None:
    told = run("--cases", str(file), "--seeds", "2", "--no-misses")
    if "pairs 40 harmless" in told:
        assert recall("40 harmless", told)[0] >= 0.8
    singles = figures(f"singles recall {NUMBER}{INTERVAL}.* without error text {NUMBER}", told)
    assert singles[0] >= 0.85
    assert singles[1] >= 0.2
    assert figures(f"negatives false errors {NUMBER} false warnings {NUMBER}", told) == [0, 0]


def test_the_halves_are_fixed_by_the_names_and_the_misses_of_one_are_not_told() -> None:
    stated = [case for path in CASES for case in cases.load(path)]
    halves = [cases.half(case) for case in stated]
    assert 0.4 < halves.count("read") / len(halves) < 0.6
    assert halves == [cases.half({"id": case["id"]}) for case in stated]
    assert "what was not named first" not in run("--half", "unread", "--seeds", "1")
    assert "what was not named first" in run("--half", "read", "--seeds", "1")


def test_an_interval_says_how_little_a_few_cases_decide() -> None:
    low, high = score.interval(0.9, 10)
    assert low < 0.62
    assert high > 0.97
    assert score.interval(0, 0) == (0, 1)
    narrow = score.interval(0.9, 1000)
    assert narrow[1] - narrow[0] < 0.05


def test_cases_are_facts_and_no_prose() -> None:
    for case in (case for path in (*CASES, FRESH[-1]) for case in cases.load(path)):
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
    told = run("--cases", str(path), "--seeds", "1")
    assert recall("as stated", told)[0] == 0.5
    path.write_text("")
    assert "negatives false errors 0" in run("--cases", str(path))


def test_noise_leaves_what_a_case_states_and_repeats() -> None:
    stated = {"packages": {"entries": {"numpy": {"version": "1.26.4"}, "babel": {"version": "2"}}}}

    def drawn(name: str) -> dict[str, str]:
        sides = overlay.overlaid(BASE, stated, stated)
        draw = random.Random(name)
        noise.disturb(sides[1], stated, noise.Noise(40, 15), draw)
        packages = [side["packages"]["entries"] for side in sides]
        return {
            name: packages[1][name]["version"]
            for name in packages[0]
            if packages[0][name] != packages[1][name]
        }

    moved = drawn("a")
    assert len(moved) == 55
    assert not {"numpy", "babel"} & set(moved)
    assert sum(name in noise.NUMERICS for name in moved) == 15
    assert drawn("a") == moved != drawn("b")


def test_noise_is_nothing_that_the_base_refuses() -> None:
    """huggingface-hub 3 is no harmless difference beside a transformers that wants less than 3."""
    sides = overlay.overlaid(BASE, {}, {})
    seen = set()
    for seed in range(12):
        other = overlay.overlaid(BASE, {}, {})[1]
        noise.disturb(other, {}, noise.Noise(80, 15), random.Random(f"requirements {seed}"))
        for name, entry in other["packages"]["entries"].items():
            if entry != sides[0]["packages"]["entries"][name]:
                seen.add(name)
                for wanted in noise._requirements().get(name, {}).values():
                    assert SpecifierSet(wanted).contains(entry["version"], prereleases=True), name
    assert {"huggingface-hub", "tokenizers"} <= seen
    assert noise.allowed("antlr4-python3-runtime", "4.9.3", random.Random(1)) != "5.0.0"


def test_a_variable_that_one_side_sets_is_not_set_on_the_other() -> None:
    reference = {"env_vars": {"entries": {"A": "1"}}, "cuda": {"toolkit": "12.1"}}
    sides = overlay.overlaid(BASE, reference, {"env_vars": {"entries": {}}})
    assert [side["env_vars"]["entries"].get("A") for side in sides] == ["1", None]
    assert [side["cuda"]["toolkit"] for side in sides] == ["12.1", "12.1"]


def test_configs_of_a_case_are_facts_and_found_by_their_names() -> None:
    found = cases.sections({"configs": {"attn": "sdpa", "app": {"model": {"dtype": "bf16"}}}})
    assert found["configs"]["entries"] == {
        "config": {"tree": {"attn": "sdpa"}},
        "app": {"tree": {"model": {"dtype": "bf16"}}},
    }
    assert vocabulary.hits(("configs", "config", "attn"), ["config.attn"])
    assert vocabulary.hits(("configs", "app", "model", "dtype"), ["configs.app.model.dtype"])


def test_a_finding_names_a_culprit_by_the_words_of_the_cases() -> None:
    for path, key in (
        (("packages", "nvidia-nccl-cu12", "version"), "packages.nvidia_nccl_cu12"),
        (("gpus", "0", "name"), "gpus"),
        (("codecs", "pillow", "jpeg"), "native_libs.libjpeg"),
        (("frameworks", "torch", "version"), "packages.torch"),
        (("frameworks", "torch", "nccl"), "other.nccl"),
    ):
        assert vocabulary.hits(path, [key]), path
    assert not vocabulary.hits(("packages", "numpy", "version"), ["packages.torch"])
