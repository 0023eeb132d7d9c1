"""Turns what the rungs found into one cause, a fix, and what is not the cause."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from envsnap.replay.compare import (
    code_facts,
    equivalence,
    latency,
    of_layers,
    raised,
    surroundings,
    view,
)
from envsnap.replay.compare.evidence import Answer, Evidence
from envsnap.replay.compare.fact import Fact
from envsnap.replay.compare.facts import ANYWHERE, BESIDE_CODE, remedies, remedy
from envsnap.replay.compare.model_parts import Setting, listed
from envsnap.replay.compare.progress import UNMEASURED
from envsnap.replay.compare.verdict import Also
from envsnap.wording import counted


def answer(evidence: Evidence) -> Answer:
    """The first cause that the evidence shows; what else is wrong is told with it."""
    if evidence.failed:
        found = raised.of_model(evidence.other, evidence.inputs)
        return _with_facts(found, evidence) if evidence.inputs.cause else found
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
    causes = list(_causes(evidence))
    if not causes:
        return _no_fault(evidence)
    also = tuple(Also(cause=item.cause, fix=item.fix) for item in causes[1:])
    return msgspec.structs.replace(_set_by(evidence, causes[0]), also=also)


def _set_by(evidence: Evidence, found: Answer) -> Answer:
    """A setting of the model with what the run was told or read that may have set it."""
    told = evidence.facts.of("setting")[:2] or evidence.facts.of("file")[:1]
    told = tuple(fact for fact in told if fact.text not in found.cause)
    if found.subject not in ("structure", "mode", "dtype", "precision") or not told:
        return found
    cause = "; ".join((found.cause, *(fact.text for fact in told)))
    return msgspec.structs.replace(found, cause=cause, fix=f"{found.fix} {told[0].fix}")


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
        return of_layers.setting(set_otherwise)
    if weights.dtype:
        return None
    if weights.differ:
        return _weights(evidence)
    felt = evidence.structure.felt(evidence.judged.layers)
    found = _arithmetic(evidence)
    if found is None and felt and not evidence.inputs.cause:
        return of_layers.setting(felt)
    return found


def _state(evidence: Evidence) -> Answer | None:
    """A model whose weights are no longer what they were at its first call."""
    if not evidence.other.call.nth or evidence.inputs.cause:
        return None
    changed = view.rewritten(evidence.golden, evidence.other)
    replaced = [item for item in evidence.structure.types if _holds(item, tuple(changed))]
    if replaced and not evidence.judged.agree:  # nobody wrote to what is no longer there
        return of_layers.setting(tuple(replaced))
    if changed and not evidence.judged.agree:
        return Answer(
            outcome="diverged", subject="weights",
            cause=f"weights were changed while the run went on: {listed(changed)}"
            + "".join(
                f"; {fact.text}"
                for fact in (*evidence.facts.of("setting")[:2], *evidence.facts.code()[:2])
            ),
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
    found = Answer(outcome="diverged", subject="inputs", cause=given.cause, fix=given.fix)
    return _with_facts(found, evidence)


def _with_facts(found: Answer, evidence: Evidence) -> Answer:
    """An answer about inputs, with what can have made them others."""
    given = evidence.inputs
    acting = evidence.facts.acting("inputs")
    calls = evidence.other.recording.record.calls
    places = (place for place, call in enumerate(calls) if call is evidence.other.call)
    begun = next(places, len(calls))
    acting = tuple(fact for fact in acting if fact.at <= begun)  # a later text follows from it
    if "random numbers" not in given.cause:
        acting = tuple(fact for fact in acting if fact.kind != "seed")
    if evidence.weights.differ:
        acting = tuple(fact for fact in acting if fact.kind != "weights")
    if all(fact.kind in BESIDE_CODE for fact in acting):
        lines = evidence.facts.code(before=evidence.other.call.caller, of_model=False)
        acting = evidence.facts.beside(acting, lines)
    cause = "; ".join((found.cause, *(fact.text for fact in acting[:3])))
    return msgspec.structs.replace(found, cause=cause, fix=remedy(found.fix, acting))


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
        return of_layers.layer(evidence, judged.first)
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
        return of_layers.setting(evidence.structure.modes)
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
            outcome="undecided", cause=UNMEASURED,
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
            return of_layers.setting(evidence.structure.about(layer.name))
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
        return of_layers.setting(tuple(replaced))
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
    files, settings = facts.of("weights")[:2] or facts.of("file")[:2], facts.of("setting")[:2]
    if files:
        return (*files, *settings), files[0].fix
    lines = facts.code(before=evidence.other.call.caller)[:2]
    if settings:
        manifests = evidence.golden.recording.manifest, evidence.other.recording.manifest
        same = None not in manifests and surroundings.same_weights(*manifests)  # type: ignore[arg-type]
        told = " The files of weights are the same." if same else ""
        return (*settings, *lines), f"{settings[0].fix}{told}"
    fix = "Compare what builds and loads the model at this line." if lines else ""
    alone = facts.of("alone")[:1]  # a file that one run alone found may have been loaded
    return (*lines, *alone), fix or next((fact.fix for fact in alone), "")


def _other_model(evidence: Evidence) -> Answer:
    """A model of another type, whose result is another."""
    here, there = evidence.golden.root, evidence.other.root
    known = {(item.shape, item.crc32) for item in here.parameters.values()}
    same = sum((item.shape, item.crc32) in known for item in there.parameters.values())
    count = len(there.parameters)
    told = f" ({same} of {count} weights here are the golden ones)" if count else ""
    return Answer(
        outcome="diverged", subject="structure",
        cause=f"another model is called: {here.type} -> {there.type}{told}",
        fix=f"Build and load {here.type}, as the golden run does.",
    )  # fmt: skip


def _holds(setting: Setting, names: tuple[str, ...]) -> bool:
    """Whether weights lie below modules that are of another type."""
    return any(name.startswith(f"{module}.") for module in setting.modules for name in names)


def _by_rounding_only(evidence: Evidence) -> str:
    """What it means if no layer feels the change, and most weights have one.

    A row of a table that no call looks up is not felt, whatever is in it.
    """
    layers, found = evidence.judged.layers, evidence.weights
    owners = {item.name for item in layers}
    most = 2 * len(found.changed) > len(evidence.golden.root.parameters)
    alike = (
        most
        and not (found.missing or found.added)
        and all(name.rpartition(".")[0] in owners for name in found.changed)
    )
    if (
        alike
        and layers
        and all(item.alone and item.judgement in ("equal", "noise") for item in layers)
    ):
        return " (by no more than rounding, as one seed gives on two CPUs)"
    return ""


def _place(evidence: Evidence) -> Answer:
    """Every layer is right by itself, and yet the run parts: code outside of modules."""
    if evidence.judged.random:
        if set_otherwise := _of_random_layers(evidence):
            return of_layers.setting(set_otherwise)
        return Answer(
            outcome="undecided", subject="mode",
            cause=f"random layers are active in both runs: {listed(evidence.judged.random)}",
            fix="Call model.eval(), or set the same seed right before the model is called.",
        )  # fmt: skip
    settings = evidence.structure.modes or evidence.structure.about(evidence.judged.inside)
    if settings:
        return of_layers.setting(settings)
    objects = view.objects_apart(evidence.golden, evidence.other)
    if objects:  # what is in them is not seen, and the code between the layers is what uses them
        return Answer(
            outcome="diverged", subject="inputs",
            cause=f"inputs differ: {objects}: the runs diverge {evidence.judged.place}",
            fix="Call the model with the golden run's arguments.",
        )  # fmt: skip
    if evidence.facts.of("config"):
        return of_layers.config(evidence, f"the runs diverge {evidence.judged.place}")
    code, read = evidence.facts.code(of_model=True)[:2], evidence.facts.of(*ANYWHERE)
    differ = evidence.facts.of("code")
    own = code_facts.joined(
        fact for name in _forwards(evidence) for fact in differ if fact.model == name
    )
    if own:  # of what the run was told the forward may make something, of another file hardly
        told_it = [fact for fact in read if fact.kind in ("setting", "seeding")]
        read, code = tuple(told_it), own[:2]
    if read:  # what a forward does may follow from what the run was told
        together = evidence.facts.beside(read, code)
        told = "; ".join(fact.text for fact in together)
        return Answer(
            outcome="diverged", subject="code", fix=remedies(together),
            cause=f"{told}: the runs diverge {evidence.judged.place}",
        )  # fmt: skip
    return Answer(
        outcome="diverged", subject="code",
        cause=f"code outside of layers computes something else: {evidence.judged.place}"
        + of_layers.other_kernels(evidence) + "".join(f"; {fact.text}" for fact in code),
        fix="Compare this forward: masks, attention, reshaping, additions.",
    )  # fmt: skip


def _forwards(evidence: Evidence) -> list[str]:
    """The classes of which a forward ran where the runs part, the innermost first.

    After `gate.g` and before `o` what is left of the gate's own forward ran, and the model's.
    """
    root, judged = evidence.golden.root, evidence.judged
    paths = {judged.inside}
    for name in judged.around:
        parts = name.split(".")[:-1]
        paths.update(".".join(parts[:count]) for count in range(len(parts), 0, -1))
    inside = f"{judged.inside}." if judged.inside else ""
    within = [path for path in paths if path == judged.inside or path.startswith(inside)]
    found = (
        root.modules.get(path)
        for path in sorted(within, key=lambda path: -path.count(".") - bool(path))
    )
    types = [item.type if item is not None else root.type for item in found]
    return list(dict.fromkeys(name.rpartition(".")[2] for name in types))


def _of_random_layers(evidence: Evidence) -> tuple[Setting, ...]:
    """What differs in layers that draw random numbers: with one seed, nothing else moves them."""
    random = [layer.name for layer in evidence.judged.layers if layer.why.startswith("random")]
    found = [item for name in random for item in evidence.structure.about(name)]
    return tuple(item for item in found if item.setting != "training")
