"""What an error itself names where no sentence is known, and what tables of releases say is printed."""

from __future__ import annotations

import pytest

from envsnap.knowledge import releases
from envsnap.knowledge.between_releases import between_releases
from envsnap.model.manifest import Manifest
from envsnap.model.paths import text as spelled
from envsnap.rules import engine
from envsnap.rules.finding import Finding, Severity
from envsnap.rules.symptoms import of_variables
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


def test_a_release_between_two_lists_of_builds_has_none_that_neither_has() -> None:
    rows = [
        {"versions": "==1.0", "built_for": {"cuda": ["12.8", "13.0"]}, "how": "run fails"},
        {"versions": "==1.2", "built_for": {"cuda": ["12.6", "13.0", "13.2"]}, "how": "run fails"},
    ]
    (row,) = between_releases(rows, "1.1", set())
    assert row["built_for"] == {"cuda": ["12.6", "12.8", "13.0", "13.2"]}


def test_what_rows_state_is_not_inferred() -> None:
    assert list(between_releases(ROWS, "1.1.0", {"torch"})) == []


def test_an_inferred_misfit_is_a_warning() -> None:
    found = engine.inspect(host(transformers="5.3.9", huggingface_hub="0.34.0")).findings
    (misfit,) = [item for item in found if item.path == ("packages", "transformers", "version")]
    assert misfit.severity is Severity.WARNING
    assert "unverified" in misfit.message


def test_a_change_of_one_build_is_none_of_another() -> None:
    told = [row["what"] for row in releases.between("torch", "2.13.0+cpu", "2.13.1+cpu")]
    assert not any("CUDA 13" in what for what in told)
    told = [row["what"] for row in releases.between("torch", "2.13.0+cu130", "2.13.1+cu130")]
    assert any("CUDA 13" in what for what in told)
    assert releases.between("torch", "2.13.0", "2.13.1")


def test_a_variable_that_makes_such_trouble_is_named_where_a_text_says_no_more() -> None:
    manifest = host({"NCCL_SOCKET_IFNAME": "lo", "NCCL_DEBUG": "INFO", "LANG": "C"}, torch="2.8.0")
    assert [item.path for item in told(manifest, "(hang)")] == [("env_vars", "NCCL_SOCKET_IFNAME")]
    assert told(manifest, "(crash)") == []
    assert told(host({"LANG": "C"}), "it hangs") == []


COPIED = """  File "/venv/lib/python3.10/site-packages/ray/scripts/scripts.py", line 25, in add_alias
    new_command = copy.deepcopy(command)
  File "/usr/lib/python3.10/copy.py", line 172, in deepcopy
    y = _reconstruct(x, memo, *rv)
ValueError: <object object at 0x7f> is not a valid Sentinel
"""


def warned(text: str, manifest: Manifest) -> list[str]:
    """The paths of what counts in a text, in order."""
    found = engine.inspect(manifest, error_text=text).findings
    return [spelled(item.path) for item in found if item.severity is not Severity.INFO]


def test_what_pythons_library_raises_is_of_who_called_it() -> None:
    assert warned(COPIED, host(ray="2.55.0", numpy="2.4.0")) == ["packages.ray"]
    own = COPIED.replace("/venv/lib/python3.10/site-packages/ray/scripts", "/srv/app")
    assert warned(own, host(ray="2.55.0")) == []


def test_a_class_that_the_message_shows_leads_to_its_distribution() -> None:
    text = "TypeError: Cannot interpret '<StringDtype(na_value=nan)>' as a data type"
    assert warned(text, host(pandas="3.0.0", numpy="2.4.0")) == ["packages.pandas"]
    assert warned(text.replace("StringDtype", "OurDtype"), host(pandas="3.0.0")) == []


def test_an_interface_that_begins_with_an_import_name_is_of_that_distribution() -> None:
    text = "AttributeError: 'NoneType' object has no attribute 'causal_conv1d_fwd'"
    assert warned(text, host(mamba_ssm="2.2.2")) == ["packages.causal-conv1d"]
    assert warned(text.replace("causal_conv1d_fwd", "last_hidden_state"), host(torch="2.3.1")) == []


def test_the_loader_of_macos_names_who_asked() -> None:
    text = (
        "OSError: dlopen(/Users/x/v/lib/python3.9/site-packages/lightgbm/lib/lib_lightgbm.dylib, 0x0006):"
        " Library not loaded: @rpath/libomp.dylib\n  Referenced from: <3B45> /Users/x/lib_lightgbm.dylib"
    )
    assert warned(text, host(lightgbm="4.5.0", numpy="1.26.4"))[0] == "packages.lightgbm"


def test_a_missing_library_is_of_the_kin_that_is_installed() -> None:
    text = "ImportError: libxcb.so.1: cannot open shared object file: No such file or directory"
    headless = host(opencv_python_headless="4.13.0.90")
    assert warned(text, headless)[0] == "packages.opencv-python-headless"


def test_pydantic_one_on_a_new_python_is_about_both() -> None:
    text = 'pydantic.v1.errors.ConfigError: unable to infer type for attribute "REGEX"'
    manifest = examples.manifest(
        {
            "python": {"version": "3.14.0"},
            "packages": examples.packages(spacy="3.8.11", pydantic="2.12.5"),
        }
    )
    assert warned(text, manifest)[0] == "python.version"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (
            "RuntimeError: alpha-parts version (0.6.13) does not match alpha version (0.6.14). Please install",
            "packages.alpha-parts",
        ),
        (
            "Exception: alpha_parts with minimum required version 0.2.5 is not installed. Please",
            "packages.alpha-parts",
        ),
        ("ImportError: the package alpha_parts seems to be not installed.", "packages.alpha-parts"),
    ],
)
def test_what_has_to_be_of_another_release_is_named(text: str, path: str) -> None:
    assert warned(text, host(alpha_parts="0.2.3", torch="2.9.0"))[0] == path


def test_both_of_two_that_a_text_holds_against_each_other_are_looked_up() -> None:
    text = "RuntimeError: alpha-parts version (0.6.13) does not match alpha version (0.6.14)."
    assert warned(text, host(alpha="0.6.14", torch="2.9.0"))[0] == "packages.alpha"


def test_a_requirement_that_the_manifest_states_is_told_once() -> None:
    manifest = host(trl="1.14.0", transformers="4.50.3")
    assert len(engine.inspect(manifest).findings) == 1
    stating = examples.manifest(
        {
            "packages": {
                "complete": False,
                "entries": {
                    "trl": {"version": "1.14.0", "requires": ["transformers>=4.56.2"]},
                    "transformers": {"version": "4.50.3"},
                },
            }
        }
    )
    assert [item.rule for item in engine.inspect(stating).findings] == ["requirements"]


@pytest.mark.parametrize(
    ("line", "is_it"),
    [
        ("Failed to resolve 'mirror.example.net' (Name or service not known)", True),
        ("Failed to resolve 'other.mirror.example.net'", False),
        ("Failed to resolve 'mirror.example.network'", False),
    ],
)
def test_a_line_may_name_the_host_of_a_variable(line: str, *, is_it: bool) -> None:
    assert (
        of_variables.is_named_in("PIP_INDEX_URL", "https://user@mirror.example.net/simple", line)
        is is_it
    )
    assert not of_variables.is_named_in(
        "PIP_INDEX_URL", "https://localhost:80", "Failed to reach localhost"
    )
