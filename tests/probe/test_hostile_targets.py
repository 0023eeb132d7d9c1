"""What an attack on this project found, each as a test."""

from __future__ import annotations

import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from envsnap import api
from envsnap.errors import InputError
from envsnap.intake import reader
from envsnap.model.manifest import Sections
from envsnap.probe.readers import tensors
from tests import examples
from tests.conftest import COMMAND, Run
from tests.probe.test_broken_environments import install


def captured(envsnap: Run, folder: Path, *options: str, **settings: object) -> Sections:
    """Capture this interpreter; whatever is wrong, there is a manifest that can be read."""
    done = envsnap("capture", "--python", sys.executable, "--no-import", "-o", folder / "it.json",
                   *options, **settings)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return reader.load(str(folder / "it.json")).manifest.sections


def test_filters_of_somebody_elses_repository_are_not_run(envsnap: Run, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder to somebody else")
    folder = tmp_path / "evil"
    inner = folder / "sub"
    inner.mkdir(parents=True)
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.invalid"]
    (folder / "a.txt").write_text("x\n")
    (folder / ".gitattributes").write_text("a.txt filter=evil\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], cwd=folder, check=True)
    subprocess.run(
        ["git", "config", "filter.evil.clean", f"touch {tmp_path / 'pwned'}; cat"],
        cwd=folder,
        check=True,
    )
    (folder / "a.txt").write_text("y\n")
    subprocess.run(["chown", "-R", "65534", str(folder)], check=True)
    sections = captured(envsnap, tmp_path, cwd=inner)
    assert not (tmp_path / "pwned").exists()
    assert sections.git.gaps["dirty"].startswith("denied")


def test_a_small_checkpoint_cannot_fill_the_memory(tmp_path: Path) -> None:
    data = b"\x80\x02X" + struct.pack("<I", 1 << 20) + b"k" * (1 << 20) + b"q\x00" + b"0"
    data += b"}" + b"h\x00}" * 90 + b"s" * 90 + b"."
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", data)
    try:
        assert tensors.describe(str(path), path.stat().st_size)["tensor_count"] == 0
    except ValueError as error:
        assert "checkpoint" in str(error)


@pytest.mark.parametrize(
    "header",
    [
        {"a": {"dtype": float("nan"), "shape": [1], "data_offsets": [0, 4]}},
        {"a": {"dtype": {}, "shape": [1], "data_offsets": [0, 4]}},
        {"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}},
        {"a": {"dtype": "F32", "shape": [10**30], "data_offsets": [0, 4]}},
        {"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}},
        {"a": 5},
        [],
    ],
)
def test_hostile_safetensors_are_damaged_files(
    header: object, envsnap: Run, tmp_path: Path
) -> None:
    text = json.dumps(header).encode()
    (tmp_path / "w.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + bytes(4))
    weight = captured(envsnap, tmp_path, "--weights", "w.safetensors", cwd=tmp_path).weights.entries
    assert weight["w.safetensors"].damage
    assert weight["w.safetensors"].sha256


def test_odd_names_cost_nothing_else(envsnap: Run, tmp_path: Path) -> None:
    site = tmp_path / "site"
    install(site, "sound", "1.0")
    os.mkdir(os.fsencode(site) + b"/caf\xe9-1.0.dist-info")
    os.mkdir(os.fsencode(site) + b"/~caf\xe9-1.0.dist-info")
    info = install(site, "odd", "1.0")
    (info / "direct_url.json").write_text('{"url": "https://h/\\ud800", "dir_info": 5}')
    info = install(site, "worse", "1.0")
    (info / "direct_url.json").write_text('{"url": "x", "archive_info": {"hashes": [1]}}')
    (site / "torch").mkdir()
    (site / "torch" / "__init__.py").write_text("")
    (site / "torch" / "version.py").write_text(
        "__version__ = 5\ngit_version = b'x'\ncuda = 1e999\n"
    )
    sections = captured(envsnap, tmp_path, env={"PYTHONPATH": str(site)})
    assert {"sound", "odd", "worse"} <= set(sections.packages.entries)
    assert "torch" in sections.frameworks.entries


def test_pipes_among_the_files_do_not_hang(envsnap: Run, tmp_path: Path) -> None:
    site = tmp_path / "site"
    for name in ("METADATA", "RECORD", "WHEEL"):
        info = install(site, f"pipe{name.lower()}", "1.0")
        (info / name).unlink(missing_ok=True)
        os.mkfifo(info / name)
    (site / "torch").mkdir()
    (site / "torch" / "__init__.py").write_text("")
    os.mkfifo(site / "torch" / "version.py")
    os.mkfifo(tmp_path / "weights")
    os.mkfifo(tmp_path / "c.yaml")
    sections = captured(envsnap, tmp_path, "--weights", "weights", "--config", "c.yaml",
                        env={"PYTHONPATH": str(site)}, cwd=tmp_path, timeout=60)  # fmt: skip
    assert sections.packages.entries["pipemetadata"].defects
    assert sections.weights.gaps
    assert sections.configs.gaps


@pytest.mark.parametrize("cache", ['{"x": 5}', '{"x": {"sha256": 5}}', "[" * 100_000, '"x"', "[]"])
def test_a_damaged_cache_is_no_cache(cache: str, envsnap: Run, tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "envsnap"
    folder.mkdir(parents=True)
    (folder / "weights-sha256-v1.json").write_text(cache)
    (tmp_path / "w.bin").write_bytes(b"w")
    assert (
        captured(envsnap, tmp_path, "--weights", "w.bin", cwd=tmp_path)
        .weights.entries["w.bin"]
        .sha256
    )


def test_an_error_text_keeps_no_secret(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text(
        "import os\nraise OSError('https://u:S3CRET-url@h/?token=S3CRET-query ' + os.environ['MY_TOKEN'])\n")  # fmt: skip
    env = {"PYTHONPATH": str(tmp_path), "MY_TOKEN": "S3CRET-value"}
    done = envsnap("capture", "--python", sys.executable, "-o", "it.json", env=env)
    assert done.returncode == 0, done.stderr
    assert "S3CRET" not in (tmp_path / "it.json").read_text() + done.stderr


@pytest.mark.parametrize("text", ["x = inf\n", "x = nan\n", f"x = {'9' * 450}\n"])
def test_numbers_that_json_cannot_carry(text: str, envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(text)
    tree = (
        captured(envsnap, tmp_path, "--config", "c.toml", cwd=tmp_path)
        .configs.entries["c.toml"]
        .tree
    )
    assert isinstance(tree["x"], str)


def test_text_that_is_none_on_the_command_line(envsnap: Run, tmp_path: Path) -> None:
    odd = os.fsdecode(b"\xff")
    captured(envsnap, tmp_path, "--label", odd, "--seed", f"a={odd}")
    assert api.load(str(tmp_path / "it.json")).label == "\\udcff"


@pytest.mark.parametrize("left", ["", "R525", "9" * 5000, "525.60.13"])
@pytest.mark.parametrize("right", ["525.60", "9" * 5000, ""])
def test_versions_that_are_none(left: str, right: str) -> None:
    def made(version: str) -> object:
        return examples.manifest({
            "driver": {"version": version}, "system": {"glibc": version}, "python": {"version": version},
            "frameworks": {"entries": {"torch": {"version": version, "cuda": version}}},
            "packages": {"entries": {"numpy": {"version": version}}},
        })  # fmt: skip

    api.diff(made(left), made(right))  # type: ignore[arg-type]
    api.check(made(left))  # type: ignore[arg-type]
    try:
        api.plan(made(left))  # type: ignore[arg-type]
    except InputError as error:
        assert "\n" not in str(error)


def test_paths_on_sys_path(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys\nsys.path += [pathlib.Path('/opt/x'), None, 5, b'y']\n"
        "import envsnap\nm = envsnap.capture()\nassert '/opt/x' in m.sections.python.sys_path\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_closed_streams_and_full_disks(envsnap: Run, tmp_path: Path) -> None:
    assert envsnap("capture", "--no-import", "-o", "it.json").returncode == 0
    for redirection in (">&-", "2>&-", "<&-", ">&- 2>&-"):
        done = subprocess.run(
            ["bash", "-c", f'"{COMMAND}" check it.json {redirection}'], cwd=tmp_path, check=False,
            capture_output=True, text=True)  # fmt: skip
        lost = ">&-" in redirection.replace("2>&-", "")  # the report, as on a full disk
        assert done.returncode == (2 if lost else 0), (redirection, done.stderr)
    full = subprocess.run(["bash", "-c", f'"{COMMAND}" check it.json >/dev/full'], cwd=tmp_path, check=False,
                          capture_output=True, text=True)  # fmt: skip
    assert full.returncode == 2
    assert len(full.stderr.splitlines()) == 1


@pytest.mark.parametrize("deadline", ["nan", "-1", "0", "inf"])
def test_deadlines_that_are_none(deadline: str, envsnap: Run) -> None:
    assert envsnap("capture", "--deadline", deadline).returncode == 2


def test_many_changes_are_judged_in_a_moment() -> None:
    import time

    def made(version: str) -> object:
        return examples.manifest(
            {"packages": {"entries": {f"p{index}": {"version": version} for index in range(8000)}}}
        )

    left, right = made("1.0"), made("2.0")
    started = time.process_time()
    assert len(api.diff(left, right).findings) == 8000  # type: ignore[arg-type]
    # Not a measure of speed: what is quadratic takes many times as long.
    assert time.process_time() - started < 20


def test_an_encoding_of_the_target_does_not_matter(envsnap: Run, tmp_path: Path) -> None:
    captured(envsnap, tmp_path, env={"PYTHONIOENCODING": "utf-16"})


def test_pickles_of_other_things_are_no_tensors(tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/data.pkl", pickle.dumps({"epoch": 3, "names": ["a"]}))
    assert tensors.describe(str(path), path.stat().st_size)["tensor_count"] == 0


def test_a_collector_that_hangs_costs_only_its_own_facts() -> None:
    from envsnap.intake import facts
    from envsnap.model.manifest import Target
    from envsnap.probe import packing
    from envsnap.targets import script

    sources = script.sources()
    sources["collectors.system"] = "import time\ndef collect(record):\n    time.sleep(600)\n"
    text = packing.pack(sources, {"marker": "0123abcd", "import": False, "deadline": 5})
    done = subprocess.run(
        [sys.executable, *packing.READ_STDIN],
        input=text.encode(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    messages = facts.parse(done.stdout, "probe")
    sections = facts.to_manifest(messages, Target(kind="file"), None, {}, "probe").sections
    assert sections.packages.entries
    assert sections.system.gaps["collector"].startswith("timeout")
    assert not sections.system.complete
