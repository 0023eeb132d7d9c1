"""W&B's `wandb-metadata.json`: Python, the platform, GPUs, the commit of a run."""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET

from envsnap.intake.formats import machine, privacy, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.model.compute import Cuda, Gpu
from envsnap.model.host import Git, System

MARKS = {
    "os",
    "python",
    "startedAt",
    "heartbeatAt",
    "program",
    "host",
    "cpu_count",
    "gpu",
    "executable",
    "codePath",
}


def recognise(source: Source) -> bool:
    """The keys that W&B writes for every run."""
    tree = source.json
    return isinstance(tree, dict) and {"python", "os"} <= set(tree) and len(MARKS & set(tree)) > 4


def read(source: Source) -> Draft:
    """The facts of the run's host."""
    draft = Draft("the metadata of a W&B run", "stated")
    add(draft, source.json)
    return draft


def add(draft: Draft, tree: dict[str, Any]) -> None:
    """Add what the metadata say."""
    machine.platform(draft, str(tree["os"]))
    machine.python(draft, str(tree["python"]).removeprefix("CPython "))
    draft.add(System(complete=False, cpus=trees.whole(tree.get("cpu_count_logical"))))
    memory = trees.whole(trees.text(tree, "memory", "total"))  # older versions: GiB, rounded
    if isinstance(memory, int) and memory >= 1 << 24:
        draft.add(System(complete=False, memory_total=memory))
    cuda = tree.get("cudaVersion")
    if isinstance(cuda, str) and re.fullmatch(r"\d{1,2}\.\d{1,2}", cuda):
        draft.add(Cuda(complete=False, driver=cuda))
    commit, remote = trees.text(tree, "git", "commit"), trees.text(tree, "git", "remote")
    if isinstance(commit, str) or isinstance(remote, str):
        url = privacy.clean_url(remote) if isinstance(remote, str) else UNSET
        known = commit if isinstance(commit, str) else UNSET
        draft.add(Git(complete=False, commit=known, remote=url))
    if tree.get("args"):
        draft.leave("arguments of the command", beside=True)
    _gpus(draft, tree)


def _gpus(draft: Draft, tree: dict[str, Any]) -> None:
    devices = [*trees.records(tree, "gpu_nvidia"), *trees.records(tree, "gpu_devices")]
    count = trees.whole(tree.get("gpu_count"))
    name = trees.text(tree, "gpu")
    for index, device in enumerate(devices):
        model = trees.text(device, "name")
        memory = device.get("memoryTotal", device.get("memory_total"))
        if isinstance(model, str):
            machine.gpu_name(draft, index, model)
        draft.gpu(index, Gpu(memory_total=trees.whole(memory)))
    if not devices and isinstance(name, str):
        machine.gpu_name(draft, 0, name.removeprefix("[").removesuffix("]").strip("'\""))
        for index in range(1, count if isinstance(count, int) else 1):
            draft.gpu(index)
            draft.gap("gpus", (str(index), "name"), "not stated: the first device alone is named")
    if isinstance(count, int) and count == len(draft.entries("gpus")) and count:
        draft.complete("gpus", names_only=True)
