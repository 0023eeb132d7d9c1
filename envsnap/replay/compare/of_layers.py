"""Why a layer is not what it was: a setting, the mode, the configuration, or its kernels."""

from __future__ import annotations

import re
from collections import Counter

from envsnap.replay.compare import code_facts
from envsnap.replay.compare.evidence import Answer, Evidence
from envsnap.replay.compare.model_parts import Setting, listed
from envsnap.replay.compare.verdict import Layer

PRODUCTS = ("Linear", "Conv", "LSTM", "GRU", "Attention", "Bilinear", "Transformer")
MOST_SETTINGS = 4
DERIVED = re.compile(
    r"head_(?:dim|size)$|_head_size$|_relu_or_gelu$"
)  # worked out of others: nobody sets them
COARSE = 1e-5, 3e-2  # what products in bfloat16, float16 or TF32 are off by


def layer(evidence: Evidence, first: Layer) -> Answer:
    """Why a layer is not what it was: a setting of it, its mode, or how its kernels compute."""
    settings = evidence.structure.about(first.name)
    if _is_graph(first):  # it stands for all modules that were compiled into it
        settings = evidence.structure.settings
    if settings:
        return setting(settings)
    if evidence.facts.of("config") and not _is_product(first):
        return config(evidence, f"{first.title} ({first.type}) is the first layer that it affects")
    return _kernels(evidence, first)


def _is_graph(layer: Layer) -> bool:
    """Whether what ran is the whole model, or a graph that was made of it."""
    return not layer.name or layer.name.startswith("(")


def _is_product(layer: Layer) -> bool:
    return any(word in layer.type for word in PRODUCTS)


def config(evidence: Evidence, where: str) -> Answer:
    """The model was configured otherwise, and nothing else differs."""
    facts = evidence.facts.of("config")
    return Answer(
        outcome="diverged", subject="config", fix=facts[0].fix,
        cause=f"{'; '.join(fact.text for fact in facts)}: {where}",
    )  # fmt: skip


def setting(settings: tuple[Setting, ...]) -> Answer:
    """A setting of a module, or the mode that it is in."""
    others = [item for item in settings if item.setting != "training"]
    others.sort(key=lambda item: DERIVED.search(item.setting) is not None)
    if others and all(item.setting == "type" and item.modules == ("",) for item in others):
        told = ", ".join(f"{item.left} -> {item.right}" for item in others[:MOST_SETTINGS])
        return Answer(
            outcome="diverged", cause=f"the model is of another class: {told}", subject="structure",
            fix="Compare the code of the two classes, or record again if this is intended.",
        )  # fmt: skip
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
    what_differs = _switches(evidence) + other_kernels(evidence)
    # What ran is the script's own code, or was read from a file: these say more than the kernels.
    is_own = _is_graph(first) or not _is_of_torch(evidence, first)
    read = evidence.facts.of("weights", "file")[:1] if _is_graph(first) else ()
    lines = code_facts.joined(
        fact for fact in evidence.facts.of("code") if fact.model == first.type
    )
    lines = lines or evidence.facts.code(of_model=True)[:2]
    told = evidence.facts.of("setting")[:2]  # what the run was told, a layer of its own may ask for
    acting = (*read, *((*told, *lines) if is_own else ()))
    what_differs += "".join(f"; {fact.text}" for fact in acting)
    if _is_coarse(failed) and not acting:
        return Answer(
            outcome="diverged", subject="precision",
            cause=f"matrix products are computed in a lower precision "
            f"({listed_kinds}){what_differs}",
            fix="Look for autocast, torch.set_float32_matmul_precision, allow_tf32 and"
            " ONEDNN_DEFAULT_FPMATH_MODE, and set them as in the golden run.",
        )  # fmt: skip
    return Answer(
        outcome="diverged", subject="layer",
        cause=f"{_called(first)} computes something else{_equal(first)} ({listed_kinds}){what_differs}",
        fix=acting[0].fix
        if acting
        else "Compare the code of this layer and the version of the library that it is from.",
    )  # fmt: skip


def _equal(layer: Layer) -> str:
    """That a layer has the golden one's weights; of one that came after the first call nobody knows."""
    is_known = not layer.title.startswith("(")
    return " with equal weights and settings" if is_known else ""


def _called(layer: Layer) -> str:
    """A layer by its name and type; one that no module of the model is, by its type alone."""
    kind = f"({layer.type})"
    return layer.title if layer.title.endswith(kind) else f"{layer.title} {kind}"


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


def other_kernels(evidence: Evidence) -> str:
    """The kernels that differ, where they were recorded."""
    found = evidence.kernels
    return f"; kernels: {found.summary}" if found is not None and found.state == "differs" else ""
