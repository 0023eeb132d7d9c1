"""A lock or a requirements file is checked by its pins, and findings point to its lines."""

from __future__ import annotations

import pytest

from envsnap.model.manifest import Manifest
from envsnap.rules import engine
from envsnap.rules.finding import Severity
from tests import examples
from tests.conftest import Run

PAIR = {"torch": {"version": "2.6.0"}, "torchvision": {"version": "0.19.0"}}


def asked(**entries: dict[str, object]) -> Manifest:
    return examples.manifest({"wanted": {"entries": entries}})


def serious(manifest: Manifest, text: str = "") -> list[tuple[str, str]]:
    found = engine.inspect(manifest, error_text=text).findings
    return [(item.rule, ".".join(item.path)) for item in found if item.severity is Severity.ERROR]


def test_pins_that_do_not_belong_together_are_an_error_at_the_line_of_the_file() -> None:
    (found,) = serious(asked(**PAIR))
    assert found == ("torch-family", "wanted.torchvision.version")
    (finding,) = engine.inspect(asked(**PAIR)).findings
    assert {fact.path: fact.value for fact in finding.facts} == {
        ("wanted", "torchvision", "version"): "0.19.0",
        ("wanted", "torch", "version"): "2.6.0",
    }


@pytest.mark.parametrize(
    "line",
    [
        {"specifier": ">=0.19"},
        {"version": "0.19.0", "marker": "sys_platform == 'win32'"},
        {"version": "0.19.0", "groups": ["vision"]},
        {"version": "0.19.0", "manager": "conda"},
        {"alternatives": [{"version": "0.19.0"}, {"version": "0.21.0"}]},
    ],
)
def test_what_is_not_sure_to_be_installed_is_not_judged(line: dict[str, object]) -> None:
    assert not serious(asked(torch={"version": "2.6.0"}, torchvision=line))


def test_what_is_installed_is_judged_and_not_what_was_wanted() -> None:
    both = {
        "wanted": {"entries": PAIR},
        "packages": examples.packages(torch="2.6.0", torchvision="0.21.0"),
    }
    manifest = examples.manifest(both)
    assert not serious(manifest)
    assert not engine.inspect(manifest).of_a_file


def test_a_text_speaks_for_a_line_of_the_file() -> None:
    text = "ImportError: cannot import name 'is_torch_fx_available' from 'transformers.utils'"
    found = engine.inspect(asked(transformers={"version": "5.0.0"}), error_text=text).findings
    assert found[0].path == ("wanted", "transformers", "version")


def test_between_two_files_a_text_raises_the_line_that_it_speaks_of() -> None:
    sides = [
        asked(transformers={"version": version}, rich={"version": rich}, aiohttp={"version": "3.0"})
        for version, rich in (("4.57.6", "14.1.0"), ("4.57.7", "13.0.0"))
    ]
    text = "ImportError: cannot import name 'AutoThing' from 'transformers' (/x/transformers/__init__.py)"
    found = engine.compare(*sides, error_text=text).findings
    assert found[0].path[:2] == ("wanted", "transformers")
    assert "AutoThing" in found[0].why
    assert found[0].severity is Severity.WARNING
    without = {item.path[1]: item.severity for item in engine.compare(*sides).findings}
    assert without["transformers"] is Severity.INFO


def test_between_two_files_what_a_release_changed_is_told() -> None:
    sides = [asked(transformers={"version": version}) for version in ("4.57.6", "5.3.0")]
    (found,) = engine.compare(*sides).findings
    assert (found.severity, found.path[:2]) == (Severity.WARNING, ("wanted", "transformers"))
    assert found.why.startswith("Since 5.")
    assert found.source


def test_check_of_a_file_says_what_was_judged_and_what_comes_next(envsnap: Run, tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "requirements.txt").write_text("six==1.16.0\n")
    done = envsnap("check", "requirements.txt")
    told = " ".join(done.stdout.split())
    assert "only exact pins were judged" in told
    assert "envsnap diff FILE THIS.json" in told
    (tmp_path / "requirements.txt").write_text("torch==2.6.0\ntorchvision==0.19.0\n")
    done = envsnap("check", "requirements.txt")
    assert done.returncode == 1
    assert "torchvision 0.19.0 belongs to torch 2.4" in " ".join(done.stdout.split())
