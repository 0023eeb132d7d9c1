"""transformers and Lightning: a real training writes its manifest beside each checkpoint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envsnap import api
from tests import examples
from tests.hooks.conftest import Program, require

pytestmark = pytest.mark.torch
TRAINER = """
import sys, torch
from transformers import Trainer, TrainingArguments
from envsnap.hooks.transformers import EnvironmentCallback, load

class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)
    def forward(self, x, labels=None):
        out = self.layer(x)
        return {"loss": ((out - labels) ** 2).mean(), "logits": out}

data = [{"x": torch.randn(2), "labels": torch.randn(1)} for _ in range(8)]
arguments = TrainingArguments("out", max_steps=4, save_steps=2, report_to=[], use_cpu=True,
                              per_device_train_batch_size=2, disable_tqdm=True)
callback = EnvironmentCallback(*sys.argv[1:])
Trainer(Model(), arguments, train_dataset=data, callbacks=[callback]).train()
print(load("out/checkpoint-2").fingerprint)
"""
LIGHTNING = """
import sys, torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from envsnap.hooks.lightning import EnvironmentCallback, load

class Model(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)
    def training_step(self, batch, index):
        loss = self.layer(batch).square().mean()
        self.log("loss", loss)
        return loss
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

data = torch.utils.data.DataLoader(torch.randn(8, 2), batch_size=2)
kept = ModelCheckpoint("out", save_top_k=1, monitor="loss", filename="{epoch}")
trainer = Trainer(max_epochs=3, accelerator="cpu", callbacks=[kept, EnvironmentCallback(*sys.argv[1:])],
                  logger=False, enable_progress_bar=False, enable_model_summary=False)
trainer.fit(Model(), data)
trainer.save_checkpoint("out/last.ckpt")
manifest = load("out/last.ckpt")
assert torch.load("out/last.ckpt", weights_only=False)["envsnap_fingerprint"] == manifest.fingerprint
trainer.fit(Model(), data, ckpt_path="out/last.ckpt", weights_only=False)
print(manifest.fingerprint)
"""


def reference(folder: Path) -> str:
    path = folder / "reference.json"
    api.save(examples.manifest({"python": {"version": "3.8.10"}}, partial=("python",)), str(path))
    return str(path)


def test_each_checkpoint_of_a_trainer_has_its_manifest(program: Program, tmp_path: Path) -> None:
    require("torch", "transformers", "accelerate")
    done = program(TRAINER, reference(tmp_path))
    fingerprint = done.stdout.splitlines()[-1]
    for folder in ("out/checkpoint-2", "out/checkpoint-4", "out"):
        manifest = api.load(str(tmp_path / folder / "envsnap.json"))
        assert manifest.fingerprint == fingerprint
    assert "torch" in manifest.sections.frameworks.entries
    assert "envsnap: warning: Python 3.8.10 -> 3." in done.stderr


def test_each_checkpoint_of_lightning_has_its_manifest(program: Program, tmp_path: Path) -> None:
    require("torch", "lightning")
    done = program(LIGHTNING, reference(tmp_path))
    fingerprint = done.stdout.splitlines()[-1]
    files = {path.name for path in (tmp_path / "out").iterdir()}
    checkpoints = {name for name in files if name.endswith(".ckpt")}
    assert len(checkpoints) >= 2
    # One for each that is left; those of removed checkpoints went with them.
    assert files - checkpoints == {f"{name}.envsnap.json" for name in checkpoints}
    assert api.load(str(tmp_path / "out" / "last.ckpt.envsnap.json")).fingerprint == fingerprint
    assert "envsnap: warning: Python 3.8.10 -> 3." in done.stderr


def test_a_training_does_not_end_because_of_this(program: Program, tmp_path: Path) -> None:
    require("torch", "transformers", "accelerate")
    done = program(TRAINER.replace("print(load", "#"), "none.json",
                   env={"ENVSNAP_MANIFESTS": "/proc/none"})  # fmt: skip
    assert "envsnap: the manifest is not kept" in done.stderr
    assert (tmp_path / "out" / "checkpoint-4" / "envsnap.json").exists()  # what could be done, is
    assert json.loads((tmp_path / "out/checkpoint-4/trainer_state.json").read_text())
