"""Turns what the rungs found into one cause, a fix, and what is not the cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from envsnap.replay.compare import equivalence, latency, raised, view
from envsnap.replay.compare.evidence import Answer, Evidence
from envsnap.replay.compare.facts import ANYWHERE, Fact
from envsnap.replay.compare.model_parts import Setting, listed
from envsnap.replay.compare.verdict import Also, Layer
from envsnap.wording import counted

PRODUCTS = ("Linear", "Conv", "LSTM", "GRU", "Attention", "Bilinear", "Transformer")
MOST_SETTINGS = 4
COARSE = 1e-5, 3e-2  # what products in bfloat16, float16 or TF32 are off by


def answer(evidence: Evidence) -> Answer:
    """The first cause that the evidence shows; what else is wrong is told with it."""
    if evidence.failed:
        return raised.of_model(evidence.other, evidence.inputs)
    if evidence.golden.call.raised is not None and evidence.other.call.raised is None:
        told = evidence.golden.call.raised
        return Answer(
            outcome="diverged", subject="failure",
            cause=f"the model raised {told.type} in the golden run and does not here",
            fix="Record the golden run again: its model failed.",
        )  # fmt: skip
    same = equivalence.told(evidence) or equivalence.by_the_cpu(evidence)
    if same and not evidence.strict:
        return Answer(outcome="equivalent", cause=same, subject="structure")
    found = list(_causes(evidence))
    if not found:
        return _no_fault(evidence)
    also = tuple(Also(cause=item.cause, fix=item.fix) for item in found[1:])
    return msgspec.structs.replace(found[0], also=also)


def _causes(evidence: Evidence) -> Iterator[Answer]:
    """What is wrong, the nearest to the beginning of the run first."""
    weights, given = evidence.weights, evidence.inputs
    state = _state(evidence)
    if state is not None:
        yield state
        return
    if weights.dtype:
        yield _dtype(evidence)
    if given.cause and not (weights.dtype and given.dtypes):
        yield _inputs(evidence)
    found = _inside(evidence)
    if found is not None:
        yield found


def _inside(evidence: Evidence) -> Answer | None:
    """What is wrong in the model itself, beside its dtype: its weights, its settings, its code."""
    weights, first = evidence.weights, evidence.judged.first
    set_otherwise = evidence.structure.about(first.name) if first is not None else ()
    if weights.differ and set_otherwise and not (weights.changed or weights.missing):
        return _setting(set_otherwise)
    if weights.dtype:
        return None
    if weights.differ:
        return _weights(evidence)
    felt = evidence.structure.felt(evidence.judged.layers)
    found = _arithmetic(evidence)
    if found is None and felt and not evidence.inputs.cause:
        return _setting(felt)
    return found


def _state(evidence: Evidence) -> Answer | None:
    """A model whose weights are no longer what they were at its first call."""
    if not evidence.other.call.nth or evidence.inputs.cause:
        return None
    changed = view.rewritten(evidence.golden, evidence.other)
    if changed and not evidence.judged.agree:
        return Answer(
            outcome="diverged", subject="weights",
            cause=f"weights were changed while the run went on: {listed(changed)}",
            fix="Look for what writes to the model's weights between its calls.",
        )  # fmt: skip
    return None


def _dtype(evidence: Evidence) -> Answer:
    one, _, two = evidence.weights.dtype.partition(" -> ")
    count = len(evidence.weights.changed)
    return Answer(
        outcome="diverged", subject="dtype",
        cause=f"the model is in {two} here, in {one} in the golden run "
        f"({counted(count, 'parameter')})",
        fix=f"Load the model in {one} (dtype=torch.{one}), or record again if {two} is intended.",
    )  # fmt: skip


def _inputs(evidence: Evidence) -> Answer:
    """Another input, and what around the models can have made it another."""
    given = evidence.inputs
    acting = evidence.facts.acting("inputs")
    if "random numbers" not in given.cause:
        acting = tuple(fact for fact in acting if fact.kind != "seed")
    if all(fact.kind in ANYWHERE for fact in acting):
        acting = (*acting[:2], *evidence.facts.code(before=evidence.other.call.caller)[:2])
    told = "; ".join(fact.text for fact in acting[:3])
    return Answer(
        outcome="diverged", subject="inputs",
        cause=given.cause + (f"; {told}" if told else ""),
        fix=acting[0].fix if acting and acting[0].kind != "code" else given.fix,
    )  # fmt: skip


def _arithmetic(evidence: Evidence) -> Answer | None:
    """Same inputs, same weights: what the layers and the code between them do; None: no fault."""
    judged = evidence.judged
    parted = judged.first is not None or judged.place or evidence.structure.calls
    if parted and evidence.structure.autocast:
        return Answer(
            outcome="diverged", subject="precision",
            cause=f"autocast differs: {evidence.structure.autocast}",
            fix="Enter torch.autocast in both runs, or in none.",
        )  # fmt: skip
    if evidence.inputs.cause and (judged.first is None or not judged.first.alone):
        return None  # what follows from another input says nothing
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
    if evidence.structure.calls and not judged.agree:
        return _calls(evidence)
    return None


def _calls(evidence: Evidence) -> Answer:
    if evidence.structure.modes:
        return _setting(evidence.structure.modes)
    return Answer(
        outcome="diverged", subject="structure", fix="Run the same code and the same versions.",
        cause=f"other layers are called: {'; '.join(evidence.structure.calls)}",
    )  # fmt: skip


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
    if evidence.strict and equivalence.told(evidence):
        return Answer(
            outcome="diverged", subject="structure",
            cause=f"{equivalence.told(evidence)} (--strict)",
            fix="Build the model as in the golden run.",
        )  # fmt: skip
    if evidence.latency is not None and latency.failed_or_slow(evidence.latency):
        return Answer(
            outcome="diverged", subject="latency",
            cause=f"the results are the same, the speed is not: {latency.speed(evidence.latency)}",
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


def _weights(evidence: Evidence) -> Answer:
    found, structure = evidence.weights, evidence.structure
    if evidence.golden.root.type != evidence.other.root.type:
        return _other_model(evidence)
    replaced = [item for item in structure.types if _holds(item, (*found.missing, *found.added))]
    if replaced and not found.changed:
        return _setting(tuple(replaced))
    parts = []
    if found.changed:
        parts.append(f"{len(found.changed)} of {found.count} differ: {listed(found.changed)}")
    if found.missing:
        parts.append(f"missing here: {listed(found.missing)}")
    if found.added:
        parts.append(f"only here: {listed(found.added)}")
    clue = f" ({found.clue})" if found.clue else _by_rounding_only(evidence)
    facts, why = _of_weights(evidence)
    told = "".join(f"; {fact.text}" for fact in (*evidence.facts.of("config"), *facts))
    return Answer(
        outcome="diverged",
        cause=f"weights differ{clue}: {'; '.join(parts)}{told}",
        fix=why
        or "Load the golden run's weights and compare their SHA-256. A model that is initialised"
        " from a seed differs between CPUs: save its weights.",
        subject="weights",
    )


def _of_weights(evidence: Evidence) -> tuple[tuple[Fact, ...], str]:
    """What may have given other weights, and what to do where it is not the file that holds them."""
    facts = evidence.facts
    files, settings = facts.of("weights")[:2], facts.of("setting")[:2]
    if files:
        return (*files, *settings), ""
    lines = facts.code(before=evidence.other.call.caller)[:2]
    if settings:
        return (*settings, *lines), f"{settings[0].fix} The files of weights are the same."
    fix = "Compare what builds and loads the model at this line." if lines else ""
    return lines, fix


def _other_model(evidence: Evidence) -> Answer:
    """A model of another type, whose result is another."""
    here, there = evidence.golden.root, evidence.other.root
    known = {(item.shape, item.crc32) for item in here.parameters.values()}
    same = sum((item.shape, item.crc32) in known for item in there.parameters.values())
    return Answer(
        outcome="diverged", subject="structure",
        cause=f"another model is called: {here.type} -> {there.type} ({same} of"
        f" {len(there.parameters)} weights here are the golden ones)",
        fix=f"Build and load {here.type}, as the golden run does.",
    )  # fmt: skip


def _holds(setting: Setting, names: tuple[str, ...]) -> bool:
    """Whether weights lie below modules that are of another type."""
    return any(name.startswith(f"{module}.") for module in setting.modules for name in names)


def _by_rounding_only(evidence: Evidence) -> str:
    """What it means if no layer feels the change."""
    layers, found = evidence.judged.layers, evidence.weights
    alike = not (found.missing or found.added)
    if (
        alike
        and layers
        and all(item.alone and item.judgement in ("equal", "noise") for item in layers)
    ):
        return " (by no more than rounding, as one seed gives on two CPUs)"
    return ""


def _layer(evidence: Evidence, first: Layer) -> Answer:
    """Why a layer is not what it was: a setting of it, its mode, or how its kernels compute."""
    settings = evidence.structure.about(first.name)
    if _is_graph(first):  # it stands for all modules that were compiled into it
        settings = evidence.structure.settings
    if settings:
        return _setting(settings)
    config = evidence.facts.of("config")
    if config and not _is_product(first):
        return _config(evidence, f"{first.title} ({first.type}) is the first layer that it affects")
    return _kernels(evidence, first)


def _is_graph(layer: Layer) -> bool:
    """Whether what ran is the whole model, or a graph that was made of it."""
    return not layer.name or layer.name.startswith("(")


def _is_product(layer: Layer) -> bool:
    return any(word in layer.type for word in PRODUCTS)


def _config(evidence: Evidence, where: str) -> Answer:
    """The model was configured otherwise, and nothing else differs."""
    config = evidence.facts.of("config")
    return Answer(
        outcome="diverged", subject="config", fix=config[0].fix,
        cause=f"{'; '.join(fact.text for fact in config)}: {where}",
    )  # fmt: skip


def _setting(settings: tuple[Setting, ...]) -> Answer:
    """A setting of a module, or the mode that it is in."""
    others = [item for item in settings if item.setting != "training"]
    if others:
        told = ", ".join(item.text for item in others[:MOST_SETTINGS])
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
    listed_kinds = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(4))
    what_differs = _switches(evidence) + _other_kernels(evidence)
    if _is_graph(first) or not _is_of_torch(evidence, first):
        what_differs += "".join(f"; {fact.text}" for fact in evidence.facts.code()[:2])
    if _is_coarse(failed):
        return Answer(
            outcome="diverged", subject="precision",
            cause=f"matrix products are computed in a lower precision "
            f"({listed_kinds}){what_differs}",
            fix="Look for autocast, torch.set_float32_matmul_precision, allow_tf32 and"
            " ONEDNN_DEFAULT_FPMATH_MODE, and set them as in the golden run.",
        )  # fmt: skip
    return Answer(
        outcome="diverged", subject="layer",
        cause=f"{first.title} ({first.type}) computes something else with equal weights and"
        f" settings ({listed_kinds}){what_differs}",
        fix="Compare the code of this layer and the version of the library that it is from.",
    )  # fmt: skip


def _is_of_torch(evidence: Evidence, layer: Layer) -> bool:
    """Whether a layer's code is torch's own, and not the script's or a library's."""
    module = evidence.golden.root.modules.get(layer.name)
    return module is None or module.module.partition(".")[0] == "torch"


def _is_coarse(failed: list[Layer]) -> bool:
    """Whether nothing but products is at fault, by what a shorter format rounds off."""
    sizes = [layer.difference for layer in failed if layer.difference is not None]
    return bool(sizes) and COARSE[0] <= max(sizes) <= COARSE[1] and all(map(_is_product, failed))


def _switches(evidence: Evidence) -> str:
    """The switches of arithmetic that differ; empty: none."""
    told = [
        f"{path} {how}"
        for path, how in evidence.environment.changes.items()
        if path.startswith(("determinism.", "env_vars."))
    ]
    return f"; what differs: {', '.join(told[:4])}" if told else ""


def _place(evidence: Evidence) -> Answer:
    """Every layer is right by itself, and yet the run parts: code outside of modules."""
    if evidence.judged.random:
        if set_otherwise := _of_random_layers(evidence):
            return _setting(set_otherwise)
        return Answer(
            outcome="undecided", subject="mode",
            cause=f"random layers are active in both runs: {listed(evidence.judged.random)}",
            fix="Call model.eval(), or set the same seed right before the model is called.",
        )  # fmt: skip
    settings = evidence.structure.modes or evidence.structure.about(evidence.judged.inside)
    if settings:
        return _setting(settings)
    objects = view.objects_apart(evidence.golden, evidence.other)
    if objects:  # what is in them is not seen, and the code between the layers is what uses them
        return Answer(
            outcome="diverged", subject="inputs",
            cause=f"inputs differ: {objects}: the runs diverge {evidence.judged.place}",
            fix="Call the model with the golden run's arguments.",
        )  # fmt: skip
    if evidence.facts.of("config"):
        return _config(evidence, f"the runs diverge {evidence.judged.place}")
    lines = "".join(f"; {fact.text}" for fact in evidence.facts.code()[:2])
    return Answer(
        outcome="diverged", subject="code",
        cause=f"code outside of layers computes something else: {evidence.judged.place}"
        + _other_kernels(evidence) + lines,
        fix="Compare this forward: masks, attention, reshaping, additions.",
    )  # fmt: skip


def _of_random_layers(evidence: Evidence) -> tuple[Setting, ...]:
    """What differs in layers that draw random numbers: with one seed, nothing else moves them."""
    random = [layer.name for layer in evidence.judged.layers if layer.why.startswith("random")]
    found = [item for name in random for item in evidence.structure.about(name)]
    return tuple(item for item in found if item.setting != "training")


def _other_kernels(evidence: Evidence) -> str:
    """The kernels that differ, where they were recorded."""
    found = evidence.kernels
    return f"; kernels: {found.summary}" if found is not None and found.state == "differs" else ""
