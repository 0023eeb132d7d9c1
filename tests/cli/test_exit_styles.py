"""`--exit-style nagios`: a line for monitoring, and one of four codes, whatever happens."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from envsnap import api
from tests import examples
from tests.conftest import COMMAND, Run, lacking
from tests.golden import hosts

GOLDEN = Path(hosts.__file__).parent / "dev-prod"
DEV, PROD = str(GOLDEN / "dev.json"), str(GOLDEN / "prod.json")
NAGIOS = ("--exit-style", "nagios")
# How a plugin's first line is built: text, a bar, label=value pairs.
LINE = re.compile(r"ENVSNAP (OK|WARNING|CRITICAL|UNKNOWN) - [^|]+( \|[a-z]+=\d+( [a-z]+=\d+)*)?")
STATES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")


@pytest.fixture
def similar(tmp_path: Path) -> None:
    for name, version in (("a", "3.9.16"), ("b", "3.8.10"), ("c", "3.9.17")):
        api.save(
            examples.manifest({"python": {"version": version}}), str(tmp_path / f"{name}.json")
        )
    nothing = examples.manifest({"gpus": {"entries": {}}})
    api.save(nothing, str(tmp_path / "nothing.json"))


CASES = [
    (("diff", DEV, DEV), 0),
    (("diff", "a.json", "b.json"), 1),
    (("diff", "a.json", "b.json", "--fail-on", "error"), 0),
    (("diff", "a.json", "c.json"), 0),
    (("diff", "a.json", "c.json", "--fail-on", "info"), 1),
    (("diff", DEV, PROD), 2),
    (("diff", DEV, DEV, PROD), 2),
    (("diff", "a.json", "nothing.json"), 3),
    (("diff", DEV, "none.json"), 3),
    (("diff", DEV), 3),
    (("diff", DEV, PROD, "--format", "pdf"), 3),
    (("diff", DEV, PROD, "--nonsense"), 3),
    (("diff", DEV, PROD, "-o", "none/it.txt"), 3),
    (("check", DEV), 0),
    (("check", "none.json"), 3),
    (("verify", DEV, "--python", "/none"), 3),
]


@pytest.mark.usefixtures("similar")
@pytest.mark.parametrize(("arguments", "code"), CASES, ids=lambda item: str(item)[-60:])
def test_states(arguments: tuple[str, ...], code: int, envsnap: Run) -> None:
    for style in (NAGIOS, ("--exit-style=nagios",)):
        done = envsnap(*arguments, *style)
        assert done.returncode == code, done
        first = done.stdout.splitlines()[0]
        assert LINE.fullmatch(first), first
        assert first.split()[1] == STATES[code]
        assert "|" not in "".join(done.stdout.splitlines()[1:])


def test_without_it_nothing_changes(envsnap: Run) -> None:
    assert envsnap("diff", DEV, PROD, "--exit-style", "envsnap").returncode == 1
    done = envsnap("diff", DEV, "none.json", "--exit-style", "envsnap")
    assert (done.returncode, done.stdout) == (2, "")


def test_the_report_still_goes_to_a_file(envsnap: Run, tmp_path: Path) -> None:
    done = envsnap("diff", DEV, PROD, *NAGIOS, "--format", "markdown", "-o", "it.md")
    assert done.returncode == 2
    assert "weights" in (tmp_path / "it.md").read_text()
    assert LINE.fullmatch(done.stdout.splitlines()[0])


def test_a_proof(envsnap: Run, tmp_path: Path) -> None:
    assert (
        envsnap("capture", "--python", sys.executable, "--no-import", "-o", "it.json").returncode
        == 0
    )
    done = envsnap("verify", "it.json", "--python", sys.executable, *NAGIOS)
    assert done.returncode == 0, done.stdout
    assert LINE.fullmatch(done.stdout.splitlines()[0])
    manifest = api.load(str(tmp_path / "it.json"))
    changed = manifest.sections.packages.entries["click"]
    from msgspec.structs import replace

    from envsnap.model import codec

    entries = {**manifest.sections.packages.entries, "click": replace(changed, version="0.1")}
    packages = replace(manifest.sections.packages, entries=entries)
    other = replace(manifest, sections=replace(manifest.sections, packages=packages))
    api.save(codec.sealed(other), str(tmp_path / "other.json"))
    done = envsnap("verify", "other.json", "--python", sys.executable, *NAGIOS)
    assert done.returncode == 2, done.stdout
    assert "packages.click.version" in done.stdout


def test_texts_of_a_manifest_cannot_add_performance_data(envsnap: Run, tmp_path: Path) -> None:
    for name, text in (("a", "1|x=1"), ("b", "2|evil=9;;\nOK")):
        api.save(
            examples.manifest({"tools": {"entries": {f"t|{text}": {"version": text}}}}),
            str(tmp_path / f"{name}.json"),
        )
    done = envsnap("diff", "a.json", "b.json", *NAGIOS, "--fail-on", "info")
    assert done.stdout.count("|") == 1
    assert LINE.fullmatch(done.stdout.splitlines()[0])


def test_a_real_plugin_of_nagios_reads_it() -> None:
    """`negate` of monitoring-plugins runs a plugin and turns its state."""
    negate = shutil.which("negate", path="/usr/lib/nagios/plugins")
    if negate is None:
        lacking("negate is not installed (Debian's monitoring-plugins-basic)")
    command = [negate, "--substitute", COMMAND, "diff", DEV, PROD, *NAGIOS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done
    assert "ENVSNAP OK - 1 error" in done.stdout  # negate turned CRITICAL, in the line, too
