"""Which way a release moved, which file hides a module, and which release a text asks for."""

from __future__ import annotations

import pytest

from envsnap.model.manifest import Manifest
from envsnap.model.paths import text as spelled
from envsnap.rules import engine
from envsnap.rules.finding import Finding, Severity
from tests import examples

RAISED = (
    'Traceback (most recent call last):\n  File "/app/run.py", line 3, in <module>\n    main()\n'
)


def host(packages: dict[str, str] | None = None, **sections: object) -> Manifest:
    found = {**sections, "packages": examples.packages(**(packages or {}))}
    return examples.manifest(found)


def first(
    here: Manifest, there: Manifest, error_text: str = "", symptom: str | None = None
) -> Finding:
    return engine.compare(here, there, error_text=error_text, symptom=symptom).findings[0]


@pytest.mark.parametrize(("name", "old", "new"), [("pandas", "1.5.3", "2.2.2"), ("numpy", "1.26.4", "2.1.0")])  # fmt: skip
def test_an_older_release_is_not_told_as_a_newer_one(name: str, old: str, new: str) -> None:
    up, down = first(host({name: old}), host({name: new})), first(host({name: new}), host({name: old}))  # fmt: skip
    assert "without what" not in up.message + up.why
    assert "without what" in down.message
    assert " Or: " not in down.fix


def shadowed(**files: str) -> Manifest:
    return host({"fastapi": "0.111.0"}, python={"shadows": files})


def test_a_text_about_a_module_leads_to_the_file_that_hides_it() -> None:
    said = RAISED + (
        "ImportError: cannot import name 'SystemRandom' from partially initialized module 'random'"
        " (most likely due to a circular import)\n"
    )
    found = first(host({}, python={"shadows": {}}), shadowed(random="random.py"), said)
    assert (found.rule, spelled(found.path)) == ("shadowed-module", "python.shadows.random")
    assert "random.py" in found.message
    assert "line 4" in found.why


def test_a_folder_that_hides_what_nobody_imports_is_no_warning() -> None:
    found = first(shadowed(), shadowed(tests="tests"))
    assert (found.rule, found.severity) == ("shadowed-module", Severity.INFO)


@pytest.mark.parametrize(
    "said",
    [
        "The grpc package installed is at version 1.60.0, but the generated code in a_pb2_grpc.py depends on grpcio>=1.64.1.",
        "ImportError: Minimum version of grpcio is 1.64.1, found 1.60.0.",
        "ImportError: this needs grpcio>=1.64",
        "ImportError: Found an incompatible version of grpcio",
        "RuntimeError: the stubs were generated with grpcio 1.64.1",
        "ImportError: grpcio 1.64 or newer must be there",
    ],
)
def test_a_text_that_asks_for_a_release_leads_to_it(said: str) -> None:
    noise = {"sentry-sdk": "2.13.0", "rich": "13.7.0"}
    here = host({"grpcio": "1.64.1", **noise})
    there = host({"grpcio": "1.60.0", "sentry-sdk": "2.14.0", "rich": "13.8.0"})
    found = first(here, there, f"{RAISED}{said}\n")
    assert spelled(found.path) == "packages.grpcio.version"


def test_a_traceback_through_a_folder_of_pythonpath_leads_there() -> None:
    said = (
        "Traceback (most recent call last):\n"
        '  File "/app/run.py", line 3, in <module>\n    import yaml\n'
        '  File "/opt/legacy/site-packages/yaml/__init__.py", line 2, in <module>\n    from error import *\n'
        "ImportError: cannot import name 'X' from 'yaml.error'\n"
    )
    there = host({}, env_vars={"entries": {"PYTHONPATH": "/opt/legacy/site-packages"}})
    found = first(host({}, env_vars={"entries": {}}), there, said)
    assert (spelled(found.path), found.severity) == ("env_vars.PYTHONPATH", Severity.WARNING)


@pytest.mark.parametrize(
    ("symptom", "name", "value"),
    [("slower", "PYTHONMALLOC", "debug"), ("slower", "PYTHONDEVMODE", "1"), ("memory", "CUDA_MODULE_LOADING", "EAGER"), ("wrong", "HF_HUB_OFFLINE", "1")],
)  # fmt: skip
def test_what_is_known_of_a_variable_says_which_trouble_it_makes(
    symptom: str, name: str, value: str
) -> None:
    here, there = (host({}, env_vars={"entries": item}) for item in ({}, {name: value}))
    found = first(here, there, symptom=symptom)
    assert (spelled(found.path), found.severity) == (f"env_vars.{name}", Severity.WARNING)


@pytest.mark.parametrize(
    ("path", "section", "value"),
    [
        ("frameworks.numpy.blas", "frameworks", {"entries": {"numpy": {"version": "2.0.0", "blas": "{}"}}}),
        ("codecs.opencv.ipp", "codecs", {"entries": {"opencv": {"version": "4.10.0", "ipp": "{}"}}}),
    ],
)  # fmt: skip
def test_what_computes_inside_a_library_is_known(path: str, section: str, value: object) -> None:
    import ast

    sides = [ast.literal_eval(repr(value).replace("{}'", f"{word}'")) for word in ("openblas 0.3.27", "netlib 3.10")]  # fmt: skip
    found = first(*(host({}, **{section: side}) for side in sides), symptom="wrong")
    assert (spelled(found.path), found.severity) == (path, Severity.WARNING)


def test_the_name_of_a_run_changes_nothing() -> None:
    def tree(name: str, rate: float) -> Manifest:
        return host({}, configs={"entries": {"c.yaml": {"tree": {"run_name": name, "data": {"path": name}, "optim": {"lr": rate}}}}})  # fmt: skip

    paths = [
        (spelled(item.path), item.severity)
        for item in engine.compare(tree("a", 0.1), tree("b", 0.01)).findings
    ]
    assert paths[0][0].endswith("optim.lr")
    assert next(word for path, word in paths if path.endswith("run_name")) is Severity.INFO
