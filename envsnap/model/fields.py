"""What a field of the model is: its meaning in words, and the kind of fact it holds.

The kind decides whether a field is compared, counted in digests, and expected of a container.
It travels in the JSON Schema as `x-envsnap-kind`. A field that came later than the first
revision also says since which one (`x-envsnap-since`): a manifest of an older revision does not
say that such a fact is absent.
"""

from enum import Enum
from types import UnionType
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import fields as struct_fields

KIND_KEY = "x-envsnap-kind"
SINCE_KEY = "x-envsnap-since"


class Kind(Enum):
    """What sort of fact a field holds."""

    PORTABLE = "portable"  # a container can carry it
    HOST = "host"  # shapes results, cannot be carried
    LOCATION = "location"  # where things lie; not compared
    VOLATILE = "volatile"  # different at every look; not compared


COMPARED = (Kind.PORTABLE, Kind.HOST)

Text: TypeAlias = str | UnsetType | None
Whole: TypeAlias = int | UnsetType | None
Number: TypeAlias = float | UnsetType | None
Flag: TypeAlias = bool | UnsetType | None
Texts: TypeAlias = tuple[str, ...] | UnsetType | None
TextMap: TypeAlias = dict[str, str] | UnsetType


def portable(words: str, since: int = 0) -> Meta:
    """Describe a fact that a container can carry."""
    return _meta(words, Kind.PORTABLE, since)


def host(words: str, since: int = 0) -> Meta:
    """Describe a fact of the machine that shapes results and cannot be carried."""
    return _meta(words, Kind.HOST, since)


def location(words: str, since: int = 0) -> Meta:
    """Describe where something lies, or how it got there."""
    return _meta(words, Kind.LOCATION, since)


def volatile(words: str, since: int = 0) -> Meta:
    """Describe what names this very machine, or changes by itself."""
    return _meta(words, Kind.VOLATILE, since)


def _meta(words: str, kind: Kind, since: int) -> Meta:
    extra: dict[str, Any] = {KIND_KEY: kind.value, **({SINCE_KEY: since} if since else {})}
    return Meta(description=words, extra_json_schema=extra)


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A group of facts. A missing fact is UNSET; an explicit null is a fact."""


class Section(Record, frozen=True, kw_only=True):
    """A named part of the manifest.

    `gaps` says what could not be learned: a path inside the section (it stands for everything
    below it) and the reason, which starts with absent, denied, timeout, error, redacted,
    "not asked" or "not stated".
    """

    complete: Annotated[
        bool,
        Meta(
            description="Whether a fact that is missing here is known to be absent. If false, "
            "it is unknown."
        ),
    ]
    names_complete: Annotated[
        bool | UnsetType,
        Meta(
            description="Whether the list of names is complete although not all facts of each "
            "entry are stated, as in a list of names and versions.",
            extra_json_schema={SINCE_KEY: 2},
        ),
    ] = UNSET
    digest: Annotated[
        str | UnsetType,
        Meta(description="SHA-256 over the section's portable and host facts."),
    ] = UNSET
    gaps: Annotated[
        dict[str, str],
        Meta(description="What could not be learned: path inside the section, and the reason."),
    ] = {}


class Field(Struct, frozen=True):
    """One field of a record, as the walk and the digests need it."""

    name: str
    kind: Kind
    record: type[Struct] | None  # the record type of the value, if it is one
    items: type[Struct] | None  # the record type of the map's values, if it is a map of records
    is_map: bool
    is_entries: bool
    since: int  # the schema revision that has it first


_PLANS: dict[type[Struct], tuple[Field, ...]] = {}
BOOKKEEPING = ("complete", "names_complete", "digest", "gaps")


def plan(record: type[Struct]) -> tuple[Field, ...]:
    """Return the fields of a record type that hold facts, in the order they are declared."""
    if record not in _PLANS:
        _PLANS[record] = tuple(
            _field(item.name, item.type)
            for item in struct_fields(record)
            if item.name not in BOOKKEEPING
        )
    return _PLANS[record]


def _field(name: str, annotation: Any) -> Field:
    kind, since = Kind.PORTABLE, 0
    if get_origin(annotation) is Annotated:
        inner, *notes = get_args(annotation)
        for note in notes:
            if isinstance(note, Meta) and note.extra_json_schema:
                kind = Kind(note.extra_json_schema.get(KIND_KEY, kind.value))
                since = note.extra_json_schema.get(SINCE_KEY, since)
        annotation = inner
    choices = get_args(annotation) if _is_union(annotation) else (annotation,)
    record = next((choice for choice in choices if _is_record(choice)), None)
    mapping = next((choice for choice in choices if get_origin(choice) is dict), None)
    items = get_args(mapping)[1] if mapping is not None else None
    return Field(
        name=name,
        kind=kind,
        record=record,
        items=items if _is_record(items) else None,
        is_map=mapping is not None,
        is_entries=name == "entries",
        since=since,
    )


def _is_union(annotation: Any) -> bool:
    # Before Python 3.14 `X | Y` and `Union[X, Y]` are of two types.
    return get_origin(annotation) in (Union, UnionType)


def _is_record(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Struct)
