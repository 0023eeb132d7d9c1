"""Lists that are not complete: resolved from metadata, or refused; never installed as they are."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from envsnap.errors import InputError
from envsnap.image.facts import read
from envsnap.image.planning import asked
from envsnap.image.planning.plan import make_plan
from envsnap.image.proving import announced, proof
from envsnap.model.compute import Framework, Frameworks
from envsnap.model.manifest import Manifest
from envsnap.model.python import Package, Packages
from tests.conftest import Run, lacking
from tests.image.image_cases import DEBIAN_12, changed, manifest
from tests.image.test_build_and_prove import base, engine, trust

__all__ = ["base", "engine"]
LIST = "pandas==2.1.4\nnumpy==1.26.4\n"


def partial(**packages: str) -> Manifest:
    entries = {name: Package(version=version) for name, version in packages.items()}
    return changed(
        manifest("3.11.7", {}, DEBIAN_12),
        packages=Packages(complete=False, entries=entries),
        frameworks=Frameworks(complete=False),
    )


def _require_uv() -> None:
    if importlib.util.find_spec("uv") is None and shutil.which("uv") is None:
        lacking("uv is not installed (the extra is called lock)")


def test_a_partial_list_says_that_it_is() -> None:
    plan = make_plan(partial(numpy="1.26.4"))
    told = [item for item in plan.decisions if item.choice == "as stated"]
    assert [item.certainty for item in told] == ["unknown"]
    with pytest.raises(InputError, match=r"partial list .1 stated., which cannot be installed"):
        asked.require_complete(partial(numpy="1.26.4"), read(partial(numpy="1.26.4")))
    with pytest.raises(InputError, match="none are stated"):
        asked.require_complete(partial(), read(partial()))


def test_what_is_asked_for_does_not_contradict_the_manifest() -> None:
    known = read(partial(numpy="1.26.4"))
    with pytest.raises(InputError, match=r"--python 3\.9\.1: the manifest says 3.11.7"):
        asked.add(known, asked.Asked(python="3.9.1"))
    with pytest.raises(InputError, match="--python"):
        asked.add(known, asked.Asked(python="3.9; rm -rf /"))
    assert asked.add(known, asked.Asked(cuda="11.8")).asked_cuda == "11.8"


def test_a_framework_that_cannot_be_imported_is_never_proven() -> None:
    """Whatever the manifest says of it, or does not say."""
    here = partial(torch="2.4.1")
    known = announced.by(make_plan(here), here)
    for imported, gaps in (
        (False, {"torch": "error: ImportError: x"}),
        (None, {"torch": "timeout: y"}),
    ):
        facts = Framework(version="2.4.1", **({"imported": False} if imported is False else {}))
        there = changed(
            here, frameworks=Frameworks(complete=True, entries={"torch": facts}, gaps=gaps)
        )
        found = proof.judge(here, there, "image x", known)
        assert not found.proven
        assert [item.path for item in found.differs] == ["frameworks.torch.imported"]
    whole = Framework(version="2.4.1", imported=True)
    there = changed(here, frameworks=Frameworks(complete=True, entries={"torch": whole}))
    assert proof.judge(here, there, "image x", known).proven


def test_a_list_becomes_an_image_in_which_everything_imports(
    engine: Any, base: str, envsnap: Run, tmp_path: Path
) -> None:
    """Two packages are stated; pandas needs three more, and is imported to prove it."""
    (tmp_path / "freeze.txt").write_text(LIST)
    done = envsnap(
        "build", "freeze.txt", "-t", "envsnap-test:partial-list", "-o", "context", "--base", base,
        "--python", "3.11.2",
        "--smoke", "python -c 'import pandas'", *trust(), timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    engine.images.remove("envsnap-test:partial-list", force=True)
    plan = json.loads((tmp_path / "context" / "dockerfile.json").read_text())
    names = {item["name"] for item in plan["artifacts"]}
    assert names >= {"pandas", "numpy", "python-dateutil", "pytz", "tzdata"}
    assert "uv resolved the rest from metadata alone" in done.stderr


def test_two_lines_that_are_wanted_become_a_pinned_context(envsnap: Run, tmp_path: Path) -> None:
    _require_uv()
    """A requirements file, a Python and a command: every version and hash is in the context."""
    (tmp_path / "requirements.txt").write_text("flask==2.2.2\nnumpy>=1.26,<2\n")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "serve.py").write_text("import flask\n")
    start = ("dockerfile", "requirements.txt", "--app", "app")
    unknown = envsnap(*start, "--cmd", "python serve.py")
    assert unknown.returncode == 2
    assert "--python" in unknown.stderr
    minor = envsnap(*start, "--python", "3.9")
    assert minor.returncode == 2
    assert "--python 3.9: name a release, for example --python 3.9." in minor.stderr
    missing = envsnap(*start, "--python", "3.9.18", "--cmd", "python other.py")
    assert missing.returncode == 2
    assert "--cmd names other.py, which is not in it" in missing.stderr
    done = envsnap(*start, "--python", "3.9.18", "--cmd", "python serve.py")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "envsnap-context"
    lines = (folder / "requirements.txt").read_text().splitlines()[1:]
    assert all(" --hash=sha256:" in line for line in lines)
    assert {line.partition("==")[0] for line in lines} >= {"flask", "numpy", "werkzeug", "zipp"}
    text = (folder / "Dockerfile").read_text()
    assert text.splitlines()[2].startswith("FROM python:3.9.18-slim-")
    assert 'CMD ["python", "serve.py"]' in text


def test_what_has_no_solution_is_refused_with_a_way_on(envsnap: Run, tmp_path: Path) -> None:
    _require_uv()
    (tmp_path / "requirements.txt").write_text("flask==2.2.2\nno-such-thing-of-this-name==1.0\n")
    done = envsnap("dockerfile", "requirements.txt", "--python", "3.9.18")
    assert done.returncode in (2, 4)
    assert "no-such-thing-of-this-name" in done.stderr
    assert not (tmp_path / "envsnap-context").exists()
