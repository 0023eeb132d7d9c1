"""requirements, environment.yml and pylock, judged by pip, packaging and rattler."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from envsnap import api
from envsnap.errors import InputError
from envsnap.export import pylock
from envsnap.export.form import Artifact, Subject
from envsnap.model.manifest import Manifest
from tests import examples
from tests.conftest import Run, lacking
from tests.export.conftest import COMMIT, SHA256, TEXTS, foreign, hostile, mixed, of_conda


def text_of(manifest: Manifest, form: str) -> str:
    return api.exported(manifest, form)[0].decode()


def test_each_distribution_has_its_line_or_its_reason() -> None:
    assert text_of(mixed(), "requirements").splitlines() == [
        "# What was installed; install with --no-deps. Hashes: envsnap lock.",
        "--extra-index-url https://download.pytorch.org/whl/cu121",
        f"from-archive @ https://files.example/from_archive-3.0.zip#sha256={SHA256}",
        f"from-git @ git+https://git.example/a/b.git@{COMMIT}",
        "numpy==1.26.4",
        "six-pack==1.0.post1",
        "torch==2.3.1+cu121",
        "# by-apt 6.0: installed by the system: python3-by-apt=6.0-1",
        "# from-folder 4.0: installed from a local file",
        "# labelled 5.0+mine: no known index has builds labelled +mine",
        "# odd not a version: not a name and version of PEP 440",
        "# ours 0.1: an editable install: its files are on the captured machine",
    ]


def test_repositories_by_ssh_and_projects_in_a_folder_come_back() -> None:
    origins = {
        "by-ssh": {"url": "ssh://git@git.example/a/b.git", "vcs": "git", "commit": COMMIT},
        "part": {
            "url": "https://git.example/mono.git", "vcs": "git", "commit": COMMIT, "subdirectory": "py/part",
        },
        "outside": {
            "url": "https://git.example/mono.git", "vcs": "git", "commit": COMMIT, "subdirectory": "../x",
        },
        "option": {"url": "ssh://-oProxyCommand/x", "vcs": "git", "commit": COMMIT},
    }  # fmt: skip
    entries = {name: {"version": "1.0", "origin": origin} for name, origin in origins.items()}
    found = examples.manifest({"packages": {"entries": entries}})
    lines = text_of(found, "requirements").splitlines()[1:]
    assert lines == [
        f"by-ssh @ git+ssh://git@git.example/a/b.git@{COMMIT}",
        f"part @ git+https://git.example/mono.git@{COMMIT}#subdirectory=py/part",
        "# option 1.0: from no address",
        "# outside 1.0: from a folder of another name than a path",
    ]


def test_pip_finds_every_line_satisfied_where_it_was_captured(envsnap: Run, tmp_path: Path) -> None:
    """pip itself reads the file, and needs nothing of an index: all is installed as it says."""
    assert (
        envsnap("capture", "--python", sys.executable, "--no-import", "-o", "it.json").returncode
        == 0
    )
    done = envsnap("export", "it.json", "--format", "requirements", "-o", "all.txt")
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "all.txt").read_text().splitlines()
    kept = [line for line in lines if not line.startswith("--")]  # no network in a test
    (tmp_path / "kept.txt").write_text("\n".join(kept))
    pip = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--no-index"]
    found = subprocess.run(
        [*pip, "-r", str(tmp_path / "kept.txt")], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    pinned = [line for line in kept if "==" in line and not line.startswith("#")]
    assert len(pinned) > 10
    assert found.stdout.count("Requirement already satisfied") == len(pinned)
    (tmp_path / "wrong.txt").write_text("click==0.0.1\n")
    wrong = subprocess.run(
        [*pip, "-r", str(tmp_path / "wrong.txt")], capture_output=True, check=False
    )
    assert wrong.returncode != 0


def test_nothing_hostile_becomes_a_line_of_a_list() -> None:
    from packaging.requirements import Requirement

    for text in TEXTS:
        lines = text_of(hostile(text), "requirements").splitlines()
        for line in lines:
            if not line.startswith("#"):
                assert Requirement(line).url is None, (text, line)
        assert not any("evil.example" in line for line in lines if not line.startswith("#"))


def test_what_is_wanted_is_no_list_of_what_is_installed() -> None:
    wanted = examples.manifest({"wanted": {"entries": {"numpy": {"version": "1.0"}}}})
    for form in ("requirements", "environment.yml", "pylock"):
        with pytest.raises(InputError, match="wanted"):
            api.exported(wanted, form)
        with pytest.raises(InputError, match="no installed distribution"):
            api.exported(examples.manifest({"python": {"version": "3.11.7"}}), form)


def test_a_partial_list_says_that_it_is_one() -> None:
    partial = examples.manifest({"packages": examples.packages(numpy="1.0")}, partial=("packages",))
    assert "does not list everything" in text_of(partial, "requirements")


def test_an_environment_of_conda() -> None:
    tree = yaml.safe_load(text_of(of_conda(), "environment.yml"))
    assert tree == {
        "name": "envsnap",
        "channels": ["conda-forge"],
        "dependencies": [
            "numpy==1.26.4",
            "python=3.10.14=hd12c33a_0_cpython",
            "pytorch=2.3.1=cpu_py310h",
            "pip",
            {"pip": ["einops==0.8.0"]},
        ],
    }


@pytest.mark.parametrize("manifest", [mixed(), of_conda()], ids=["pip", "conda"])
def test_rattler_reads_each_dependency_of_conda(manifest: Manifest) -> None:
    match_spec = foreign("rattler.match_spec")
    tree = yaml.safe_load(text_of(manifest, "environment.yml"))
    specs = [item for item in tree["dependencies"] if isinstance(item, str)]
    assert specs
    for item in specs:
        spec = match_spec.MatchSpec(item, strict=False)
        parts = [part for part in item.split("=") if part]
        told = " ".join(filter(None, (parts[0], "==" + parts[1] if parts[1:] else "", *parts[2:])))
        assert str(spec) == told  # one version, not a range


def test_hostile_texts_stay_yaml() -> None:
    for text in TEXTS:
        tree = yaml.safe_load(text_of(hostile(text), "environment.yml"))
        assert set(tree) == {"name", "channels", "dependencies"}
        assert "evil" not in str(tree)


VERSIONS = {"numpy": "1.26.4", "six-pack": "1.0.post1", "torch": "2.3.1+cu121"}


def artifacts(*names: str) -> dict[str, Artifact]:
    return {
        name: Artifact(
            version=VERSIONS[name],
            file=f"{name.replace('-', '_')}-{VERSIONS[name]}{suffix(name)}",
            sha256=SHA256,
            is_wheel=name != "six-pack",
            url=f"https://files.example/{name}",
            size=12,
        )
        for name in names
    }


def suffix(name: str) -> str:
    return ".tar.gz" if name == "six-pack" else "-py3-none-any.whl"


def lock(manifest: Manifest, *names: str) -> str:
    return pylock.render(
        Subject(manifest=manifest, name="it.json", data=b"", artifacts=artifacts(*names))
    )


def test_packaging_takes_the_lock() -> None:
    import tomllib

    from packaging.pylock import Pylock

    text = lock(mixed(), "numpy", "six-pack", "torch")
    parsed = Pylock.from_dict(tomllib.loads(text))
    parsed.validate()
    assert [package.name for package in parsed.packages] == [
        "from-archive", "from-git", "numpy", "six-pack", "torch",
    ]  # fmt: skip
    assert parsed.packages[1].vcs.commit_id == COMMIT
    assert parsed.packages[2].wheels[0].hashes == {"sha256": SHA256}
    assert str(parsed.requires_python) == "==3.11.*"


def test_a_distribution_without_a_hash_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="numpy, six-pack, torch"):
        lock(mixed())
    assert pylock.needs(Subject(manifest=mixed(), name="it.json", data=b"")) == (
        "numpy", "six-pack", "torch",
    )  # fmt: skip


@pytest.mark.full
def test_uv_finds_the_lock_installed_where_it_was_captured(envsnap: Run, tmp_path: Path) -> None:
    """By the user's own index: each file is the one that was installed, and uv changes nothing."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        lacking("uv is not installed (the extra is called lock)")
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, tmp_path / "venv"], check=True)
    subprocess.run([uv, "pip", "install", "-q", "--python", python, "six", "iniconfig"], check=True)
    assert envsnap("capture", "--python", python, "-o", "it.json").returncode == 0
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = envsnap(
        "export", "it.json", "--format", "pylock", "-o", "pylock.toml", env={"PATH": path}
    )
    assert done.returncode == 0, done.stderr
    sync = [uv, "pip", "sync", "--dry-run", "--python", python, tmp_path / "pylock.toml"]
    told = subprocess.run(sync, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert "Would make no changes" in told.stderr
