"""The record of a recorded run: `record.json` inside an `.esr` file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Literal

from msgspec import Meta, Struct

RECORDING_VERSION = 1
RECORDING_REVISION = 0
QUANTILES = 257

Count = Annotated[int, Meta(ge=0)]
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


class Tensor(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A distinct tensor: what it looked like, and its values where they were kept."""

    dtype: str
    shape: tuple[Count, ...]
    device: str = "cpu"
    crc32: Annotated[str | None, Meta(description="Of the values in logical order.")] = None
    nan: Count = 0
    inf: Count = 0
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    l2: Annotated[float | None, Meta(description="Euclidean length of the finite values.")] = None
    sketch: Annotated[Count | None, Meta(description="Row of sketch.npy.")] = None
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

    role: Literal["parameter", "buffer"]
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


class Call(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call of a model."""

    type: str
    grad: bool
    names: Annotated[
        tuple[str, ...], Meta(description="What the model's forward calls its arguments.")
    ] = ()
    opaque: Annotated[
        tuple[str, ...], Meta(description="Modules whose layers may not be seen, and why.")
    ] = ()
    modules: dict[str, Module]
    parameters: dict[str, Parameter]
    leaves: tuple[Leaf, ...]
    seconds: float | None = None
    failed: bool = False
    arguments: Node | None = None
    named: Node | None = None
    result: Node | None = None
    pictures: dict[str, Picture] = {}
    replays: tuple[Replayed, ...] | None = None
    repeats: Repeats | None = None
    kernels: tuple[Kernels, ...] | None = None

    def inputs(self) -> tuple[int, ...]:
        """The numbers of all tensors that the model was given."""
        parts = (self.arguments, self.named)
        return tuple(number for part in parts if part is not None for number in part.tensors())


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
    calls: tuple[Call, ...]
    tensors: tuple[Tensor, ...]
    features: Annotated[
        dict[str, Feature], Meta(description="Of a data set, where no run was recorded.")
    ] = {}
    exit_code: Annotated[
        int | None, Meta(description="How the command ended; null where no command was run.")
    ] = None

    def numbers(self) -> Iterator[int]:
        """Every number of a tensor that the record mentions."""
        for call in self.calls:
            for node in (call.arguments, call.named, call.result):
                if node is not None:
                    yield from node.tensors()
            for leaf in call.leaves:
                yield from (*leaf.inputs(), *leaf.result.tensors())
            for replayed in call.replays or ():
                if replayed.result is not None:
                    yield from replayed.result.tensors()
