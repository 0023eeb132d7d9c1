"""What an error text shows: the table is sound, the explanation comes first, hostile texts do no harm."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envsnap.knowledge.tables import TRUSTED, table
from envsnap.model.manifest import Sections
from envsnap.rules import engine, registry
from envsnap.rules.finding import Effect, Severity
from envsnap.rules.symptoms.reading import read
from tests import examples

TABLES = {name: table(name) for name in ("failure_signatures", "failure_sentences")}
ROWS = [row for found in TABLES.values() for row in found["rows"]]
SOURCES = {name for found in TABLES.values() for name in found["sources"]}
HARMLESS = table("harmless_sentences")
# Placeholders of facts that are no groups of the pattern: who called whom, by the traceback.
BY_FRAMES = {"caller", "callee", "earlier"}
OLD_DRIVER = "RuntimeError: The NVIDIA driver on your system is too old (found version 11040)."


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_row_is_sound(row: dict[str, object]) -> None:
    known = {entry.id for entry in registry.REGISTRY}
    assert row["basis"] in (*TRUSTED, "inferred", "memory")
    assert set(str(row["source"]).split(",")) <= SOURCES
    assert Effect(row["effect"])
    assert set(row["rules"]) <= known, row["rules"]
    assert row["words"]
    whole = {fact for fact in row["facts"] if fact.startswith("{")}
    sections = {fact.split(".")[0] for fact in set(row["facts"]) - whole}
    assert sections <= set(Sections.__struct_fields__)
    numbered = set(re.compile(str(row["pattern"])).groupindex)
    groups = numbered | {name.rstrip("0123456789") for name in numbered}
    assert set(re.findall(r"\{(\w+)\}", " ".join(row["facts"]))) <= groups | BY_FRAMES


@pytest.mark.parametrize("row", [*ROWS, *HARMLESS["rows"]], ids=lambda row: row["id"])
def test_no_pattern_repeats_without_a_bound(row: dict[str, object]) -> None:
    """A log can be a megabyte of anything: what is bounded cannot run away."""
    bare = re.sub(r"\\.|\[(?:\\.|[^\]])*\]", "x", str(row["pattern"]))
    assert not re.search(r"[*+]|\{\d+,\}", bare)


def test_what_explains_the_text_comes_before_what_is_worse() -> None:
    manifest = examples.manifest(
        {
            "driver": {"version": "470.57.02", "kernel_module": "470.57.02", "libcuda": "535.1.2"},
            "env_vars": {"entries": {"CUDA_VISIBLE_DEVICES": ""}},
        }
    )
    assert engine.inspect(manifest).findings[0].rule == "driver-mismatch"
    first = engine.inspect(manifest, error_text="No CUDA GPUs are available").findings[0]
    assert (first.rule, first.severity) == ("hidden-gpus", Severity.WARNING)
    assert "No CUDA GPUs are available" in first.why


def test_a_rule_that_sees_the_cause_speaks_for_the_text() -> None:
    manifest = examples.manifest(
        {
            "driver": {"version": "470.57.02"},
            "frameworks": {"entries": {"torch": {"version": "2.4.1", "cuda": "12.1"}}},
        }
    )
    found = engine.inspect(manifest, error_text=OLD_DRIVER).findings
    assert [item.rule for item in found].count("driver-minimum") == 1
    assert found[0].rule == "driver-minimum"
    assert "too old (found version 11040)" in found[0].why
    assert "error-text" not in {item.rule for item in found}


def test_nothing_is_lost_by_passing_a_text() -> None:
    manifest = examples.manifest(
        {"driver": {"version": "470.57.02"}, "system": {"shm_size": 64 << 20}}
    )
    without = {(item.rule, item.path) for item in engine.inspect(manifest).findings}
    text = engine.inspect(manifest, error_text=OLD_DRIVER).findings
    assert without <= {(item.rule, item.path) for item in text}


def test_what_is_known_from_memory_is_no_error_and_says_so() -> None:
    empty = examples.manifest({})
    for row in ROWS:
        if row["basis"] in TRUSTED:
            continue
        sample = re.sub(r"\\(.)", r"\1", row["pattern"].split("|")[0])
        for item in engine.inspect(empty, error_text=sample).findings:
            if item.message.startswith(row["says"]):
                assert item.severity is not Severity.ERROR
                assert "(unverified)" in item.message


def test_a_long_log_is_read_from_both_ends() -> None:
    noise = "step 1 of 2\n" * 200_000
    for text in (noise + OLD_DRIVER, OLD_DRIVER + "\n" + noise):
        assert [item.row["id"] for item in read(text).evidence] == ["torch-old-driver"]


@given(st.text(max_size=400))
def test_any_text_gives_one_line_findings(text: str) -> None:
    manifest = examples.manifest({"packages": examples.packages(torch="2.4.1")})
    quoted = f"ImportError: cannot import name '{text}' from 'torch'\n{text}\n{OLD_DRIVER}{text}"
    for item in engine.inspect(manifest, error_text=quoted).findings:
        assert "\n" not in item.message
        assert "\n" not in item.why


def test_secrets_in_a_text_are_not_quoted() -> None:
    manifest = examples.manifest({})
    text = (
        f"password=hunter2 https://u:pw@h.example/x?token=abc HF_TOKEN: t0psecretvalue {OLD_DRIVER}"
    )
    (found,) = engine.inspect(manifest, error_text=text).findings
    assert "too old" in found.why
    for secret in ("hunter2", "u:pw", "abc", "t0psecret"):
        assert secret not in found.why


@pytest.mark.parametrize(
    "text",
    [
        "AssertionError: shapes differ",
        "KeyError: 'label'",
        "requests.exceptions.HTTPError: 404 Client Error: Not Found for url",
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB\nNCCL watchdog thread",
        "RuntimeError: CUDA error: device-side assert triggered\nCUBLAS_STATUS_NOT_INITIALIZED",
        "loss is nan at step 3",
        "ModuleNotFoundError: No module named 'src'",
        "ImportError: cannot import name 'Net' from 'models' (/app/models.py)",
        "Signals handled: SIGINT SIGTERM SIGILL",
        "ModuleNotFoundError: No module named 'myproject.models'",
    ],
)
def test_what_is_no_environments_fault_is_not_blamed_on_it(text: str) -> None:
    manifest = examples.manifest({"packages": examples.packages(torch="2.4.1", numpy="1.26.4")})
    found = engine.inspect(manifest, error_text=text).findings
    assert {item.severity for item in found} <= {Severity.INFO}
