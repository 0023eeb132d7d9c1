"""MLflow and W&B, the real libraries: tags, artifacts, and what differs between two runs."""

from __future__ import annotations

import json
from pathlib import Path

from envsnap import api
from tests.hooks.conftest import Program, kept, require, require_entry_point

MLFLOW = {"MLFLOW_TRACKING_URI": "", "MLFLOW_ALLOW_FILE_STORE": "true"}
TAGS = """
import json, mlflow
with mlflow.start_run() as run:
    pass
print(json.dumps(mlflow.get_run(run.info.run_id).data.tags))
"""
RUNS = """
import json, os, mlflow
from envsnap.hooks import mlflow as hook

runs = []
for threads in ("1", "2"):
    os.environ["OMP_NUM_THREADS"] = threads
    with mlflow.start_run() as run:
        manifest = hook.log_environment(seeds={"numpy": threads})
        runs.append(run.info.run_id)
    tags = mlflow.get_run(run.info.run_id).data.tags
    assert tags["envsnap.fingerprint"] == manifest.fingerprint, tags
result = hook.diff_runs(*runs)
print(json.dumps([[".".join(item.path), item.reference, item.other] for item in result.findings]))
with mlflow.start_run() as run:
    pass
try:
    hook.diff_runs(runs[0], run.info.run_id)
except Exception as error:
    print(type(error).__name__, error)
"""


def settings(tmp_path: Path) -> dict[str, str]:
    return {**MLFLOW, "MLFLOW_TRACKING_URI": f"file://{tmp_path}/mlruns"}


def test_mlflow_tags_every_run_without_a_line_of_code(program: Program, tmp_path: Path) -> None:
    require("mlflow")
    require_entry_point("mlflow.run_context_provider")
    done = program(TAGS, env={**settings(tmp_path), "ENVSNAP_LABEL": "box"})
    tags = json.loads(done.stdout.splitlines()[-1])
    (manifest,) = kept(tmp_path)
    assert tags["envsnap.fingerprint"] == f"sha256:{manifest.stem}"
    assert tags["envsnap.label"] == "box"
    off = program(TAGS, env={**settings(tmp_path), "ENVSNAP_HOOKS": "off"})
    assert not any(name.startswith("envsnap") for name in json.loads(off.stdout.splitlines()[-1]))


def test_what_differs_between_two_runs_of_mlflow(program: Program, tmp_path: Path) -> None:
    require("mlflow")
    done = program(RUNS, env={**settings(tmp_path), "ENVSNAP_HOOKS": "off"})
    *_, told, refused = done.stdout.splitlines()
    found = {path: values for path, *values in json.loads(told)}
    assert found == {"seeds.numpy": ["1", "2"], "env_vars.OMP_NUM_THREADS": ["1", "2"]}
    assert refused.startswith("InputError run ")
    assert "has no manifest" in refused


WANDB = """
import json, logging, sys, wandb
from envsnap.hooks import wandb as hook

folders = []
for seed in ("1", "2"):
    run = wandb.init(mode="offline", project="p", dir=".")
    manifest = hook.log_environment(run, seeds={"numpy": seed})
    assert run.config["envsnap"]["fingerprint"] == manifest.fingerprint
    folders.append(run.dir.rpartition("/files")[0])
    run.finish()
result = hook.diff_runs(*folders)
print(json.dumps([".".join(item.path) for item in result.findings]))
print(json.dumps(folders))
logging.basicConfig(stream=sys.stdout, format="%(message)s")
print(hook.log_environment())
run = wandb.init(mode="disabled")
assert hook.log_environment(run).fingerprint == run.config["envsnap"]["fingerprint"]
print(hook.log_environment(run, configs={"app": "gone.yaml"}))
"""


def test_what_differs_between_two_offline_runs_of_wandb(program: Program, tmp_path: Path) -> None:
    require("wandb")
    done = program(WANDB, env={"WANDB_SILENT": "true", "WANDB_DIR": str(tmp_path)})
    told, folders, *warned = done.stdout.splitlines()[-6:]
    assert json.loads(told) == ["seeds.numpy"]
    assert warned[0].startswith("envsnap: no run of W&B is active")
    assert warned[1] == "None"
    assert "gone.yaml: no such file" in warned[2]
    assert warned[3] == "None"
    for folder, seed in zip(json.loads(folders), ("1", "2"), strict=True):
        manifest = api.load(str(tmp_path / folder / "files" / "envsnap.json"))
        assert manifest.sections.seeds.entries == {"numpy": seed}
        # The transaction log of the run holds the artifact: it is what `wandb sync` uploads.
        (log,) = (tmp_path / folder).glob("run-*.wandb")
        assert manifest.fingerprint.encode() in log.read_bytes()
