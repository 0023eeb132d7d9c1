"""A token in every place of a target where text from outside enters, and none in the manifest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import Run


class Planted:
    """Tokens that are told apart by the place they were put in."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}

    def __call__(self, place: str) -> str:
        number = len(self.places)
        token = "ghp_" + f"{number:02d}aB3dE5fG7hI9kL1mN0pQ2rS4tU6vW8xY"
        self.places[place] = token
        return token


def distribution(site: Path, planted: Planted) -> None:
    """A distribution whose metadata hold one token each."""
    folder = site / "odd-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: odd\nVersion: 1.0+{planted('version')}\n"
        f"Requires-Dist: x; extra == '{planted('requires')}'\n"
    )
    (folder / "INSTALLER").write_text(f"pip {planted('installer')}\n")
    (folder / "WHEEL").write_text(f"Wheel-Version: 1.0\nTag: py3-none-{planted('wheel tag')}\n")
    origin = {
        "url": f"git+https://x:{planted('origin')}@host.example/r.git",
        "vcs_info": {"vcs": "git", "commit_id": "a" * 40, "requested_revision": planted("revision")},
    }  # fmt: skip
    (folder / "direct_url.json").write_text(json.dumps(origin))
    (site / f"x{planted('start-up file')}.pth").write_text(f"# {planted('start-up code')}\n")
    broken = site / f"bad_{planted('folder of metadata')}-1.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("")


def repository(folder: Path, planted: Planted) -> None:
    """A checkout whose branch and remote hold one token each."""

    def git(*words: str) -> None:
        identity = ("-c", "user.email=a@b.example", "-c", "user.name=a")
        subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)

    git("init", "-q")
    (folder / "code.py").write_text("x = 1\n")
    git("add", "code.py")
    git("commit", "-qm", planted("commit message"))
    git("checkout", "-qb", f"feature/{planted('branch')}")
    git("remote", "add", "origin", f"https://joe:{planted('remote')}@host.example/r.git")
    git("tag", planted("tag"))


def variables(site: Path, planted: Planted) -> dict[str, str]:
    """Variables that a capture records, with tokens in them."""
    return {
        **os.environ,
        "PYTHONPATH": str(site),
        "TZ": f"Europe/{planted('time zone')}",
        "LC_ALL": f"C.{planted('locale')}",
        "LD_LIBRARY_PATH": f"/x/{planted('library path')}",
        "CUDA_VISIBLE_DEVICES": planted("devices"),
        "OMP_NUM_THREADS": planted("threads"),
        "PIP_INDEX_URL": f"https://u:{planted('index')}@host.example/simple",
        "WANDB_KEY": planted("variable"),
    }


def test_no_place_of_a_target_lets_a_token_into_the_manifest(envsnap: Run, tmp_path: Path) -> None:
    planted, work = Planted(), tmp_path / "work"
    work.mkdir()
    site = tmp_path / f"site_{planted('sys.path')}"
    distribution(site, planted)
    repository(work, planted)
    weights, config = planted("weights"), planted("config's name")
    (work / f"{weights}.bin").write_text("x")
    (work / f"{config}.yaml").write_text(f"a: 1\nb: {planted('config')}\n")
    done = envsnap(
        "capture", "--no-import", "--python", sys.executable, "-o", "it.json",
        "--label", planted("label"), "--seed", f"s={planted('seed')}", "--seed", f"{planted('seed name')}=1",
        "--config", f"{config}.yaml", "--weights", f"{weights}.bin", "--env", "WANDB_KEY", "--env", "PIP_INDEX_URL",
        cwd=work, env=variables(site, planted), timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    text = (work / "it.json").read_text()
    kept = [place for place, token in planted.places.items() if token in text]
    assert not kept
    assert len(planted.places) > 20
    assert not [place for place, token in planted.places.items() if token in done.stderr]
    sections = json.loads(text)["sections"]
    assert sections["weights"]["gaps"]
    assert sections["weights"]["entries"]
    assert sections["seeds"]["gaps"]
