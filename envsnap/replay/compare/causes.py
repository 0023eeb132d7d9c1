"""Turns what the rungs found into one cause, a fix, and what is not the cause."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from msgspec import Struct

from envsnap.replay.compare.environment import Environment, many
from envsnap.replay.compare.inputs import Found
from envsnap.replay.compare.layers import Judged
from envsnap.replay.compare.model_parts import Setting, Structure, Weights, listed
from envsnap.replay.compare.verdict import Judgement, Latency, Layer, Rung, State

PRODUCTS = ("Linear", "Conv", "LSTM", "GRU", "Attention", "Bilinear", "Transformer")
COARSE = 1e-5, 3e-2  # what products in bfloat16, float16 or TF32 are off by


class Evidence(Struct, frozen=True, kw_only=True):
    """What all rungs found."""

    environment: Environment
    contract: Rung
    inputs: Found
    weights: Weights
    structure: Structure
    judged: Judged
    kernels: Rung | None
    failed: bool
    strict: bool
    latency: Latency | None

    @property
    def bits(self) -> bool:
        """Whether nothing differs in any bit."""
        return not self.inputs.cause and not self.weights.differ and self.judged.bits


class Answer(Struct, frozen=True, kw_only=True):
    """The outcome, its cause and its fix."""

    outcome: Literal["same", "diverged", "undecided"]
    cause: str = ""
    fix: str = ""
    subject: str = ""


def answer(evidence: Evidence) -> Answer:
    """The first rung that answers."""
    if evidence.failed and evidence.inputs.cause:
        return Answer(
            outcome="diverged", subject="inputs", fix=evidence.inputs.fix,
            cause=f"{evidence.inputs.cause}; the model raised an exception",
        )  # fmt: skip
    if evidence.failed:
        return Answer(
            outcome="diverged", cause="the model raised an exception here", subject="failure",
            fix="Run the command by itself and read the traceback.",
        )  # fmt: skip
    if evidence.inputs.cause:
        return Answer(
            outcome="diverged", cause=evidence.inputs.cause, fix=evidence.inputs.fix,
            subject="inputs",
        )  # fmt: skip
    if evidence.weights.differ:
        return _weights(evidence)
    return _arithmetic(evidence)


def _arithmetic(evidence: Evidence) -> Answer:
    """Same inputs, same weights: what the layers and the code between them do."""
    judged = evidence.judged
    parted = judged.first is not None or judged.place or evidence.structure.calls
    if parted and evidence.structure.autocast:
        return Answer(
            outcome="diverged", subject="precision",
            cause=f"autocast differs: {evidence.structure.autocast}",
            fix="Enter torch.autocast in both runs, or in none.",
        )  # fmt: skip
    if judged.first is not None:
        return _layer(evidence, judged.first)
    if judged.place and evidence.structure.opaque:
        return Answer(
            outcome="diverged", subject="opaque",
            cause=f"the result differs by {judged.outputs or 0.0:.1e}, and layers are not seen:"
            f" {'; '.join(evidence.structure.opaque)}",
            fix="Record and compare the model in one form: compiled in both runs, or in none.",
        )  # fmt: skip
    if judged.place:
        return _place(evidence)
    if evidence.structure.calls:
        if evidence.structure.modes:
            return _setting(evidence.structure.modes)
        return Answer(
            outcome="diverged", subject="structure", fix="Run the same code and the same versions.",
            cause=f"other layers are called: {'; '.join(evidence.structure.calls)}",
        )  # fmt: skip
    return _no_fault(evidence)


def _no_fault(evidence: Evidence) -> Answer:
    judged = evidence.judged
    if judged.undecided and judged.outputs != 0:
        return _undecided(evidence)
    if judged.outputs is None:
        return Answer(
            outcome="undecided", cause="the results of the model could not be measured",
            fix="Return tensors from the model.",
        )  # fmt: skip
    if evidence.strict and not evidence.bits:
        return Answer(
            outcome="diverged", subject="bits",
            cause="the bits differ, all within rounding (--strict)",
            fix="Use the same CPU, libraries and number of threads.",
        )  # fmt: skip
    if evidence.latency is not None and _failed_or_slow(evidence.latency):
        return Answer(
            outcome="diverged", subject="latency",
            cause=f"the results are the same, the speed is not: {_speed(evidence.latency)}",
            fix="Compare CPU, threads, kernels and other load; `envsnap diff` on the manifests.",
        )  # fmt: skip
    return Answer(outcome="same")


def _undecided(evidence: Evidence) -> Answer:
    """Layers that may be noise or a fault; a setting that differs in one of them decides."""
    titles = evidence.judged.undecided
    layers = [layer for layer in evidence.judged.layers if layer.judgement == "undecided"]
    for layer in layers:
        if layer.alone and evidence.structure.about(layer.name):
            return _setting(evidence.structure.about(layer.name))
    fix = (
        "Half precision hides differences of this size: compare the models in float32."
        if all(layer.alone and layer.ratio is not None for layer in layers)
        else "Record the golden run with --full and compare with the command, not with its"
        " recording: then each layer is run alone."
    )
    return Answer(
        outcome="undecided", fix=fix,
        cause=f"{len(titles)} layers lie between noise and fault: {listed(titles)}",
    )  # fmt: skip


def _failed_or_slow(found: Latency) -> bool:
    here, there = found.errors
    return found.verdict == "slower" or (there > 0 and here == 0)


def _speed(found: Latency) -> str:
    """Quantiles with their ratios, and errors."""
    parts = [
        f"p{round(item.share * 100)} {item.golden * 1e3:.3g} -> {item.other * 1e3:.3g} ms"
        f" ({item.low:.2f} to {item.high:.2f} times, {item.verdict})"
        for item in found.quantiles
    ]
    here, there = found.errors
    bound = found.error_bounds[1]
    parts.append(f"errors {here} -> {there} of {found.requests[1]} (at most {bound:.1%})")
    return "; ".join(parts)


def _weights(evidence: Evidence) -> Answer:
    found = evidence.weights
    parts = []
    if found.changed:
        parts.append(f"{len(found.changed)} of {found.count} differ: {listed(found.changed)}")
    if found.missing:
        parts.append(f"missing here: {listed(found.missing)}")
    if found.added:
        parts.append(f"only here: {listed(found.added)}")
    clue = f" ({found.clue})" if found.clue else _by_rounding_only(evidence)
    return Answer(
        outcome="diverged",
        cause=f"weights differ{clue}: {'; '.join(parts)}",
        fix="Load the golden run's weights and compare their SHA-256. A model that is initialised"
        " from a seed differs between CPUs: save its weights.",
        subject="weights",
    )


def _by_rounding_only(evidence: Evidence) -> str:
    """What it means if no layer feels the change."""
    layers = evidence.judged.layers
    if layers and all(item.alone and item.judgement in ("equal", "noise") for item in layers):
        return " (by no more than rounding, as one seed gives on two CPUs)"
    return ""


def _layer(evidence: Evidence, first: Layer) -> Answer:
    """Why a layer is not what it was: a setting of it, its mode, or how its kernels compute."""
    settings = evidence.structure.about(first.name)
    return _setting(settings) if settings else _kernels(evidence, first)


def _setting(settings: tuple[Setting, ...]) -> Answer:
    """A setting of a module, or the mode that it is in."""
    others = [item for item in settings if item.setting != "training"]
    if others:
        told = ", ".join(item.text for item in others)
        return Answer(
            outcome="diverged", cause=f"a setting differs: {told}", subject="structure",
            fix=f"Set {_wanted(others[0])}, or record again if this is intended.",
        )  # fmt: skip
    here = settings[0].right == "True"
    word = "training mode here" if here else "evaluation mode here"
    return Answer(
        outcome="diverged", cause=f"the model is in {word}: {settings[0].text}", subject="mode",
        fix=f"Call model.{'eval' if here else 'train'}() before the model is used.",
    )  # fmt: skip


def _wanted(setting: Setting) -> str:
    if setting.setting == "type":
        return f"{listed(setting.modules)} back to {setting.left}"
    return f"{setting.setting}={setting.left} of {setting.type}"


def _kernels(evidence: Evidence, first: Layer) -> Answer:
    """Same weights, same settings: the arithmetic is another."""
    failed = [layer for layer in evidence.judged.layers if layer.judgement == "fault"]
    kinds = Counter(layer.type for layer in failed)
    sizes = [layer.difference for layer in failed if layer.difference is not None]
    products = all(any(word in kind for word in PRODUCTS) for kind in kinds)
    switches = {
        path: told
        for path, told in evidence.environment.changes.items()
        if path.startswith(("determinism.", "env_vars."))
    }
    suspects = ", ".join(f"{path} {told}" for path, told in list(switches.items())[:4])
    listed_kinds = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(4))
    if products and sizes and COARSE[0] <= max(sizes) <= COARSE[1]:
        return Answer(
            outcome="diverged", subject="precision",
            cause=f"matrix products are computed in a lower precision ({listed_kinds})"
            + (f"; what differs: {suspects}" if suspects else "") + _other_kernels(evidence),
            fix="Look for autocast, torch.set_float32_matmul_precision, allow_tf32 and"
            " ONEDNN_DEFAULT_FPMATH_MODE, and set them as in the golden run.",
        )  # fmt: skip
    return Answer(
        outcome="diverged", subject="layer",
        cause=f"{first.title} ({first.type}) computes something else with equal weights and"
        f" settings ({listed_kinds})" + (f"; what differs: {suspects}" if suspects else "")
        + _other_kernels(evidence),
        fix="Compare the code of this layer and the version of the library that it is from.",
    )  # fmt: skip


def _place(evidence: Evidence) -> Answer:
    """Every layer is right by itself, and yet the run parts: code outside of modules."""
    if evidence.judged.random:
        return Answer(
            outcome="undecided", subject="mode",
            cause=f"random layers are active in both runs: {listed(evidence.judged.random)}",
            fix="Call model.eval(), or set the same seed right before the model is called.",
        )  # fmt: skip
    settings = evidence.structure.modes or evidence.structure.about(evidence.judged.inside)
    if settings:
        return _setting(settings)
    return Answer(
        outcome="diverged", subject="code",
        cause=f"code outside of layers computes something else: {evidence.judged.place}"
        + _other_kernels(evidence),
        fix="Compare this forward: masks, attention, reshaping, additions.",
    )  # fmt: skip


def _other_kernels(evidence: Evidence) -> str:
    """The kernels that differ, where they were recorded."""
    found = evidence.kernels
    return f"; kernels: {found.summary}" if found is not None and found.state == "differs" else ""


def rungs(evidence: Evidence) -> tuple[Rung, ...]:
    """Every step, in order."""
    return (
        evidence.environment.rung,
        evidence.contract,
        _inputs_rung(evidence.inputs),
        _weights_rung(evidence.weights),
        _structure_rung(evidence),
        _layers_rung(evidence),
        *((evidence.kernels,) if evidence.kernels is not None else ()),
        _outputs_rung(evidence),
        *_latency_rung(evidence.latency),
    )


def _latency_rung(found: Latency | None) -> tuple[Rung, ...]:
    if found is None:
        return ()
    states: dict[str, State] = {"slower": "diverged", "not slower": "same"}
    state = "diverged" if _failed_or_slow(found) else states.get(found.verdict, "undecided")
    return (
        Rung(
            name="latency",
            state=state,
            summary=found.verdict,
            details=tuple(_speed(found).split("; ")),
        ),
    )


def _inputs_rung(found: Found) -> Rung:
    if not found.cause:
        return Rung(
            name="inputs", state="same", summary=f"identical, {many(found.count, 'tensor')}"
        )
    return Rung(name="inputs", state="diverged", summary=found.cause, details=found.details)


def _weights_rung(found: Weights) -> Rung:
    if found.differ:
        parts = len(found.changed), len(found.missing), len(found.added)
        summary = "{} of {} changed, {} missing, {} added".format(parts[0], found.count, *parts[1:])
        changed = tuple(found.changed[:20])
        return Rung(name="weights", state="diverged", summary=summary, details=changed)
    if found.unread:
        return Rung(
            name="weights", state="unknown", summary=f"{len(found.unread)} could not be read"
        )
    return Rung(name="weights", state="same", summary=f"identical, {many(found.count, 'tensor')}")


def _structure_rung(evidence: Evidence) -> Rung:
    found = evidence.structure
    autocast = [f"autocast {found.autocast}"] if found.autocast else []
    details = (*(item.text for item in found.settings), *found.calls, *autocast, *found.opaque)
    if not details:
        return Rung(name="structure", state="same", summary="identical")
    return Rung(
        name="structure",
        state="differs",
        summary=many(len(details), "difference"),
        details=details[:20],
    )


def _layers_rung(evidence: Evidence) -> Rung:
    judged = evidence.judged
    counts = Counter(layer.judgement for layer in judged.layers)
    words: dict[Judgement, str] = {
        "equal": "bit-equal",
        "noise": "within rounding",
        "fault": "at fault",
        "undecided": "undecided",
        "follows": "follow from above",
        "unjudged": "not judged",
    }
    told = ", ".join(f"{counts[key]} {word}" for key, word in words.items() if counts[key])
    if judged.first is not None:
        title = f"first divergence {judged.first.title} ({judged.first.type}); {told}"
        return Rung(name="layers", state="diverged", summary=title)
    if judged.place:
        return Rung(
            name="layers", state="diverged", summary=f"the run parts {judged.place}; {told}"
        )
    if judged.undecided:
        return Rung(name="layers", state="undecided", summary=told)
    return Rung(name="layers", state="same" if judged.bits else "noise", summary=told or "none")


def _outputs_rung(evidence: Evidence) -> Rung:
    judged = evidence.judged
    if evidence.failed:
        return Rung(name="outputs", state="diverged", summary="none: the model raised an exception")
    if judged.outputs is None:
        return Rung(name="outputs", state="unknown", summary="could not be measured")
    if judged.outputs == 0:
        return Rung(name="outputs", state="same", summary="identical")
    state: Literal["diverged", "noise"] = (
        "diverged" if judged.first is not None or judged.place or evidence.inputs.cause else "noise"
    )
    return Rung(name="outputs", state=state, summary=f"differ by {judged.outputs:.1e}")


def ruled_out(evidence: Evidence, found: Answer) -> tuple[str, ...]:
    """What a reader would suspect next, and the evidence against it."""
    if found.outcome == "same":
        return ()
    lines = []
    libraries = [path for path in evidence.environment.changes if path.startswith("packages.")]
    if not evidence.inputs.cause:
        names = ", ".join(path.split(".")[1] for path in libraries if "torch" not in path)
        lines.append(
            f"preprocessing{f' ({names})' if names else ''}: the model's inputs are identical"
        )
    if not evidence.weights.differ:
        lines.append(f"weights: {many(evidence.weights.count, 'tensor')} identical")
    judged = [layer for layer in evidence.judged.layers if layer.alone]
    good = [layer for layer in judged if layer.judgement in ("equal", "noise")]
    worst = max((layer.ratio or 0.0 for layer in good), default=0.0)
    if good and found.subject not in ("precision", "bits"):
        lines.append(
            f"CPU kernels: {many(len(good), 'layer')} run alone within"
            f" {worst:.1f}x their rounding error (limit {max(item.limit for item in good):g}x)"
        )
    return tuple(lines)
