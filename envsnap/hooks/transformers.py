"""transformers: the manifest beside each checkpoint of a Trainer.

Trainer(..., callbacks=[EnvironmentCallback()])
"""

from __future__ import annotations

import os
from typing import Any

from transformers import TrainerCallback
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from envsnap import api
from envsnap.hooks import environment
from envsnap.model.manifest import Manifest

FILE = "envsnap.json"


class EnvironmentCallback(TrainerCallback):  # type: ignore[misc]
    """Describes the program when training begins; writes that beside every checkpoint.

    `reference` is a manifest to compare with: what differs is a warning in the log `envsnap`. A
    training never ends because of this.
    """

    def __init__(self, reference: str | None = None) -> None:
        self.manifest: Manifest | None = None
        self._reference = reference

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Describe the program, on the process that writes checkpoints."""
        if state.is_world_process_zero:
            self.manifest = environment.of_program()
            environment.compare(self.manifest, self._reference)

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Write the manifest into the checkpoint's folder."""
        folder = os.path.join(args.output_dir, f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}")
        if self.manifest is not None and os.path.isdir(folder):
            environment.write(self.manifest, os.path.join(folder, FILE))

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Write it beside the final model, too."""
        if self.manifest is not None and os.path.isdir(args.output_dir):
            environment.write(self.manifest, os.path.join(args.output_dir, FILE))


def load(checkpoint: str) -> Manifest:
    """The manifest beside a checkpoint. Raises InputError where there is none."""
    return api.load(os.path.join(checkpoint, FILE))
