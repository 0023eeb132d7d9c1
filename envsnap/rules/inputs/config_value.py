"""Values in config files differ."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from envsnap.changes.change import Change, ChangeKind
from envsnap.knowledge import config_keys
from envsnap.knowledge.cluster_defaults import default
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path, text
from envsnap.model.reading import entries, given
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule
from envsnap.wording import step

FILE_FACTS = ("sha256", "tree")
LONGEST = 100  # letters of a value in a message
MOST_ALIKE = 8  # changes of one kind in one file; more are one line with their count
# What decides most of what a model says comes first: a key's place, by all keys on the way to it.
ORDER = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"^(?:chat_template\w*|prompt_template)$",
        r"^image$|^base$",
        (
            r"^rope_\w+$|^(?:sliding_window|max_position_embeddings|model_max_length|head_dim)$|attention|attn"
            r"|^num_\w*heads$"
        ),
        (
            r"^(?:architectures|model_type|vocab_size|hidden_size|intermediate_size|num_\w*layers|hidden_act"
            r"|tie_word_embeddings|\w*norm_eps|auto_map)$|quant|^peft_type$|^lora_\w+$|^r$|^target_modules$"
        ),
        (
            r"^(?:bos|eos|pad|unk|sep|cls|mask|decoder_start|image|video)_token(?:_id|_index)?$|^add_\w+_token$"
            r"|^added_tokens\w*$|^special_tokens\w*$|^additional_special_tokens$|^tokenizer_class$"
        ),
        r"^(?:torch_)?dtype$|precision|^(?:fp16|bf16|fp8|int8)$",
        r"^(?:lr|learning_rate|weight_decay|momentum|betas?|warmup\w*|loss\w*)$|^zero_\w+$|^stage$|offload",
    )
)
# These are believed before what a word of the key says of numbers: a stage among labels is a name.
FIRST = ("note", "log", "shown", "watched", "name", "deployment")
# What a key does that changes no result by itself.
SAID: dict[config_keys.About, tuple[Effect, str]] = {
    "note": (Effect.NONE, "A note for people or of a tool, or the name of a run; nothing is computed from it."),
    "log": (Effect.NONE, "It changes what is logged or shown, not results."),
    "shown": (Effect.NONE, "It changes how something looks to people, not results."),
    "name": (Effect.NONE, "It is a name by which people, a scheduler or a cluster find something."),
    "time": (Effect.NONE, "It says when something is started or asked, not what it answers."),
    "watched": (Effect.NONE, "It is for those who watch the program; nothing is computed from it."),
    "address": (Effect.NONE, "It says where a service or a store is reached. What is read from there was not compared."),
    "folder": (Effect.NONE, "It says where files lie on this host. What lies there is compared where it was captured."),
    "deployment": (Effect.NONE, "It names the deployment. What the program does under that name was not compared."),
    "processes": (Effect.PERFORMANCE, "It says how many processes serve, not what they answer."),
}  # fmt: skip
MOVED = "It leads to weights that were captured on both sides, and are the same."
NUMERIC = re.compile(
    r"(?:^|_)(?:dtype|precision|fp16|bf16|fp8|int8|quant\w*|seed|random_state|temperature|top_[pk]|min_p|num_beams|do_sample|(?:repetition|frequency|presence|length)_penalty|no_repeat_ngram_size|mean|std"
    r"|normali[sz]e|resize|resample|interpolation|rescale|crop\w*|image_size|max_length|max_len|truncation|padding"
    r"|colou?r_(?:order|space|mode|format|channels?)|colou?r_?jitter|channel_order|data_format|sampl(?:e|ing)_rate|n_mels"
    r"|n_fft|hop_length|win_length|log_?mel|log_(?:target|transform|scale|epsilon|offset)|use_log\w*"
    r"|batch_size|threshold|eps|attn\w*|tf32|amp|deterministic|benchmark)(?:_|$)",
    re.IGNORECASE,
)


# Lists that are gone through in their order, or whose places are the numbers of a result.
SEQUENCE = re.compile(
    r"(?:^|_)(?:layers?|labels?|label_list|class(?:es)?|class_names|categories|columns?|features?|channels?|transforms?"
    r"|augmentations?|steps?|stages?|pipelines?|processors?|preprocess(?:ing|ors?)?|blocks?|modules|order|vocab(?:ulary)?|tokens?"
    r"|providers?|backends?|middlewares?|callbacks?|merges|args|command|entrypoint|path|names)(?:_|$)",
    re.IGNORECASE,
)


SLICES = "mig"  # what nvidia-smi says a GPU is divided into


class ConfigValue(Rule):
    """A value in a config file differs, or is in one of the files only.

    Keys about precision, preprocessing, sampling or seeds change results. What is logged, notes, what
    watchers are told, addresses, folders and the number of processes are information. The rest can
    change behaviour. The same entries in another order are a warning
    where the key names a sequence (layers, labels, columns, steps), else information; where it names a
    set (dependencies, target_modules, tags), they are equal.

    Fix: make the files equal, or document why they differ.
    """

    id = "config-value"
    in_order = True

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a value; a file that differs in form only is stated once."""
        changed = {
            change.path[1] for change in comparison.under("configs") if _is_of_values(change)
        }
        values: dict[tuple[str, ...], list[Change]] = {}
        for change in list(comparison.under("configs")):
            if len(change.path) == 3 and change.path[2] == "sha256":
                if change.path[1] not in changed:
                    yield self._file(comparison, change)
            else:
                values.setdefault(_kind(change), []).append(change)
        for found in _in_order(values):
            file = comparison.at("configs", found[0].path[1], "sha256")
            told = self._values(found, (file.path,) if file else ())
            is_moved = told.severity is Severity.WARNING and _leads_to_the_same(
                comparison, found[0]
            )
            yield (
                replace(told, severity=Severity.INFO, effect=Effect.NONE, why=MOVED)
                if is_moved
                else told
            )

    def _file(self, comparison: Comparison, change: Change) -> Finding:
        """Judge a file of which no value differs, or of which no values are known."""
        name = change.path[1]
        parsed = all(
            name in entries(side, "configs")
            and given(entries(side, "configs")[name].tree) is not None
            for side in (comparison.reference, comparison.other)
        )
        return Finding(
            rule=self.id,
            severity=Severity.INFO if parsed else Severity.WARNING,
            effect=Effect.NONE if parsed else Effect.BEHAVIOR,
            confidence=Confidence.POSSIBLE,
            path=change.path,
            message=f"config file {name} has other bytes",
            why=(
                "All values that could be compared are equal. Comments, order, quotes, or values that "
                "were left out differ."
                if parsed
                else "Its values are not known on both sides, so only the digests were compared."
            ),
            fix="" if parsed else "Compare the two files by hand.",
            changes=(change.path,),
        )

    def _values(self, found: list[Change], file: tuple[Path, ...]) -> Finding:
        """Judge one value, or many of one kind that a file has in several places."""
        severity, effect, why = _weigh_order(found[0]) or _weigh(found[0])
        return Finding(
            rule=self.id,
            severity=severity,
            effect=effect,
            confidence=Confidence.LIKELY if effect is Effect.NUMERICS else Confidence.POSSIBLE,
            path=found[0].path,
            message=_told(found),
            why=why,
            fix="Make the files equal, or document why they differ.",
            changes=(*(change.path for change in found), *file),
        )


def _leads_to_the_same(comparison: Comparison, change: Change) -> bool:
    """Whether two paths lead to weights that were captured on both sides, and are equal."""
    here, there = (
        _below(side, value)
        for side, value in (
            (comparison.reference, change.reference),
            (comparison.other, change.other),
        )
    )
    return (
        bool(here)
        and here == there
        and not any(item.path[-1] != "path" for place in here for item in comparison.under(*place))
    )


def _below(manifest: Manifest, value: object) -> set[Path]:
    """The captured weights at a path, or below it."""
    if not isinstance(value, str) or "/" not in value:
        return set()
    folder = value.rstrip("/")
    return {
        ("weights", name)
        for name, entry in entries(manifest, "weights").items()
        if given(entry.sha256) is not None
        and isinstance(path := given(entry.path), str)
        and (path == folder or path.startswith(f"{folder}/"))
    }


def _is_of_values(change: Change) -> bool:
    """Whether a value differs, be it the list that is the whole file."""
    key = change.path[2] if len(change.path) > 2 else "sha256"
    return key not in FILE_FACTS or (key == "tree" and change.kind is ChangeKind.CHANGED)


def _told(found: list[Change]) -> str:
    """What differs: the value, or how many entries of which map have another."""
    change = found[0]
    if len(found) > 1:
        return f"{text(change.path[1:3])}: {len(found)} entries have another {change.path[-1]}"
    if _is_reordered(change):
        places = _step(change)
        place = change.path[1:2] if change.path[2:] == ("tree",) else change.path[1:]
        return f"{text(place)}: the same entries in another order: {places}"
    usual = default(change.path[1], change.path[-1])
    if usual is not None and change.kind in (ChangeKind.ADDED, ChangeKind.REMOVED):
        told = f"{usual} (the cluster's default)"
        here, there = (change.reference, told) if change.other is None else (told, change.other)
        return f"{text(change.path[1:])}: {step(str(here), str(there), LONGEST)}"
    verb = {
        ChangeKind.ADDED: "set on the other side only",
        ChangeKind.REMOVED: "missing on the other side",
    }.get(change.kind, _step(change))
    return f"{text(change.path[1:])}: {verb}"


def _kind(change: Change) -> tuple[str, ...]:
    """What changes have in common that are told as one: a file's map, and the key inside it."""
    if len(change.path) < 5:
        return change.path
    return (*change.path[:3], "", change.path[-1])


def _in_order(values: dict[tuple[str, ...], list[Change]]) -> list[list[Change]]:
    """One change, or many of one kind; those first that decide most."""
    groups: list[list[Change]] = []
    for found in values.values():
        groups.extend([found] if len(found) > MOST_ALIKE else [[change] for change in found])
    return sorted(groups, key=lambda found: (_place(found[0]), found[0].path))


def _place(change: Change) -> int:
    keys = change.path[2:]
    found = [
        place for place, pattern in enumerate(ORDER) if any(pattern.search(key) for key in keys)
    ]
    return min(found, default=len(ORDER))


def _is_reordered(change: Change) -> bool:
    """Whether two lists hold the same, and something else than numbers."""
    sides = (change.reference, change.other)
    if not all(isinstance(side, list) and side for side in sides):
        return False
    one, two = (sorted(map(repr, side)) for side in sides)
    return bool(one == two)


def _weigh_order(change: Change) -> tuple[Severity, Effect, str] | None:
    """What another order does, by what the list is called; None for anything else."""
    if not _is_reordered(change) or _weigh(change)[1] is not Effect.BEHAVIOR:
        return None
    keys = [key for key in change.path[2:] if not key.isdigit() and key != "tree"]
    if SEQUENCE.search(keys[-1] if keys else change.path[1]):
        return (
            Severity.WARNING,
            Effect.BEHAVIOR,
            "A list of this name is gone through in its order, or its places are numbers of a result.",
        )
    return (
        Severity.INFO,
        Effect.BEHAVIOR,
        "It matters if the program goes through the list in its order.",
    )


def _weigh(change: Change) -> tuple[Severity, Effect, str]:
    keys = change.path[2:]
    if change.path[1] == SLICES:
        why = "A process gets another share of the GPU: other memory, other multiprocessors."
        return Severity.WARNING, Effect.BEHAVIOR, why
    about = config_keys.about(change.path[1], keys, change.reference, change.other)
    if about in FIRST:
        return (Severity.INFO, *SAID[about])
    if _place(change) < len(ORDER):
        return (
            Severity.WARNING,
            Effect.NUMERICS,
            "It decides what the model is, or what it is given to read.",
        )
    if any(NUMERIC.search(key) for key in keys):
        return (
            Severity.WARNING,
            Effect.NUMERICS,
            "Keys of this name decide precision, preprocessing, sampling or seeds.",
        )
    if about is not None:
        return (Severity.INFO, *SAID[about])
    return Severity.WARNING, Effect.BEHAVIOR, "The program has another configuration."


def _step(change: Change) -> str:
    return step(str(change.reference), str(change.other), LONGEST)
