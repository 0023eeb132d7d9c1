"""What an error itself names where no sentence is known, and what tables of releases say is printed."""

from __future__ import annotations

import pytest

from envsnap.knowledge.between_releases import between_releases
from envsnap.model.manifest import Manifest
from envsnap.rules import engine
from envsnap.rules.finding import Finding, Severity
from tests import examples


def host(variables: dict[str, str] | None = None, **versions: str) -> Manifest:
    packages = {name.replace("_", "-"): version for name, version in versions.items()}
    return examples.manifest(
        {
            "packages": examples.packages(**packages),
            "env_vars": {"entries": variables or {}},
            "gpus": {"entries": {"0": {"name": "Tesla T4", "compute_capability": "7.5"}}},
        }
    )


def told(manifest: Manifest, text: str) -> list[Finding]:
    found = engine.inspect(manifest, error_text=text).findings
    return [
        item for item in found if item.rule == "error-text" and item.severity is not Severity.INFO
    ]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("ValueError: FROBNICATE_MODE=fast is unsupported here", ("env_vars", "FROBNICATE_MODE")),
        ("RuntimeError: lazy growth cannot be used with pools", ("env_vars", "SOME_ALLOCATOR")),
        ("RuntimeError: frobnicator.core.legacy is not supported", ("packages", "frobnicator")),
        ("RuntimeError: this build cannot run beside Frobnicator 3.1", ("packages", "frobnicator")),
        ("error: the `frobnicator` plugin failed", ("packages", "frobnicator")),
    ],
)  # fmt: skip
def test_what_a_complaint_names_is_a_warning_and_no_more(text: str, path: tuple[str, ...]) -> None:
    variables = {"FROBNICATE_MODE": "fast", "SOME_ALLOCATOR": "lazy_growth:True", "PLAIN": "x"}
    found = told(host(variables, frobnicator="3.1.4", numpy="2.1.0"), text)
    assert [(item.path, item.severity) for item in found] == [(path, Severity.WARNING)]
    assert text.rpartition(":")[2].strip()[:20] in found[0].why


@pytest.mark.parametrize(
    "text",
    [
        "loading frobnicator 3.1 with PLAIN=x" + "\nstep" * 2000,  # nothing complains
        "frobnicator.errors.FrobError: the file cannot be read",  # whose class it is
        "ValueError: the word frobnicator cannot stand for a package",
        "RuntimeError: gizmo.core.legacy is not supported",  # not installed
    ],
)
def test_what_is_only_mentioned_is_none(text: str) -> None:
    assert told(host({"PLAIN": "x"}, frobnicator="3.1.4"), text) == []


def test_a_gpu_is_named_by_the_fact_that_says_which() -> None:
    text = "RuntimeError: FP8 matmul is not supported on SM75"
    assert told(host(), text)[0].path == ("gpus", "0", "name")


def test_frames_without_a_heading_are_a_traceback() -> None:
    text = '  File "/v/site-packages/frobnicator/core.py", line 8, in go\n    raise it\nOopsError: no way'
    assert told(host(frobnicator="3.1.4"), text)[0].path[:2] == ("packages", "frobnicator")


def test_the_program_that_raises_blames_no_one() -> None:
    text = (
        'Traceback (most recent call last):\n  File "/v/site-packages/frobnicator/core.py", line 8, in go\n'
        '    call()\n  File "/app/mine.py", line 2, in call\n    raise it\nOopsError: no way'
    )
    assert told(host(frobnicator="3.1.4"), text) == []


def test_a_symptom_of_a_table_is_a_signature_of_the_releases_that_have_it() -> None:
    text = "RuntimeError: Dataset scripts are no longer supported, but found superb.py"
    (found,) = told(host(datasets="4.0.0"), text)
    assert found.path[:2] == ("packages", "datasets")
    assert found.source
    assert told(host(datasets="3.6.0"), text) == []


def test_a_setting_that_only_tells_more_is_no_cause() -> None:
    text = "RuntimeError: NCCL error in: x.cpp:1, unhandled system error, NCCL version 2.27"
    variables = {"NCCL_DEBUG": "INFO", "NCCL_GRAPH_FILE": "/etc/graph.xml"}
    assert told(host(variables, torch="2.8.0"), text)[0].path == ("env_vars", "NCCL_GRAPH_FILE")


ROWS = [
    {"versions": "==1.0.0", "needs": {"torch": "==2.3.0"}, "how": "import fails"},
    {"versions": "==1.2.0", "needs": {"torch": "==2.5.1"}, "how": "import fails"},
    {"versions": "==1.1.*", "built_for": {"cuda": ["11.8", "12.1"]}, "how": "run fails"},
    {"versions": "==1.3.*", "built_for": {"cuda": ["12.4", "12.6"]}, "how": "run fails"},
]


@pytest.mark.parametrize(
    ("version", "needs"),
    [
        ("1.1.0", {"torch": ">=2.3.0,<=2.5.1"}),
        ("1.2.4", {"cuda": ">=11.8,<12.7"}),
        ("1.3.0", None),  # nothing after it
        ("0.9", None),
        ("1.1.0rc1", None),
        ("no version", None),
    ],
)
def test_a_release_between_two_rows_needs_what_lies_between(
    version: str, needs: dict[str, str] | None
) -> None:
    found = list(between_releases(ROWS, version, set()))
    assert [row["needs"] for row in found] == ([needs] if needs else [])
    assert all(row["basis"] == "inferred" for row in found)


def test_what_rows_state_is_not_inferred() -> None:
    assert list(between_releases(ROWS, "1.1.0", {"torch"})) == []


def test_an_inferred_misfit_is_a_warning() -> None:
    found = engine.inspect(host(transformers="5.3.0", huggingface_hub="0.34.0")).findings
    (misfit,) = [item for item in found if item.path == ("packages", "transformers", "version")]
    assert misfit.severity is Severity.WARNING
    assert "unverified" in misfit.message
