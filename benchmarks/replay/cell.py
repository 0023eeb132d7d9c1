"""One model on one emulated CPU: records the golden run, or compares noise and every fault with it."""

from __future__ import annotations

import json
import os
import sys
import tempfile

import torch

from benchmarks.replay import faults, models
from envsnap.replay.compare import ladder
from envsnap.replay.esr import archive
from envsnap.replay.recorder.program import Recording

# What moves the result by less is another kernel, not a fault.
ROUNDING = 5e-7
NAMES = {"inputs differ": "inputs", "weights differ": "weights", "a setting differs": "structure"}


def narrowed(model: torch.nn.Module, fault: faults.Fault) -> None:
    """Run in the half precision that BENCHMARK_DTYPE names, weights and input; a fault comes first."""
    name = os.environ.get("BENCHMARK_DTYPE")
    if name:
        dtype = getattr(torch, name)
        model.to(dtype)
        if fault.given.is_floating_point():
            fault.given = fault.given.to(dtype)


def record(path: str, model: torch.nn.Module, fault: faults.Fault, task: dict | None) -> None:
    recording = Recording(path, lambda: None, task=task)
    with recording, torch.no_grad(), fault.around():
        model(fault.given)


def plain_run(model: torch.nn.Module, fault: faults.Fault) -> torch.Tensor:
    torch.manual_seed(1)
    with torch.no_grad(), fault.around():
        return model(fault.given).float()


def subject(verdict: object) -> str:
    """Which of the answers a cause is."""
    cause = verdict.cause
    for start, name in NAMES.items():
        if cause.startswith(start):
            return name
    for word, name in (
        ("mode here", "mode"),
        ("lower precision", "precision"),
        ("autocast differs", "precision"),
        ("code outside", "code"),
        ("computes something else", "layer"),
    ):
        if word in cause:
            return name
    return verdict.outcome


def compare(name: str, golden: archive.Recording, label: str) -> dict[str, object] | None:
    model, given = models.build(name)
    fault = faults.Fault(given)
    narrowed(model, fault)
    usual = plain_run(model, fault)
    model, given = models.build(name)
    make = faults.FAULTS[label][0] if label else None
    fault = make(name, model, given) if make else faults.Fault(given)
    if fault is None:
        return None
    narrowed(model, fault)
    try:
        moved = plain_run(model, fault)
    except RuntimeError as error:  # this CPU has no kernel for it
        return {"model": name, "fault": label, "cannot": str(error)}
    effective = moved.shape != usual.shape or bool((moved - usual).norm() > ROUNDING * usual.norm())
    model, given = models.build(name)
    fault = make(name, model, given) if make else faults.Fault(given)
    narrowed(model, fault)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "other.esr")
        torch.manual_seed(1)
        record(path, model, fault, archive.as_task(golden, golden.name))
        verdict = ladder.compare(golden, archive.read(path))
    alone = [layer for layer in verdict.layers if layer.alone]
    return {
        "model": name,
        "fault": label,
        "effective": effective,
        "outcome": verdict.outcome,
        "bits": verdict.bits,
        "cause": verdict.cause,
        "subject": subject(verdict),
        "first": verdict.first.name if verdict.first else None,
        "expected": fault.layer,
        "ratio": max((layer.ratio or 0 for layer in alone), default=0),
        "faulty": sum(layer.judgement == "fault" for layer in verdict.layers),
        "layers": len(verdict.layers),
    }


def main() -> None:
    """`cell record MODEL FILE` or `cell compare MODEL FILE`; MKLDNN=0 switches oneDNN off."""
    if os.environ.get("BENCHMARK_MKLDNN") == "0":
        torch.backends.mkldnn.enabled = False
    job, name, path = sys.argv[1:]
    if job == "record":
        model, given = models.build(name)
        fault = faults.Fault(given)
        narrowed(model, fault)
        record(path, model, fault, None)
        return
    golden = archive.read(path)
    for label in ("", *faults.FAULTS):
        told = compare(name, golden, label)
        if told is not None:
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
