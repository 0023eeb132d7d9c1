"""Kubernetes, Slurm, Ansible and systemd: what runs without the service, and Slurm for real."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from envsnap import api
from envsnap.model import codec
from tests import examples
from tests.conftest import COMMAND, Run, lacking
from tests.recipes.conftest import RECIPES, tool

KUBERNETES = RECIPES / "kubernetes"
EMPTY = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
PROLOG = RECIPES / "slurm" / "envsnap-prolog.sh"


@pytest.fixture
def checks(envsnap: Run, tmp_path: Path, bare_venv: Path) -> tuple[Path, Path]:
    """Two one-file checks of an interpreter: one that passes, one of an older Python."""
    capture = [COMMAND, "capture", "--python", str(bare_venv / "bin" / "python"), "-o", "here.json"]
    # A prolog, a pod and a shell have no variables in common.
    subprocess.run(capture, cwd=tmp_path, env=EMPTY, check=True, capture_output=True)
    manifest = api.load(str(tmp_path / "here.json"))
    older = replace(manifest.sections.python, version="3.8.10")
    other = replace(manifest, sections=replace(manifest.sections, python=older))
    api.save(codec.sealed(other), str(tmp_path / "other.json"))
    for name in ("here", "other"):
        made = envsnap("probe", "--verify", f"{name}.json", "-o", f"{name}.py")
        assert made.returncode == 0, made.stderr
    return tmp_path / "here.py", tmp_path / "other.py"


def valid(tree: dict[str, Any]) -> None:
    try:
        import kubernetes_validate
    except ImportError:
        lacking("kubernetes-validate is not installed (the extra is called dev)")
    kubernetes_validate.validate(tree, "1.30", strict=True)


def deployment(patch: dict[str, Any]) -> dict[str, Any]:
    """The patch on a small Deployment, as kubectl merges it."""
    template = patch["spec"]["template"]["spec"]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "model"},
        "spec": {
            "selector": {"matchLabels": {"app": "model"}},
            "template": {
                "metadata": {"labels": {"app": "model"}},
                "spec": {"containers": [{"name": "model", "image": "model:1"}], **template},
            },
        },
    }


def test_the_patch_is_what_kubernetes_takes() -> None:
    patch = yaml.safe_load((KUBERNETES / "verify.patch.yaml").read_text())
    valid(deployment(patch))
    broken = deployment(patch)
    broken["spec"]["template"]["spec"]["initContainers"][0]["command"] = "python3"
    with pytest.raises(Exception, match="initContainers"):
        valid(broken)


def test_the_init_container_s_command_judges_the_place(
    checks: tuple[Path, Path], bare_venv: Path
) -> None:
    patch = yaml.safe_load((KUBERNETES / "verify.patch.yaml").read_text())
    (container,) = patch["spec"]["template"]["spec"]["initContainers"]
    program, script = container["command"]
    assert (program, script) == ("python3", "/etc/envsnap/check.py")
    for path, code in zip(checks, (0, 5), strict=True):
        command = [bare_venv / "bin" / "python", path]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=EMPTY)
        assert done.returncode == code, done.stdout + done.stderr
    assert "python.version" in done.stdout + done.stderr


def test_a_check_fits_into_a_config_map(checks: tuple[Path, Path]) -> None:
    kubectl = tool("kubectl", "kubernetes-client")
    command = [
        kubectl,
        "create",
        "configmap",
        "envsnap-verify",
        f"--from-file=check.py={checks[0]}",
    ]
    done = subprocess.run(
        [*command, "--dry-run=client", "-o", "yaml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    tree = yaml.safe_load(done.stdout)
    valid(tree)
    assert len(done.stdout) < 1 << 20  # what a ConfigMap may hold
    assert tree["data"]["check.py"] == checks[0].read_text()


def test_nodes_write_their_features(envsnap: Run, tmp_path: Path) -> None:
    tree = yaml.safe_load((KUBERNETES / "node-features.daemonset.yaml").read_text())
    valid(tree)
    (container,) = tree["spec"]["template"]["spec"]["containers"]
    shell, options, script = container["command"]
    golden = examples.manifest({"python": {"version": "3.8.10"}}, partial=("python",))
    api.save(golden, str(tmp_path / "golden.json"))
    once = script.replace("while true; do", "for once in 1; do").replace('sleep "$EVERY"', "true")
    assert once.count("once") == 1
    env = {item["name"]: item["value"] for item in container["env"]}
    env |= {"TARGET_PYTHON": sys.executable, "GOLDEN": str(tmp_path / "golden.json")}
    env |= {"STATE": str(tmp_path), "FEATURES": str(tmp_path)}
    path = f"{Path(COMMAND).parent}:{os.environ['PATH']}"
    done = subprocess.run([shell, options, once], env={**os.environ, **env, "PATH": path},
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    features = dict(line.split("=") for line in (tmp_path / "envsnap").read_text().splitlines())
    assert features["envsnap.worst"] in ("warning", "error")
    assert re.fullmatch("[0-9a-f]{12}", features["envsnap.fingerprint"])
    mounts = {item["name"]: item["mountPath"] for item in container["volumeMounts"]}
    assert mounts["features"] == "/features.d"


def prolog(python: Path, check: Path | str, **env: str) -> subprocess.CompletedProcess[str]:
    settings = {"ENVSNAP_PYTHON": str(python), "ENVSNAP_CHECK": str(check), **env}
    return subprocess.run([PROLOG], env={**os.environ, **settings}, capture_output=True, text=True,
                          check=False)  # fmt: skip


def test_the_prolog_drains_what_differs_and_nothing_else(
    checks: tuple[Path, Path], tmp_path: Path, bare_venv: Path
) -> None:
    same, other = checks
    python = bare_venv / "bin" / "python"
    assert prolog(python, same).returncode == 0
    done = prolog(python, other)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    slow = tmp_path / "slow.py"
    slow.write_text("import time\ntime.sleep(60)\n")
    for check, seconds in (("/none.py", "60"), (slow, "1")):
        unsure = prolog(python, check, ENVSNAP_SECONDS=seconds)
        assert unsure.returncode == 0
        assert "not checked" in unsure.stderr
        assert prolog(python, check, ENVSNAP_SECONDS=seconds, ENVSNAP_STRICT="1").returncode == 1


def facts_folder(tmp_path: Path, manifest: Path) -> Path:
    """A folder with the fact in it, which reads this manifest."""
    folder = tmp_path / manifest.stem
    folder.mkdir()
    text = (RECIPES / "ansible" / "envsnap.fact").read_text()
    (folder / "envsnap.fact").write_text(text.replace("/var/lib/envsnap/here.json", str(manifest)))
    (folder / "envsnap.fact").chmod(0o755)
    return folder


@pytest.mark.parametrize("content", [None, "", "[]", "{}"])
def test_the_fact_is_json_whatever_the_manifest_is(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "it.json").write_text(content)
    path = facts_folder(tmp_path, tmp_path / "it.json") / "envsnap.fact"
    done = subprocess.run([path], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["fingerprint"] is None


def test_ansible_says_which_host_differs(tmp_path: Path) -> None:
    playbook = shutil.which("ansible-playbook", path=str(Path(sys.executable).parent))
    if playbook is None:
        lacking("ansible-core is not installed (the extra is called test-export)")
    lines = ["[all]"]
    for host, version in (("a", "3.11.1"), ("b", "3.11.1"), ("c", "3.10.1")):
        api.save(
            examples.manifest({"python": {"version": version}}), str(tmp_path / f"{host}.json")
        )
        folder = facts_folder(tmp_path, tmp_path / f"{host}.json")
        python = f"ansible_python_interpreter={sys.executable}"
        lines.append(f"{host} ansible_connection=local {python} envsnap_facts={folder}")
    (tmp_path / "hosts").write_text("\n".join(lines) + "\n")
    play = yaml.safe_load((RECIPES / "ansible" / "same.yml").read_text())
    assert play[0].pop("vars") == {
        "envsnap_facts": "/etc/ansible/facts.d"
    }  # the inventory has others
    (tmp_path / "same.yml").write_text(yaml.safe_dump(play))
    done = subprocess.run(
        [playbook, "-i", str(tmp_path / "hosts"), str(tmp_path / "same.yml")],
        capture_output=True, text=True, check=False,
        env={**os.environ, "ANSIBLE_HOME": str(tmp_path / "home"), "ANSIBLE_NOCOLOR": "1",
             "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.returncode == 2, done.stdout + done.stderr
    failed = re.findall(r"^(\w+)\s+: ok=\d+.*failed=1", done.stdout, re.MULTILINE)
    assert failed == ["c"], done.stdout
    assert "c: another environment (sha256:" in done.stdout


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    analyze = tool("systemd-analyze", "systemd")
    for name in ("envsnap.service", "envsnap.timer"):
        text = (RECIPES / "systemd" / name).read_text()
        (tmp_path / name).write_text(text)
    command = [analyze, "verify", "--man=no", *map(str, sorted(tmp_path.glob("envsnap.*")))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "envsnap." not in done.stderr
    broken = tmp_path / "envsnap.service"
    broken.write_text(broken.read_text().replace("Type=oneshot", "Type=nonsense"))
    assert "nonsense" in subprocess.run(command, capture_output=True, text=True, check=False).stderr


def test_the_lines_of_the_service_write_the_metrics(envsnap: Run, tmp_path: Path) -> None:
    lines = (RECIPES / "systemd" / "envsnap.service").read_text().splitlines()
    words = [word for line in lines if line.startswith("Environment=")
             for word in line.partition("=")[2].split()]  # fmt: skip
    env = dict(word.split("=") for word in words)
    golden = examples.manifest({"python": {"version": "3.8.10"}}, partial=("python",))
    api.save(golden, str(tmp_path / "golden.json"))
    env |= {"ENVSNAP": COMMAND, "PYTHON": sys.executable, "GOLDEN": str(tmp_path / "golden.json")}
    env |= {"HERE": str(tmp_path / "here.json"), "TEXTFILE": str(tmp_path / "envsnap.prom")}
    for line in lines:
        if line.startswith("ExecStart="):
            command = shlex.split(line.partition("=")[2])
            subprocess.run(command, env={**os.environ, **env}, check=True, capture_output=True)
    assert 'envsnap_findings{severity="warning"}' in (tmp_path / "envsnap.prom").read_text()
