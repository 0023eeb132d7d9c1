"""What differs around the models: configurations, generation, tokenizers, seeds, lines of code.

None of it is a cause by itself. Where the runs part is found by values; what differs and acts at
that place is then named as the reason.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from envsnap.knowledge.config_keys import is_note_at
from envsnap.model.manifest import Manifest
from envsnap.replay.compare import (
    call_seeds,
    code_facts,
    code_lines,
    sections,
    stages,
    surroundings,
    unread,
)
from envsnap.replay.compare.changed import changes_of
from envsnap.replay.compare.fact import NOT_HERE, Fact, Kind
from envsnap.replay.esr.archive import Recording
from envsnap.replay.esr.recording import Scalar
from envsnap.wording import few

Place = Literal["inputs", "model", "between", "after"]
# What a run read and set may act at any place, and more likely than that one run alone reads a file.
ANYWHERE: tuple[Kind, ...] = ("setting", "seeding", "file", "weights", "alone", "note")
BESIDE_CODE: tuple[Kind, ...] = (*ANYWHERE, "seed", "text")  # lines of code are told beside these
LAST = ("alone", "note", "text")  # what says less than lines of code
# Which facts can act at a place, the likeliest first.
ACTS: dict[Place, tuple[Kind, ...]] = {
    "inputs": ("tokens", "chat", "generation", "part", "seed", *ANYWHERE, "text"),
    "model": ("config",),
    "between": ("generation", "part", "seed", "config", *ANYWHERE),
    "after": ("config", "generation", "part", "seed", *ANYWHERE),
}
# They ask for the input of the golden run, and name nothing that made it another.
NO_REMEDY = (
    "Use the golden run's input.", "Use the golden run's batch size.", "Use the golden run's tokenizer",
    "Pass the golden run's ", "Give the model ", "Compare how these columns", "Compare the steps before the model.",
)  # fmt: skip
MOST_LISTED = 4
QUIET = (
    "torch_dtype", "dtype", "use_cache", "output_attentions", "output_hidden_states", "return_dict",
    "return_dict_in_generate", "num_workers", "pipelines",
)  # fmt: skip


class Facts(Struct, frozen=True, kw_only=True):
    """All differences around the models."""

    found: tuple[Fact, ...] = ()

    def acting(self, place: Place) -> tuple[Fact, ...]:
        """What differs and acts at a place, the likeliest first."""
        order = ACTS[place]
        return tuple(
            sorted(
                (fact for fact in self.found if fact.kind in order),
                key=lambda fact: (fact.text.startswith(call_seeds.DRAWN), order.index(fact.kind)),
            )
        )

    def of(self, *kinds: Kind) -> tuple[Fact, ...]:
        """The differences of some kinds."""
        return tuple(fact for fact in self.found if fact.kind in kinds)

    def beside(
        self, acting: tuple[Fact, ...], lines: tuple[Fact, ...], most: int = 2
    ) -> tuple[Fact, ...]:
        """What acts together with lines of code, which say more than a file that one run alone reads.

        A text that is another follows from what made it so.
        """
        first = tuple(fact for fact in acting if fact.kind not in LAST)[:most]
        return (*first, *lines[:most], *[fact for fact in acting if fact.kind in LAST][:1])

    def code(
        self, after: str = "", before: str = "", *, of_model: bool | None = None
    ) -> tuple[Fact, ...]:
        """Lines of code that differ between two places of the script, or in other files."""
        return code_facts.told(self.of("code"), after, before, of_model=of_model)


def remedy(fix: str, acting: tuple[Fact, ...]) -> str:
    """What to do about an input: what made it another is better than to ask for the golden one."""
    if acting and (acting[0].kind != "code" or fix.startswith(NO_REMEDY)):
        return remedies(acting)
    return fix


def remedies(together: tuple[Fact, ...]) -> str:
    """What to do where what was set and what was written may each be the reason."""
    first = together[0]
    line = next((fact for fact in together if fact.kind == "code"), None)
    if line is None or line is first or first.kind in LAST:
        return (line or first).fix
    return f"{first.fix} Or: {line.fix[0].lower()}{line.fix[1:]}"


def compare(golden: Recording, other: Recording) -> Facts:
    """Collect what differs around the models of two runs."""
    found = [
        *_configs(golden, other),
        *stages.compare(golden, other),
        *_parts(golden, other),
        *(Fact(kind="seed", text=text, fix=fix) for text, fix in call_seeds.compare(golden, other)),
        *_given(golden, other),
        *_run(golden, other),
        *_code(golden, other),
    ]
    return Facts(found=tuple(found))


def _configs(golden: Recording, other: Recording) -> Iterator[Fact]:
    there = {root.name: root for root in other.record.roots}
    for root in golden.record.roots:
        twin = there.get(root.name)
        if twin is None:
            continue
        told = [
            f"{key} {how}"
            for key, how in changes_of(root.config, twin.config, both=False)
            if key.rpartition(".")[2] not in QUIET
            and (
                (key in root.config and key in twin.config) or key.startswith("generation_config.")
            )
        ]
        told.sort(key=lambda text: text.startswith("generation_config."))
        own = [text for text in told if not text.startswith("generation_config.")]
        if own:
            listed = ", ".join(own[:MOST_LISTED])
            yield Fact(
                kind="config", text=f"the config of {root.name}: {listed}",
                fix=f"Use the golden run's config.json, or set {own[0].partition(' ')[0]} as there.",
            )  # fmt: skip
        rest = [text for text in told if text.startswith("generation_config.")]
        if rest and not golden.record.stages:
            yield Fact(
                kind="generation", text=f"generation settings: {', '.join(rest[:MOST_LISTED])}",
                fix="Use the golden run's generation_config.json.",
            )  # fmt: skip


def _parts(golden: Recording, other: Recording) -> Iterator[Fact]:
    here, there = golden.record.parts, other.record.parts
    pairs = _same_parts(here, there)
    for name, twin in pairs.items():
        one, two = here[name], there[twin]
        told = [
            f"{name}.{key} {how}"
            for key, how in changes_of(one, two, both=True)
            if key.rpartition(".")[2] not in QUIET
        ]
        if told:
            backend = one.get("backend") if one.get("backend") != two.get("backend") else None
            what = f"backend ({backend}): other libraries resize otherwise" if backend else "files and settings"  # fmt: skip
            yield Fact(
                kind="part", text=", ".join(told[:MOST_LISTED]),
                fix=f"Load {name} with the golden run's {what}.",
            )  # fmt: skip
    met = set(pairs.values())
    gone, come = [name for name in here if name not in pairs], [name for name in there if name not in met]  # fmt: skip
    if gone and come:
        yield Fact(
            kind="part", text=f"{', '.join(gone[:3])} -> {', '.join(come[:3])}",
            fix=f"Use {gone[0]}, as the golden run does.",
        )  # fmt: skip


def _same_parts(
    here: Mapping[str, Mapping[str, Scalar]], there: Mapping[str, Mapping[str, Scalar]]
) -> dict[str, str]:
    """The other run's name of each part. Of several of one class those meet that are most alike.

    They are numbered as they were found, and in what order that is nobody knows.
    """
    costs = [
        (len(list(changes_of(one, two, both=False))), name != twin, name, twin)
        for name, one in here.items()
        for twin, two in there.items()
        if name.partition("#")[0] == twin.partition("#")[0]
    ]
    found: dict[str, str] = {}
    taken: set[str] = set()
    for _, _, name, twin in sorted(costs):
        if name not in found and twin not in taken:
            found[name] = twin
            taken.add(twin)
    return {name: found[name] for name in here if name in found}


INPUT = "standard input"  # as the recorder names it among the options
GIVEN = (
    ("options", "the argument", "Give the command the golden run's arguments."),
    ("variables", "the variable", "Set the variable as in the golden run."),
)


def _given(golden: Recording, other: Recording) -> Iterator[Fact]:
    """What the commands were given that differs: arguments, and variables that their code names."""
    for part, word, fix in GIVEN:
        here, there = (getattr(item.record, part) for item in (golden, other))
        if here is None or there is None:
            continue
        for key, how in changes_of(here, there, both=False):
            name = f"{word} {key if not key.isdigit() else f'number {key}'}"
            name, mend = (key, fix.replace("arguments", key)) if key == INPUT else (name, fix)
            yield Fact(kind="setting", text=f"{name} {how}", fix=mend)


def _run(golden: Recording, other: Recording) -> Iterator[Fact]:
    """What was seen of the runs: configurations, seeds and other files that they read."""
    if golden.manifest is None or other.manifest is None:
        return
    given = sections.given(golden.record, other.record)
    changes = list(surroundings.configs(golden.manifest, other.manifest, given))
    yield from _of_configs(changes, unread.words(other.record))
    yield from _read_by_python(golden, other, golden.manifest, other.manifest)
    for name, how in surroundings.seeds(golden.manifest, other.manifest):
        yield Fact(
            kind="seeding", text=f"the seed of {name}: {how}", fix="Seed as the golden run does."
        )
    made = {*golden.record.files, *other.record.files}  # read again: no input of the run
    kind: Kind = "note" if unread.are_weights_equal(golden, other) else "weights"
    for fact in _weights(golden.manifest, other.manifest, made):
        yield replace(fact, kind=kind)
    told = {key.partition(": ")[0] for key, _, _ in changes}
    yield from _files(golden.manifest, other.manifest, made, told)


def _files(
    golden: Manifest, other: Manifest, made: Container[str], told: Collection[str]
) -> Iterator[Fact]:
    """Files that the runs read; `made` are those that they wrote, `told` configurations told of."""
    alone = surroundings.alone(golden, other)
    # A state that runs hand on is likelier to decide than what they read because of it.
    for name, which in sorted(alone, key=lambda item: item[0] not in made):
        what = "Leave it out" if which == "here only" else "Read it"
        yield Fact(kind="alone", text=f"{name} is read {which}", fix=f"{what}, as the golden run does: {name}.")  # fmt: skip
    for name, how in surroundings.listings(golden, other):
        sorts = how.endswith("order")
        fix = "Sort what is listed" if sorts else "Give the folder the golden run's files"
        yield Fact(kind="alone", text=f"the folder {name} {how}", fix=f"{fix}: {name}.")
    read = list(surroundings.files(golden, other, told))
    for name in [name for name in read if name in made][:1]:
        yield Fact(kind="alone", text=f"another content of {name}, which the run writes again", fix=f"Begin with the golden run's {name}.")  # fmt: skip
    names = [name for name in read if name not in made]
    if names:
        listed = ", ".join(names[:MOST_LISTED])
        yield Fact(kind="file", text=f"another content of {listed}", fix=f"Use the golden run's {names[0]}.")  # fmt: skip


def _weights(golden: Manifest, other: Manifest, made: Container[str]) -> Iterator[Fact]:
    """Files of weights that hold something else, or are others; those that a run made are no cause."""
    for name in surroundings.weights(golden, other):
        if name not in made:
            yield Fact(kind="weights", text=f"another content of {name}", fix=f"Load the golden run's {name}.")  # fmt: skip
    left, come = surroundings.weights_alone(golden, other)
    if bool(left) is not bool(come) and len(left or come) <= MOST_LISTED:
        which, what = ("here only", "Leave it out") if come else (NOT_HERE, "Load it")
        listed = ", ".join(left or come)
        yield Fact(kind="weights", text=f"{listed} is read {which}", fix=f"{what}, as the golden run does: {(left or come)[0]}.")  # fmt: skip
    if left and come and len(left) <= MOST_LISTED:
        listed = f"{', '.join(left)} -> {', '.join(come[:MOST_LISTED])}"
        yield Fact(kind="weights", text=f"other files of weights are read: {listed}", fix=f"Load the golden run's {left[0]}.")  # fmt: skip


def _read_by_python(
    golden: Recording, other: Recording, here: Manifest, there: Manifest
) -> Iterator[Fact]:
    """Variables that Python reads; those that the code names are told already."""
    named = {name for item in (golden, other) for name in item.record.variables or {}}
    for name, how in surroundings.variables(here, there):
        if name not in named:
            yield Fact(kind="setting", text=f"the variable {name} {how}", fix=GIVEN[1][2])


def _of_configs(changes: list[tuple[str, str, bool]], words: frozenset[str]) -> Iterator[Fact]:
    """Keys that may act; apart notes for people, and those that stand in no code or section read."""
    acting: list[tuple[str, str]] = []
    aside: list[tuple[str, str]] = []
    for key, how, acts in changes:
        may = acts and not is_note_at(key) and not unread.is_unread(key, how, words)
        (acting if may else aside).append((key, how))
    yield from _of_keys("setting", acting)
    yield from _of_keys("note", aside)


def _of_keys(kind: Kind, changes: list[tuple[str, str]]) -> Iterator[Fact]:
    """Keys of configurations that differ, as one fact."""
    if changes:
        told = few([f"{key} {how}" for key, how in changes], MOST_LISTED)
        names = dict.fromkeys(key.partition(": ")[0] for key, _ in changes[:MOST_LISTED])
        yield Fact(kind=kind, text=told, fix=f"Use the golden run's {' and '.join(names)}.")


def _code(golden: Recording, other: Recording) -> Iterator[Fact]:
    fix = "Compare the code of both runs at this line."
    for line in code_lines.compare(golden.record, other.record):
        yield Fact(
            kind="code", text=line.told, fix=fix, place=line.place, minor=line.minor,
            model=line.model,
        )  # fmt: skip
