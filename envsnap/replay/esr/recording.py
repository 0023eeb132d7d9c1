"""The record of a recorded run: `record.json` inside an `.esr` file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Literal

from msgspec import Meta, Struct

from envsnap.replay.esr.endings import Count, Printed, Written

RECORDING_VERSION = 2
RECORDING_REVISION = 11
QUANTILES = 257

Number = Annotated[int, Meta(ge=0, description="A tensor's place in `tensors`.")]
Scalar = bool | int | float | str | None


class Node(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of a nest of arguments or results."""

    kind: Literal["tensor", "value", "tuple", "list", "dict", "object", "opaque"]
    tensor: Annotated[Count | None, Meta(description="The number of a tensor.")] = None
    value: Annotated[Scalar, Meta(description="A plain value.")] = None
    items: Annotated[tuple[Node, ...], Meta(description="Parts, in order.")] = ()
    keys: Annotated[tuple[str, ...], Meta(description="Their names, where they have any.")] = ()
    type: Annotated[str, Meta(description="The type of what is neither.")] = ""

    def tensors(self) -> Iterator[int]:
        """The numbers of the tensors in it, in order."""
        if self.kind == "tensor":
            yield self.tensor or 0
        for item in self.items:
            yield from item.tensors()

    def rebuilds(self) -> bool:
        """Whether the nest can be made again from what is recorded."""
        if self.kind in ("opaque", "object"):
            return False
        return all(item.rebuilds() for item in self.items)


class Rest(Struct, frozen=True, kw_only=True):
    """What is left of a tensor without some values, such as a mask's -1e9."""

    filled: Annotated[Count, Meta(description="Values that were left out.")]
    l2: float
    sketch: Annotated[Count, Meta(description="Row of sketch.npy.")]


class Tensor(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A distinct tensor: what it looked like, and its values where they were kept."""

    dtype: str
    shape: tuple[Count, ...]
    device: str = "cpu"
    crc32: Annotated[str | None, Meta(description="Of the values in logical order.")] = None
    nan: Count = 0
    inf: Count = 0
    holes: Annotated[
        str | None,
        Meta(description="CRC-32 of a byte a value: 1 NaN, 2 Inf, 3 -Inf, 0 another."),
    ] = None
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    l2: Annotated[float | None, Meta(description="Euclidean length of the finite values.")] = None
    sketch: Annotated[Count | None, Meta(description="Row of sketch.npy.")] = None
    rest: Rest | None = None
    attended: Annotated[
        Rest | None, Meta(description="What is left without positions that the call's mask drops.")
    ] = None
    rows: Annotated[
        tuple[str, ...], Meta(description="CRC-32 of each part along the first axis, of inputs.")
    ] = ()
    stored: Annotated[str | None, Meta(description="Name in tensors.safetensors.")] = None
    reason: Annotated[str | None, Meta(description="Why there is no more.")] = None

    def same(self, other: Tensor) -> bool:
        """Whether both hold the same bits."""
        here, there = (self.dtype, self.shape, self.crc32), (other.dtype, other.shape, other.crc32)
        return here == there and self.crc32 is not None


class Replay(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What running a layer again, alone and on the host that recorded it, showed."""

    state: Annotated[
        Literal["exact", "wobbles", "impossible"],
        Meta(description="The same bits again; others; or it cannot be run alone."),
    ]
    rounding: Annotated[
        tuple[float | None, ...],
        Meta(description="Relative length of the difference to float64, a result each."),
    ] = ()
    wobble: Annotated[
        tuple[float | None, ...], Meta(description="The same between two runs of it.")
    ] = ()
    reason: str = ""


class Sample(Struct, frozen=True, kw_only=True):
    """A few rows of a layer's inputs, where all of them are too many to keep, and their results."""

    arguments: Node
    named: Node
    result: Node


class Leaf(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call of one layer."""

    name: str
    nth: Annotated[int, Meta(ge=0, description="Which call of this layer, from 0.")]
    type: str
    arguments: Node
    named: Node
    result: Node
    autocast: Annotated[str | None, Meta(description="The dtype of a running autocast.")] = None
    replay: Replay | None = None
    sample: Annotated[Sample | None, Meta(description="What `replay` is about, if not all.")] = None

    @property
    def key(self) -> tuple[str, int]:
        """What identifies the call in its run."""
        return self.name, self.nth

    @property
    def title(self) -> str:
        """Its name, with the number of the call where it is not the first."""
        return self.name + (f"#{self.nth}" if self.nth else "")

    def inputs(self) -> tuple[int, ...]:
        """The numbers of all tensors that it was given."""
        return (*self.arguments.tensors(), *self.named.tensors())


class Module(Struct, frozen=True, kw_only=True):
    """A module of the model, called or not."""

    type: str
    module: str
    training: bool
    settings: dict[str, Scalar | tuple[Scalar, ...]]


class Parameter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A parameter or a buffer."""

    role: Literal["parameter", "buffer", "computed"]
    dtype: str
    shape: tuple[Count, ...]
    crc32: str | None = None
    l2: float | None = None
    fits: Annotated[str | None, Meta(description="The half precision that holds it.")] = None
    reason: str | None = None


class Channel(Struct, frozen=True, kw_only=True):
    """One colour of a picture; the sketch is of the centred values."""

    mean: float
    std: float
    crc32: str
    sketch: Count


class Picture(Struct, frozen=True, kw_only=True):
    """An input that looks like a picture."""

    axis: Count
    rows: tuple[Channel, ...]


class Kernels(Struct, frozen=True, kw_only=True):
    """What one stretch of a module's own code calls, between the modules that it calls."""

    inside: str
    nth: Annotated[int, Meta(ge=0, description="Which call of this module, from 0.")]
    after: Annotated[str, Meta(description="The layer that ended last, with its number.")]
    calls: Annotated[
        tuple[str, ...], Meta(description="Kernels with dtypes and shapes of tensors.")
    ]


class Replayed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A layer of this run on inputs of another recording."""

    name: str
    nth: Count
    result: Node | None = None
    reason: str = ""


class Repeats(Struct, frozen=True, kw_only=True):
    """Further calls with the same inputs, for latency and errors."""

    seconds: tuple[Annotated[float, Meta(ge=0)], ...]
    errors: Count


class Raised(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An exception that left a model, or the script."""

    type: str
    message: Annotated[str, Meta(description="Its first line, 300 characters at most.")] = ""
    place: Annotated[str, Meta(description="File, line and function where it was raised.")] = ""


class Root(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A model that the script calls: an outermost module, or what another framework calls so."""

    name: Annotated[
        str, Meta(description="Its type; further ones of the type are called TYPE#2, TYPE#3 …")
    ]
    type: str
    module: Annotated[str, Meta(description="Where the type is defined.")] = ""
    framework: Annotated[str | None, Meta(description="Name and version of what runs it.")] = None
    names: Annotated[
        tuple[str, ...], Meta(description="What the model's forward calls its arguments.")
    ] = ()
    opaque: Annotated[
        tuple[str, ...], Meta(description="Modules whose layers may not be seen, and why.")
    ] = ()
    modules: dict[str, Module] = {}
    parameters: dict[str, Parameter] = {}
    config: Annotated[
        dict[str, Scalar], Meta(description="The model's own configuration, flat.")
    ] = {}
    changed: Annotated[
        tuple[str, ...], Meta(description="Parameters that were written to during the run.")
    ] = ()
    calls: Annotated[int, Meta(ge=0, description="How often it was called in all.")] = 0
    rest: Annotated[
        str | None, Meta(description="CRC-32 over the results of calls that are not listed.")
    ] = None


class Call(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call of a model. Its layers are listed where `detailed`; else its ends are known."""

    root: Annotated[str, Meta(description="Name of the model in `roots`.")]
    nth: Annotated[int, Meta(ge=0, description="Which call of this model, from 0.")] = 0
    detailed: bool = True
    grad: bool = False
    training: Annotated[
        Count | None, Meta(description="How many of its modules were in training mode.")
    ] = None
    caller: Annotated[str, Meta(description="File and line of the script.")] = ""
    unused: Annotated[
        bool, Meta(description="The script does not use what the call gave, as that of a warm-up.")
    ] = False
    seed: Annotated[str | None, Meta(description="Seed of the framework's generator.")] = None
    random: Annotated[str | None, Meta(description="CRC-32 of that generator's state.")] = None
    written: Annotated[
        tuple[str, ...], Meta(description="Parameters written to since the call before.")
    ] = ()
    modules: Annotated[
        dict[str, Module], Meta(description="Modules that are no longer as the model says.")
    ] = {}
    leaves: tuple[Leaf, ...] = ()
    seconds: float | None = None
    raised: Raised | None = None
    arguments: Node | None = None
    named: Node | None = None
    result: Node | None = None
    pictures: dict[str, Picture] = {}
    replays: tuple[Replayed, ...] | None = None
    repeats: Repeats | None = None
    kernels: tuple[Kernels, ...] | None = None

    @property
    def key(self) -> tuple[str, int]:
        """What identifies the call in its run."""
        return self.root, self.nth

    def inputs(self) -> tuple[int, ...]:
        """The numbers of all tensors that the model was given."""
        parts = (self.arguments, self.named)
        return tuple(number for part in parts if part is not None for number in part.tensors())


class Stage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A named value around the calls of models: token ids, a tap, settings of a generation."""

    name: str
    nth: Annotated[int, Meta(ge=0, description="Which of this name, from 0.")] = 0
    kind: Annotated[
        str, Meta(description="tap, tokens, chat, generation; another tool may add its own.")
    ]
    at: Annotated[int, Meta(ge=0, description="How many of `calls` had begun before it.")] = 0
    caller: str = ""
    unused: Annotated[bool, Meta(description="The script does not use what came of it.")] = False
    value: Node | None = None
    facts: Annotated[
        dict[str, Scalar], Meta(description="Settings, counts; texts as their digest.")
    ] = {}

    @property
    def key(self) -> tuple[str, int]:
        """What identifies the stage in its run."""
        return f"{self.kind} {self.name}", self.nth


class Feature(Struct, frozen=True, kw_only=True):
    """One column of a data set; NaN and infinities are missing values."""

    count: Annotated[int, Meta(ge=0, le=1 << 53, description="Values that are there.")]
    missing: Annotated[float, Meta(ge=0, le=1, description="Share of values that are not.")]
    mean: float
    std: Annotated[float, Meta(ge=0)]
    quantiles: Annotated[
        tuple[float, ...], Meta(max_length=QUANTILES, description="From least to largest, evenly.")
    ]

    def plausible(self) -> bool:
        """Whether it can be that of a column."""
        ordered = all(a <= b for a, b in pairwise(self.quantiles))
        return ordered and len(self.quantiles) == (QUANTILES if self.count else 0)


class Record(Struct, frozen=True, kw_only=True):
    """The JSON document inside a recording."""

    recording_version: Annotated[int, Meta(ge=1, description="A reader refuses a newer one.")]
    recording_revision: Count
    envsnap_version: str
    created_at: Annotated[str, Meta(description="UTC, RFC 3339.")]
    label: str | None
    complete: Annotated[bool, Meta(description="Whether the process ended as it should.")]
    full: Annotated[bool, Meta(description="Whether inputs of layers are kept.")]
    framework: Annotated[str | None, Meta(description="Name and version of what ran.")]
    notes: tuple[str, ...]
    roots: tuple[Root, ...] = ()
    calls: tuple[Call, ...]
    tensors: tuple[Tensor, ...]
    stages: tuple[Stage, ...] = ()
    parts: Annotated[
        dict[str, dict[str, Scalar]],
        Meta(description="Settings of what stands around models: tokenizers, schedulers …"),
    ] = {}
    pieces: Annotated[
        dict[str, str], Meta(description="Texts of token ids, special ones unless asked for more.")
    ] = {}
    code: Annotated[
        dict[str, tuple[str, ...]],
        Meta(description="CRC-32 of each line of the script and of modules that are no library's."),
    ] = {}
    blocks: Annotated[
        dict[str, tuple[str, ...]],
        Meta(
            description="Functions (d) and other statements (s) of these files, as `first-last"
            " kind:digest`: lines, and CRC-32 of what they do, whatever its comments and names. Lines"
            " that only import or tell something are listed as `first-last m`, and blocks without the"
            " names that their file gives as r, followed by the digests of these names."
        ),
    ] = {}
    options: Annotated[
        dict[str, Scalar] | None,
        Meta(description="The command's arguments; a text is `#` and a digest, a path `%path`."),
    ] = None
    variables: Annotated[
        dict[str, Scalar] | None,
        Meta(description="Environment variables that the code names, in the same way."),
    ] = None
    printed: Printed | None = None
    files: Annotated[dict[str, Written], Meta(description="Files that the command wrote.")] = {}
    raised: Annotated[Raised | None, Meta(description="What ended the script.")] = None
    features: Annotated[
        dict[str, Feature], Meta(description="Of a data set, where no run was recorded.")
    ] = {}
    exit_code: Annotated[
        int | None, Meta(description="How the command ended; null where no command was run.")
    ] = None

    def root(self, name: str) -> Root:
        """A model by its name. Raises KeyError."""
        for item in self.roots:
            if item.name == name:
                return item
        raise KeyError(name)

    def numbers(self) -> Iterator[int]:
        """Every number of a tensor that the record mentions."""
        nodes = [stage.value for stage in self.stages]
        for call in self.calls:
            nodes += [call.arguments, call.named, call.result]
            for leaf in call.leaves:
                yield from (*leaf.inputs(), *leaf.result.tensors())
                if leaf.sample is not None:
                    nodes += [leaf.sample.arguments, leaf.sample.named, leaf.sample.result]
            nodes += [replayed.result for replayed in call.replays or ()]
        for node in nodes:
            if node is not None:
                yield from node.tensors()
