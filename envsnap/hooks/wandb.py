"""Weights & Biases: the manifest as an artifact of type `environment`, its names in the config.

run = wandb.init(mode="offline")
envsnap.hooks.wandb.log_environment(run)
envsnap.hooks.wandb.diff_runs("wandb/offline-run-A", "wandb/offline-run-B")
"""

from __future__ import annotations

import os
import tempfile
from typing import Any

import wandb

from envsnap import api
from envsnap.errors import InputError
from envsnap.export.resource import attributes
from envsnap.hooks import environment
from envsnap.model.manifest import Manifest
from envsnap.rules.engine import Result

FILE = "envsnap.json"
TYPE, NAME = "environment", "environment"


def log_environment(run: Any = None, **options: Any) -> Manifest | None:
    """Describe the running program; log the manifest as an artifact and as a file of the run.

    Without `run` the active one gets it. `options` are those of `envsnap.capture`. What goes wrong
    is a warning; None where nothing could be described, or where no run is active.
    """
    chosen = run if run is not None else wandb.run
    if chosen is None:
        environment.log.warning("envsnap: no run of W&B is active: call wandb.init first")
        return None
    return environment.logged(
        lambda: api.capture(**options), lambda manifest: _log(manifest, chosen)
    )


def _log(manifest: Manifest, run: Any) -> None:
    """Log a manifest; a run that is disabled has no folder, and gets the names alone."""
    names = {name.partition(".")[2]: value for name, value in attributes(manifest)}
    run.config.update({"envsnap": names}, allow_val_change=True)
    if not os.path.isdir(run.dir):
        return
    path = os.path.join(run.dir, FILE)
    api.save(manifest, path)
    artifact = wandb.Artifact(NAME, type=TYPE, metadata=dict(attributes(manifest)))
    artifact.add_file(path, name=environment.NAME)
    run.log_artifact(artifact)


def load_environment(run: str) -> Manifest:
    """The manifest of a run: the folder of a local one, or `entity/project/run` on the server.

    Raises InputError where there is none.
    """
    if os.path.isdir(run):
        return api.load(os.path.join(run, "files", FILE))
    with tempfile.TemporaryDirectory() as folder:
        try:
            wandb.Api().run(run).file(FILE).download(root=folder)
        except (OSError, ValueError, wandb.Error) as error:
            raise InputError(f"run {run}: has no manifest: {error}") from None
        return api.load(os.path.join(folder, FILE))


def diff_runs(reference: str, other: str) -> Result:
    """Say what differs between the environments of two runs. Raises InputError."""
    return api.diff(load_environment(reference), load_environment(other), policy=api.load_policy())
