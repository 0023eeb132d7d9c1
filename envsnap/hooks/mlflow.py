"""MLflow: each run carries its environment's fingerprint, and its manifest as an artifact.

The tags come without a line of code, by the entry point `mlflow.run_context_provider`. The manifest
is one line, after the seeds are set and before the training begins:

    envsnap.hooks.mlflow.log_environment()
    envsnap.hooks.mlflow.diff_runs(run_a, run_b)      # what differs, ranked
"""

from __future__ import annotations

import os
import tempfile
from typing import Any

from mlflow.tracking.context.abstract_context import RunContextProvider

from envsnap import api
from envsnap.errors import InputError
from envsnap.export.resource import attributes
from envsnap.hooks import environment
from envsnap.model.manifest import Manifest
from envsnap.rules.engine import Result

FOLDER = "envsnap"


class EnvironmentContext(RunContextProvider):  # type: ignore[misc]
    """The tags `envsnap.fingerprint` and `envsnap.label` for every run that is started."""

    def in_context(self) -> bool:
        """Whether hooks are on."""
        return environment.is_on()

    def tags(self) -> dict[str, str]:
        """The tags; none where the environment could not be described."""
        manifest = environment.of_interpreter()
        return dict(attributes(manifest)) if manifest is not None else {}


def log_environment(run_id: str | None = None, **options: Any) -> Manifest | None:
    """Describe the running program, log the manifest as an artifact, and tag the run with it.

    Without `run_id` the active run gets it. `options` are those of `envsnap.capture`: configs,
    weights, seeds, label. What goes wrong is a warning; None where nothing could be described.
    """
    return environment.logged(
        lambda: api.capture(**options), lambda manifest: _log(manifest, run_id)
    )


def _log(manifest: Manifest, run_id: str | None) -> None:
    import mlflow

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, environment.NAME)
        api.save(manifest, path)
        mlflow.log_artifact(path, FOLDER, run_id=run_id)
    client = mlflow.MlflowClient()
    active = mlflow.active_run()
    chosen = run_id or (active.info.run_id if active is not None else None)
    for name, value in attributes(manifest):
        client.set_tag(chosen, name, value)


def load_environment(run_id: str) -> Manifest:
    """The manifest that a run logged. Raises InputError where it has none."""
    import mlflow

    with tempfile.TemporaryDirectory() as folder:
        try:
            path = mlflow.artifacts.download_artifacts(
                run_id=run_id, artifact_path=f"{FOLDER}/{environment.NAME}", dst_path=folder
            )
        except (OSError, mlflow.MlflowException) as error:
            raise InputError(f"run {run_id}: has no manifest: {error}") from None
        return api.load(path)


def diff_runs(reference: str, other: str) -> Result:
    """Say what differs between the environments of two runs, by their ids. Raises InputError."""
    return api.diff(load_environment(reference), load_environment(other), policy=api.load_policy())
