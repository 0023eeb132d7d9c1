"""Configurations that two runs read are compared as everywhere: by what their parts are."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from envsnap.model.manifest import Manifest
from envsnap.observe import classes
from envsnap.replay.compare import ladder, sections, stages, surroundings
from envsnap.replay.esr.archive import Recording
from envsnap.replay.esr.recording import Raised, Record, Stage
from envsnap.replay.recorder.inside.settings import digest
from tests import examples


def read(tree: Any) -> Manifest:
    """A manifest of a run that read one configuration."""
    return examples.manifest({"configs": {"entries": {"a.yaml": {"tree": tree}}}})


def recording(packages: Any, raised: Raised | None = None) -> Recording:
    """A run with these packages that called no model."""
    record = Record(
        recording_version=2, recording_revision=0, envsnap_version="0", created_at="", label=None,
        complete=True, full=False, framework=None, notes=(), calls=(), tensors=(), raised=raised,
    )  # fmt: skip
    manifest = examples.manifest({"packages": {"entries": packages}})
    return Recording(
        name="a.esr", record=record, manifest=manifest, sketches=[], stored={}, values_at=0
    )


@pytest.mark.parametrize(
    ("golden", "other", "told"),
    [
        ({"limit": 1}, {"limit": 1.0}, []),
        ({"steps": [{"name": "a"}, {"name": "b"}]}, {"steps": [{"name": "b"}, {"name": "a"}]}, []),
        ({"model": {"limit": 1}}, {"model": {"limit": 2}}, [("a.yaml: model.limit", "1 -> 2")]),
        (
            {"net": {"classes": ["cat", "dog"]}},
            {"net": {"classes": ["dog", "cat"]}},
            [("a.yaml: net.classes", "['cat', 'dog'] -> ['dog', 'cat']")],
        ),
        ({"sizes": [1, 2]}, {"sizes": [2, 1]}, [("a.yaml: sizes", "[1, 2] -> [2, 1]")]),
        ({}, {"limit": 2}, [("a.yaml: limit", "not set -> 2")]),
        (["cat", "dog"], ["dog", "cat"], [("a.yaml", "['cat', 'dog'] -> ['dog', 'cat']")]),
        (
            {"load": list(range(200))},
            {"load": [*range(150), 7, *range(151, 200)]},
            [("a.yaml: load[150]", "150 -> 7")],
        ),
    ],
)
def test_keys_that_differ(golden: Any, other: Any, told: list[tuple[str, str]]) -> None:
    assert [item[:2] for item in surroundings.configs(read(golden), read(other))] == told


PROFILES = {"car": {"eye": 1, "on": 2}, "truck": {"eye": 3, "on": 4}, "log": {"level": 1}}


@pytest.mark.parametrize(
    ("more", "command", "section", "acts"),
    [
        ({}, {"--profile": "truck"}, "truck", True),
        ({}, {"--profile": "truck"}, "car", False),
        ({}, {"--profile": "truck"}, "log", True),  # no section of the same kind
        ({}, {"--profile": "bus"}, "car", True),
        ({"use": "truck"}, {}, "car", False),
        ({"truck": {"eye": 3, "on": 4, "base": "car"}}, {"--profile": "truck"}, "car", True),
    ],
)
def test_a_section_that_the_command_does_not_name_comes_last(
    more: dict[str, Any], command: dict[str, str], section: str, acts: bool
) -> None:
    golden = {**PROFILES, **more}
    other = {**golden, section: {**golden[section], next(iter(golden[section])): 9}}
    options = {name: digest(value) for name, value in command.items()}
    record = msgspec.structs.replace(recording({}).record, options=options, variables={})
    words = sections.given(record, record)
    assert [item[2] for item in surroundings.configs(read(golden), read(other), words)] == [acts]


def test_an_import_that_fails_names_the_package_that_does_not_fit() -> None:
    """A wheel for CUDA beside a torch for the CPU, as another package's dependency brings it."""
    packages = {
        "torch": {"version": "2.13.0+cpu"},
        "torchvision": {"version": "0.28.0+cpu"},
    }
    golden = recording(packages)
    broken = {"version": "0.28.0", "missing_libraries": ["libtorch_cuda.so"], "build_label": "cu130"}  # fmt: skip
    raised = Raised(type="RuntimeError", message="operator torchvision::nms does not exist")
    found = ladder.compare(golden, recording({**packages, "torchvision": broken}, raised))
    assert found.outcome == "diverged"
    assert "operator torchvision::nms does not exist" in found.cause
    assert "needs libtorch_cuda.so, which torch 2.13.0+cpu does not have" in found.cause
    assert "torchvision" in found.fix
    silent = ladder.compare(golden, recording(packages, raised))
    assert "needs" not in silent.cause


@pytest.mark.parametrize("key", ["dist-info", "egg-info"])
def test_metadata_is_of_the_libraries_wherever_it_lies(key: str) -> None:
    assert classes.classify(f"/opt/more/numpy-2.0.{key}/METADATA", ()) == classes.LIBRARY
    assert classes.classify("/opt/more/numpy-info/METADATA", ()) == classes.DATA


def test_a_file_that_somebody_else_may_have_read_is_no_reason() -> None:
    def run(files: Any) -> Manifest:
        return examples.manifest({"files": {"entries": files}})

    seen = {"a.csv": {"seen_by": ["audit"]}, "b.csv": {"seen_by": ["inotify"]}}
    assert list(surroundings.alone(run(seen), run({}))) == [("a.csv", "in the golden run only")]


@pytest.mark.parametrize(
    ("golden", "other", "told"),
    [
        ((2, "a", "b"), (2, "a", "b"), []),
        ((1, "a", "b"), (2, "c", "d"), [("shards", "holds other names: 1 -> 2")]),
        ((2, "a", "b"), (2, "c", "d"), [("shards", "holds other names")]),
        ((2, "a", "b"), (2, "a", "d"), [("shards", "lists the same names in another order")]),
    ],
)
def test_folders_that_both_runs_list(golden: Any, other: Any, told: list[tuple[str, str]]) -> None:
    def run(names: int, digest: str, order: str) -> Manifest:
        listing = {"names": names, "sha256": digest, "order_sha256": order}
        return examples.manifest({"files": {"listed": {"shards": listing}}})

    assert list(surroundings.listings(run(*golden), run(*other))) == told


def generation(most: int, nth: int, *, unused: bool = False) -> Stage:
    return Stage(
        kind="generation", name="GPT2", nth=nth, unused=unused, facts={"max_new_tokens": most}
    )


@pytest.mark.parametrize(
    ("golden", "other", "told"),
    [
        ([generation(3, 0, unused=True), generation(8, 1)], [generation(9, 0)], ["8 -> 9"]),
        ([generation(8, 0)], [generation(4, 0, unused=True), generation(8, 1)], []),
        ([generation(3, 0, unused=True)], [generation(9, 0, unused=True)], ["3 -> 9"]),
    ],
)
def test_settings_of_a_warm_up_are_not_those_of_what_follows(
    golden: list[Stage], other: list[Stage], told: list[str]
) -> None:
    sides = [
        msgspec.structs.replace(
            recording({}), record=msgspec.structs.replace(recording({}).record, stages=tuple(found))
        )
        for found in (golden, other)
    ]
    found = [fact.text.partition("max_new_tokens ")[2] for fact in stages.compare(*sides)]
    assert found == told
