"""A text decides what is told of a difference: which change of a release, and why a fact matters."""

from __future__ import annotations

import pytest

from envsnap.knowledge import releases
from envsnap.model.manifest import Manifest
from envsnap.model.paths import text as spelled
from envsnap.rules import engine
from envsnap.rules.finding import Finding, Severity
from tests import examples

RAISED = 'Traceback (most recent call last):\n  File "run.py", line 3, in <module>\n    main()\n'


def host(system: dict[str, object] | None = None, **versions: str) -> Manifest:
    sections = {"packages": examples.packages(**versions), "system": system or {}}
    return examples.manifest({name: facts for name, facts in sections.items() if facts})


def first(
    here: Manifest, there: Manifest, error_text: str = "", symptom: str | None = None
) -> Finding:
    return engine.compare(here, there, error_text=error_text, symptom=symptom).findings[0]


def test_the_change_that_a_text_speaks_of_is_told_first() -> None:
    here, there = host(lightgbm="3.3.5"), host(lightgbm="4.0.0")
    rows = releases.between("lightgbm", "3.3.5", "4.0.0")
    gone = next(row for row in rows if "early_stopping_rounds" in row["what"])
    named = (
        RAISED + "TypeError: train() got an unexpected keyword argument 'early_stopping_rounds'\n"
    )
    assert gone["what"] in first(here, there, named).message
    other = RAISED + "lightgbm.basic.LightGBMError: unordered_map::at\n"
    found = first(here, there, other)
    assert spelled(found.path) == "packages.lightgbm.version"
    assert "none of its known changes is what the text speaks of" in found.message
    assert gone["what"] in found.why


@pytest.mark.parametrize(
    ("one", "two", "text", "says", "fix"),
    [
        (
            {"glibc": "2.40"}, {"glibc": "2.41"},
            "ImportError: libx.so: cannot enable executable stack as shared object requires: Invalid argument",
            "executable stack", "before 2.41",
        ),
        (
            {"glibc": "2.31"}, {"glibc": "2.36"},
            "OpenBLAS blas_thread_init: pthread_create failed for thread 1 of 6: Operation not permitted",
            "clone3", "20.10.10",
        ),
    ],
)  # fmt: skip
def test_the_sentence_gives_the_reason_and_not_what_holds_for_any_program(
    one: dict[str, object], two: dict[str, object], text: str, says: str, fix: str
) -> None:
    found = first(host(one), host(two), RAISED + text)
    assert spelled(found.path) == "system.glibc"
    assert says in found.why
    assert "runs what was built for an older one" not in found.why
    assert fix in found.fix


def test_more_memory_is_no_cause_of_too_little() -> None:
    small, large = {"memory_total": 64 << 30}, {"memory_total": 128 << 30}
    assert first(host(small), host(large), symptom="memory").severity is Severity.INFO
    assert first(host(large), host(small), symptom="memory").severity is Severity.WARNING


def test_few_processes_are_a_warning_without_a_text() -> None:
    found = first(host({"processes_limit": 1_030_000}), host({"processes_limit": 200}))
    assert (spelled(found.path), found.severity) == ("system.processes_limit", Severity.WARNING)
    enough = first(host({"processes_limit": 1_030_000}), host({"processes_limit": 8000}))
    assert enough.severity is Severity.INFO


def test_a_module_of_the_program_is_no_fault_of_a_package() -> None:
    here = host(torch="2.1.0", onnx="1.14.1")
    text = RAISED + (
        "AttributeError: partially initialized module 'torch.onnx' has no attribute 'export'"
        " (most likely due to a circular import)\n"
    )
    found = engine.inspect(here, error_text=text).findings
    assert all(item.severity is Severity.INFO for item in found)
    assert any("has the name of a package" in item.message for item in found)


def test_an_old_driver_reads_no_newer_ptx() -> None:
    text = (
        RAISED
        + "ptxas application ptx input, line 9; fatal   : Unsupported .version 6.3; current version is '6.1'\n"
    )
    here = examples.manifest(
        {"driver": {"version": "390.87"}, "packages": examples.packages(numba="0.46.0")}
    )
    found = engine.inspect(here, error_text=text).findings
    assert spelled(found[0].path) == "driver.version"
    assert not any("Triton or CUDA toolkit" in item.fix for item in found)


@pytest.mark.parametrize(
    ("text", "path", "says"),
    [
        (
            "OpenBLAS warning: precompiled NUM_THREADS exceeded, adding auxiliary array for thread metadata.",
            "system.cpus", "more processors than OpenBLAS was built for",
        ),
        (
            "<jemalloc>: Unsupported system page size\nAborted\n",
            "system.kernel", "smaller pages of memory",
        ),
    ],
)  # fmt: skip
def test_a_text_of_a_library_leads_to_the_machine(text: str, path: str, says: str) -> None:
    one = {"cpus": 32, "kernel": "5.14.0-427.el9.aarch64"}
    two = {"cpus": 192, "kernel": "5.14.0-427.el9.aarch64+64k"}
    found = first(host(one), host(two), text)
    assert spelled(found.path) == path
    assert says in found.why


def test_a_release_of_which_nothing_is_known_has_the_reason_of_the_text() -> None:
    text = RAISED + (
        "AttributeError: Can't get attribute '_RemainderColsList' on <module"
        " 'sklearn.compose._column_transformer' from '/v/sklearn/compose/_column_transformer.py'>\n"
    )
    sides = [
        examples.manifest(
            {
                "packages": examples.packages(**{"scikit-learn": version}),
                "frameworks": {"entries": {"sklearn": {"version": version}}},
            }
        )
        for version in ("1.6.1", "1.6.0")
    ]
    found = first(*sides, text)
    assert "pickle names something that this release does not have" in found.why
    assert "1.6.1" in found.fix


def test_a_module_that_is_gone_is_a_releases_and_no_builds_matter() -> None:
    text = RAISED + "ModuleNotFoundError: No module named 'torch._six'\n"
    sides = [
        examples.manifest(
            {
                "packages": examples.packages(torch=version),
                "frameworks": {"entries": {"torch": {"version": version, "cuda": cuda}}},
            }
        )
        for version, cuda in (("1.13.1+cu117", "11.7"), ("2.0.1+cu118", "11.8"))
    ]
    assert first(*sides, text).path == ("frameworks", "torch", "version")


def test_a_difference_that_no_rule_knows_has_the_reason_of_the_text() -> None:
    text = RAISED + "ssl.SSLError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed\n"
    sides = [host({"certificates": there}) for there in (True, False)]
    found = first(*sides, text)
    assert found.path == ("system", "certificates")
    assert found.why.startswith("A certificate is not trusted here")


def test_a_request_that_a_text_states_explains_a_step_with_other_changes() -> None:
    text = (
        RAISED + "pkg_resources.VersionConflict: (protobuf 5.26.1 (/v/site-packages), "
        "Requirement.parse('protobuf<5,>=3.19'))\n"
    )
    found = first(host(protobuf="4.23.2"), host(protobuf="5.26.1"), text)
    assert found.message == "protobuf 4.23.2 -> 5.26.1"
    assert "outside" in found.why or "asked for" in found.why


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:snowflake", Severity.WARNING),
        ("ValueError: snowflake has six arms", Severity.INFO),
        ("NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:oracle", Severity.INFO),
    ],
)
def test_a_plugin_that_is_missing_is_told_by_its_own_word(line: str, severity: Severity) -> None:
    here = host(**{"sqlalchemy": "2.0.30", "snowflake-sqlalchemy": "1.6.1"})
    text = RAISED + f"sqlalchemy.exc.{line}\n"
    found = engine.compare(here, host(sqlalchemy="2.0.30"), error_text=text).findings
    (told,) = (item for item in found if item.path == ("packages", "snowflake-sqlalchemy"))
    assert told.severity is severity
