"""Lightning: the manifest beside each checkpoint, and its fingerprint inside.

Trainer(..., callbacks=[EnvironmentCallback()])
"""

from __future__ import annotations

from typing import Any

from lightning.fabric.plugins import CheckpointIO
from lightning.pytorch import Callback, LightningModule, Trainer

from envsnap import api
from envsnap.hooks import environment
from envsnap.model.manifest import Manifest

SUFFIX = ".envsnap.json"
KEY = "envsnap_fingerprint"


class EnvironmentCallback(Callback):  # type: ignore[misc]
    """Describes the program when fitting begins, and writes that beside every checkpoint.

    `reference` is a manifest to compare with: what differs is a warning in the log `envsnap`. A
    training never ends because of this.
    """

    def __init__(self, reference: str | None = None) -> None:
        self.manifest: Manifest | None = None
        self._reference = reference

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Describe the program, and see every path that a checkpoint is written to."""
        if not trainer.is_global_zero or stage != "fit":
            return
        self.manifest = environment.of_program()
        environment.compare(self.manifest, self._reference)
        strategy = trainer.strategy
        if self.manifest is not None and not isinstance(strategy.checkpoint_io, _Beside):
            strategy.checkpoint_io = _Beside(strategy.checkpoint_io, self.manifest)

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Put the fingerprint into the checkpoint."""
        if self.manifest is not None:
            checkpoint[KEY] = self.manifest.fingerprint


class _Beside(CheckpointIO):  # type: ignore[misc]
    """Writes and removes a manifest with each checkpoint, through what wrote them before."""

    def __init__(self, inner: Any, manifest: Manifest) -> None:
        super().__init__()
        self._inner = inner
        self._manifest = manifest

    def save_checkpoint(self, checkpoint: Any, path: Any, storage_options: Any = None) -> None:
        """Save both."""
        self._inner.save_checkpoint(checkpoint, path, storage_options=storage_options)
        environment.write(self._manifest, f"{path}{SUFFIX}")

    def load_checkpoint(self, path: Any, *arguments: Any, **options: Any) -> Any:
        """Load the checkpoint."""
        return self._inner.load_checkpoint(path, *arguments, **options)

    def remove_checkpoint(self, path: Any) -> None:
        """Remove both."""
        self._inner.remove_checkpoint(path)
        environment.remove(f"{path}{SUFFIX}")

    def teardown(self) -> None:
        """End what was begun."""
        self._inner.teardown()


def load(checkpoint: str) -> Manifest:
    """The manifest beside a checkpoint. Raises InputError where there is none."""
    return api.load(f"{checkpoint}{SUFFIX}")
