"""Says when two models are built otherwise and compute the same."""

from __future__ import annotations

from envsnap.replay.compare.evidence import Evidence
from envsnap.replay.compare.model_parts import listed

# What says that a run had another CPU, or other kernels of it.
CPU = frozenset(
    (
        *("system.cpu", "system.cpu_vendor", "system.cpu_family", "system.cpu_model"),
        *("system.cpu_stepping", "system.cpu_flags", "system.cpu_level"),
        *("env_vars.ATEN_CPU_CAPABILITY", "frameworks.torch.cpu_capability"),
    )
)


def told(evidence: Evidence) -> str:
    """What differs in structure, where results agree within rounding; empty: not equivalent.

    Weights of one name that hold other values are no structure: another input might tell them
    apart. They are only where the model around them is built otherwise, as with fused layers.
    """
    judged, structure, given = evidence.judged, evidence.structure, evidence.inputs
    if not judged.agree or (given.cause and not (given.whole or _left_to_default(evidence))):
        return ""
    built = bool(structure.types or structure.gone or structure.come or structure.calls)
    if _other_weights(evidence, built=built):
        return ""
    if structure.felt(judged.layers) and not structure.types:
        return ""
    apart = judged.first is not None or bool(judged.place)
    if apart and not (built or structure.opaque):
        return ""
    return "; ".join(_differences(evidence))


def _left_to_default(evidence: Evidence) -> bool:
    """Whether a run leaves out an argument and the model takes the other run's value by itself.

    That shows in its layers: all of them were given the same, or give the same bits for either.
    """
    return evidence.inputs.optional and all(
        layer.judgement in ("equal", "noise")
        or (layer.judgement == "follows" and layer.difference == 0)
        for layer in evidence.judged.layers
    )


def by_the_cpu(evidence: Evidence) -> str:
    """Why pictures are rounded otherwise, where another CPU does it and the model is the same.

    Libraries resize with other kernels on another CPU, and 8 bits hide all but one level. The same
    may come of another library or code: then nothing is said here. Empty: not so.
    """
    layers = evidence.judged.layers
    alone = [layer for layer in layers if layer.alone]
    cpu = [f"{path} {how}" for path, how in evidence.environment.changes.items() if path in CPU]
    told = evidence.inputs.rounded and bool(cpu and alone)
    other_weights = evidence.weights.differ and not _one_seed(evidence)
    acting = evidence.structure.calls or evidence.facts.acting("inputs")
    if not told or other_weights or acting or _other_libraries(evidence):
        return ""
    if any(layer.judgement not in ("equal", "noise") for layer in alone):
        return ""
    return f"{evidence.inputs.cause}; another CPU or its kernels do that ({', '.join(cpu[:2])})"


def _other_libraries(evidence: Evidence) -> bool:
    return any(
        path.startswith(("packages.", "frameworks.")) and path.endswith(".version")
        for path in evidence.environment.changes
    )


def _other_weights(evidence: Evidence, *, built: bool) -> bool:
    """Whether weights differ in more than structure; `built` says that the model is otherwise."""
    found = evidence.weights
    if found.dtype:
        return True
    structural = bool(found.missing or found.added or built)
    return found.differ and not structural and not _one_seed(evidence)


def _one_seed(evidence: Evidence) -> bool:
    """Whether weights differ as one seed gives on two CPUs: all by rounding, and no layer feels it."""
    layers = evidence.judged.layers
    return evidence.weights.tiny and all(
        item.judgement in ("equal", "noise", "unjudged", "follows") for item in layers
    )


def _differences(evidence: Evidence) -> list[str]:
    structure, weights = evidence.structure, evidence.weights
    types = evidence.golden.root.type, evidence.other.root.type
    lines = [f"the model is called as {types[1]}, not {types[0]}"] if types[0] != types[1] else []
    lines += [item.text for item in structure.settings[:3]]
    lines += [f"not in the model here: {listed(structure.gone)}"] if structure.gone else []
    lines += [f"only in the model here: {listed(structure.come)}"] if structure.come else []
    if weights.missing:
        lines.append(f"weights missing here: {listed(weights.missing)}")
    if weights.added:
        lines.append(f"weights only here: {listed(weights.added)}")
    if weights.changed:
        lines.append(f"weights differ: {listed(weights.changed)}")
    lines += [*structure.opaque, *structure.calls[:2]]
    if evidence.judged.results:
        lines.append(f"results: {evidence.judged.results}")
    if weights.renamed:
        names = [f"{one} -> {two}" for one, two in weights.renamed]
        lines.append(f"weights under other names: {listed(names)}")
    if evidence.inputs.cause:
        lines.append(evidence.inputs.cause)
    return lines
