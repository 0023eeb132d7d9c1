"""What distributions require, and which of them installed the same file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from envsnap.model.manifest import Manifest
from envsnap.probe.collectors import ownership, packages
from tests.conftest import Run
from tests.probe.test_broken_environments import captured, install

LISTED = """
import importlib.metadata as metadata, json
print(json.dumps({
    item.metadata["Name"]: [item.requires or [], item.metadata.get("Requires-Python")]
    for item in metadata.distributions()
}))
"""


def entries(manifest: Manifest) -> dict[str, Any]:
    """The distributions of a manifest."""
    found: dict[str, Any] = manifest.sections.packages.entries
    return found


def test_requirements_are_those_that_python_reads(envsnap: Run, tmp_path: Path) -> None:
    """Of everything installed here, against importlib.metadata and packaging."""
    from packaging.requirements import Requirement

    done = subprocess.run(
        [sys.executable, "-c", LISTED], capture_output=True, text=True, check=True
    )
    found = entries(captured(envsnap, tmp_path))
    compared = 0
    for name, (lines, python) in json.loads(done.stdout).items():
        package = found[packages.canonical(name)]
        extras = [line for line in lines if "extra ==" in line]
        assert list(package.requires) == [line for line in lines if line not in extras], name
        assert (package.requires_python or None) == python
        for line in extras:
            marker = Requirement(line).marker
            assert marker is not None
            assert not marker.evaluate({"extra": ""})
        compared += len(lines)
    assert compared


@pytest.mark.parametrize(
    ("line", "only_for_an_extra"),
    [
        ('x; extra == "test"', True),
        ("x ; extra=='test' and python_version < '3'", True),
        ('x; (sys_platform == "linux" or sys_platform == "darwin") and extra == "t"', True),
        ('x; python_version < "3" and extra == "a" or extra == "b"', True),
        ('x; python_version < "3" or extra == "b"', False),
        ('x; python_version < "3"', False),
        ("extra-things (>=1.0)", False),
        ("x[extra]>=2", False),
    ],
)
def test_what_only_an_extra_asks_for(line: str, only_for_an_extra: bool) -> None:
    assert packages._is_for_an_extra(line) is only_for_an_extra


def test_old_metadata_states_requirements_too(envsnap: Run, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    info = folder / "old-1.0-py3.9.egg-info"
    info.mkdir(parents=True)
    (info / "PKG-INFO").write_text("Name: old\nVersion: 1.0\nRequires-Python: >=3.6\n")
    (info / "requires.txt").write_text(
        "six>=1.0\n\n[:python_version < '3.4']\nenum34\n\n[test]\npytest\n[test:os_name == 'nt']\ny\n"
    )
    long = b"Name: long\nVersion: 2.0\nLicense: " + b"x" * 40000 + b"\nRequires-Dist: numpy\n\n"
    install(folder, "long", "2.0", long + b"Requires-Dist: of-the-description\n")
    install(
        folder, "windows", "1.0", b"Name: windows\r\nVersion: 1.0\r\nRequires-Dist: a>1\r\n\r\n"
    )
    address = b"Name: far\nVersion: 1.0\nRequires-Dist: x @ git+https://me:s3cret@host/x?token=9fJ2kQ7xTz4LmB1c\n\n"
    install(folder, "far", "1.0", address)
    found = entries(captured(envsnap, tmp_path, env={"PYTHONPATH": str(folder)}))
    assert found["far"].requires == (
        "x @ git+https://<redacted by envsnap>host/x<redacted by envsnap>",
    )
    assert found["old"].requires == ("six>=1.0", "enum34; python_version < '3.4'")
    assert found["old"].requires_python == ">=3.6"
    assert found["long"].requires == ("numpy",)
    assert found["windows"].requires == ("a>1",)


def twins(folder: Path, files: dict[str, str], *names: str) -> None:
    """Install distributions that list the same files."""
    for name in names:
        info = install(folder, name, "1.0")
        with (info / "RECORD").open("a") as record:
            for path, text in files.items():
                (folder / path).parent.mkdir(exist_ok=True)
                (folder / path).write_text(text)
                record.write(f"{path},sha256=AAAA,{len(text)}\n")


def test_one_import_name_of_two_distributions(envsnap: Run, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    twins(folder, {"cv2/__init__.py": "", "cv2/data/__init__.py": ""}, "open_a", "open_b")
    twins(folder, {"module.cpython-311-x86_64-linux-gnu.so": ""}, "ext_a", "ext_b")
    twins(folder, {"plain.py": ""}, "plain_a", "plain_b")
    declared = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
    twins(folder, {"google/__init__.py": declared}, "legacy_a", "legacy_b")
    twins(
        folder, {"space/__init__.pyi": "", "space/x.py": "", "README.txt": ""}, "name_a", "name_b"
    )
    manifest = captured(envsnap, tmp_path, env={"PYTHONPATH": str(folder)})
    assert manifest.sections.packages.claimed_twice == {
        "cv2": ("open-a", "open-b"),
        "module": ("ext-a", "ext-b"),
        "plain": ("plain-a", "plain-b"),
    }


def test_shadowed_copies_claim_nothing_twice(envsnap: Run, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        twins(tmp_path / folder, {"cv2/__init__.py": ""}, folder)
    path = f"{tmp_path / 'one'}:{tmp_path / 'two'}"
    manifest = captured(envsnap, tmp_path, env={"PYTHONPATH": path})
    assert manifest.sections.packages.claimed_twice == {}


def test_the_first_line_of_a_group_is_enough() -> None:
    files = "a.py a/__init__.py a/b.py a-1.dist-info/W c/d/__init__.py c0.so e/__init__.py f.txt"
    lines = sorted(f"{name},sha256=x,1".encode() for name in files.split())
    assert ownership.top_level(lines) == [b"a.py", b"a/__init__.py", b"c0.so", b"e/__init__.py"]
