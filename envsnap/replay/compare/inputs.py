"""Compares what two models were given, by name, and says what was done to it where it differs."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from envsnap.replay.compare import batches, contract, distance, ids, numbers, pictures
from envsnap.replay.compare.ids import Told
from envsnap.replay.compare.view import View, plain_values
from envsnap.replay.esr.recording import Picture, Tensor

# As much is rounding, in steps of float32: a layer may be off by it, an input may, too.
QUIET = 2e-6
HALF = "float16", "bfloat16"
# What follows from token ids, and is not told beside them.
FOLLOWING = ("attention_mask", "position_ids", "token_type_ids", "cache_position", "decoder_")
# Switches that say how a result is given, not which one.
NO_INPUTS = ("return_dict", "output_attentions", "output_hidden_states", "use_cache")


class Found(Struct, frozen=True, kw_only=True):
    """What the inputs show; no cause where they are equal, or equal but for rounding."""

    count: int
    details: tuple[str, ...] = ()
    cause: str = ""
    fix: str = ""
    noise: float = 0.0
    dtypes: bool = False  # nothing but dtypes differs
    whole: bool = False  # nothing but dtypes of whole numbers differs
    forms: bool = False  # another shape, or other arguments
    batches: bool = False  # nothing but the number of rows differs
    rounded: bool = False  # nothing but pictures, by no more than one of 255 levels
    optional: bool = False  # nothing but arguments that one of the runs leaves out

    @property
    def same(self) -> bool:
        """Whether every bit is."""
        return not self.cause and not self.noise


class _One(Struct, frozen=True, kw_only=True):
    """What one input shows."""

    told: Told | None = None
    noise: float = 0.0
    details: tuple[str, ...] = ()
    dtype: bool = False
    form: bool = False
    batch: bool = False
    whole: bool = False
    optional: bool = False
    name: str = ""


def compare(golden: View, other: View) -> Found:
    """Compare the inputs of a call."""
    here, there = contract.met(golden, other)
    shared = [name for name in here if name in there]
    looked = [
        _one((golden, golden.tensor(here[name])), (other, other.tensor(there[name])), name)
        for name in shared
    ]
    looked += _arguments(golden, other, here, there)
    noise = max((item.noise for item in looked), default=0.0)
    details = tuple(line for item in looked for line in item.details)
    return _joined(looked, Found(count=len(here), details=details, noise=noise))


def _joined(looked: list[_One], found: Found) -> Found:
    """The cause that the inputs show together: the first one's, and up to two others."""
    told = [(item, item.told) for item in looked if item.told is not None]
    if not told:
        return found
    follows = any(ids.is_token(item.name) for item, _ in told)
    # What follows from ids, or from a mask, is not told before them.
    told.sort(key=lambda pair: pair[0].name.startswith(FOLLOWING if follows else FOLLOWING[1:]))
    others = [
        one.cause for item, one in told[1:] if not (follows and item.name.startswith(FOLLOWING))
    ][:2]
    first = told[0][1]
    return msgspec.structs.replace(
        found,
        details=(*found.details, *others),
        cause="; ".join((f"inputs differ: {first.cause}", *others)),
        fix=first.fix,
        dtypes=all(item.dtype for item, _ in told),
        whole=all(item.dtype and item.whole for item, _ in told),
        forms=any(item.form for item, _ in told),
        batches=all(item.batch for item, _ in told),
        rounded=all(item.rounded for _, item in told),
        optional=all(item.optional for item, _ in told),
    )


def _arguments(
    golden: View, other: View, here: dict[str, int], there: dict[str, int]
) -> list[_One]:
    """Inputs that one run gives and the other does not, and plain values that differ."""
    found = []
    for name in here:
        if name not in there:
            cause = f"{name} is not given here; the golden run gives it"
            fix = f"Pass {name} to the model."
            found.append(_One(told=Told(cause, fix), details=(cause,), form=True, optional=True))
    for name in there:
        if name not in here:
            cause = f"{name} is given here and not in the golden run"
            fix = f"Leave {name} out, or record again if this is intended."
            found.append(_One(told=Told(cause, fix), details=(cause,), form=True, optional=True))
    one, two = plain_values(golden), plain_values(other)
    for name in one.keys() & two.keys():
        if one[name] != two[name] and name not in NO_INPUTS:
            cause = f"{name}: {one[name]} -> {two[name]}"
            found.append(_One(told=Told(cause, f"Pass {name}={one[name]}."), details=(cause,)))
    return found


def _one(here: tuple[View, Tensor], there: tuple[View, Tensor], name: str) -> _One:
    """Compare one input: what it should be, then what it holds."""
    (golden, one), (other, two) = here, there
    if one.same(two) or _are_unread(one, two):
        return _One()
    details = tuple(_statistics(one, two, name))
    noise = _noise(golden, one, other, two)
    if noise is not None:
        return _One(noise=noise, details=details)
    broken = contract.breaches(one, two)
    if one.dtype != two.dtype or one.shape != two.shape:
        only = one.shape == two.shape
        batch = one.dtype == two.dtype and len(one.shape) > 1 and one.shape[1:] == two.shape[1:]
        return _One(
            told=_form(here, there, name), details=details, dtype=only, form=not only,
            batch=batch and not only, name=name, whole="int" in one.dtype and "int" in two.dtype,
        )  # fmt: skip
    found = _values(here, there, name)
    fix = found.fix
    cause = found.cause if found.cause.startswith(f"{name}") else f"{name}: {found.cause}"
    if broken and not ids.is_token(name):
        cause = f"{name} expects {contract.broken_text(one, two)} ({found.cause.removeprefix(name + ': ')})"
        fix = " ".join(dict.fromkeys((*(item.fix for item in broken), found.fix)))
    rounded = found.rounded and not broken
    return _One(
        told=Told(cause, fix, rounded=rounded), details=(*details, *found.details), name=name
    )


def _are_unread(one: Tensor, two: Tensor) -> bool:
    """Whether nobody could read either: of two of one form nothing is known to differ."""
    form = (one.dtype, one.shape) == (two.dtype, two.shape)
    return form and one.crc32 is None and two.crc32 is None


def _noise(golden: View, one: Tensor, other: View, two: Tensor) -> float | None:
    """How far two inputs are apart, where that is no more than rounding; else None."""
    if "float" not in one.dtype or one.dtype != two.dtype or one.shape != two.shape:
        return None
    if (one.nan, one.inf) != (two.nan, two.inf) or one.sketch is None or two.sketch is None:
        return None
    sketches = golden.recording.sketches[one.sketch], other.recording.sketches[two.sketch]
    scale = distance.length(sketches[0])
    apart = distance.length([a - b for a, b in zip(*sketches, strict=True)]) / (scale or 1.0)
    return max(apart, distance.LEAST) if apart <= _allowed(one) else None


def _allowed(tensor: Tensor) -> float:
    """How far an input may be apart: by its last bits, in half precision a quarter of a step."""
    if tensor.dtype in HALF:
        return 0.25 * distance.EPSILON[tensor.dtype]
    return QUIET * distance.scale_of(tensor)


def _form(here: tuple[View, Tensor], there: tuple[View, Tensor], name: str) -> Told:
    """Two tensors of another dtype or shape."""
    (golden, one), (other, two) = here, there
    whole = "int" in one.dtype and "int" in two.dtype
    if whole and one.shape != two.shape:
        return ids.compare(golden, one, other, two, name)
    broken = contract.breaches(one, two)
    if not broken:
        return _batch(one, two, name)
    cause = "; ".join(item.told for item in broken)
    fix = " ".join(item.fix for item in broken)
    if golden.call.pictures and len(one.shape) == len(two.shape):
        fix = fix.replace(contract.ANY_SHAPE, "Resize, crop and pad as the golden run does.")
    return Told(f"{name} expects {contract.broken_text(one, two)} ({cause})", fix)


def _batch(one: Tensor, two: Tensor, name: str) -> Told:
    left_out = _left_out(one.rows, two.rows)
    if left_out:
        cause = f"{name}: {len(left_out)} of the golden run's {len(one.rows)} rows are missing here, the first is row {left_out[0] + 1}"
        return Told(cause, "Give the model all rows that the golden run gives: look for what leaves some out.")  # fmt: skip
    more = _left_out(two.rows, one.rows)
    if more:
        cause = f"{name}: {len(more)} rows more than the golden run's {len(one.rows)}, the first is row {more[0] + 1} here"
        return Told(cause, "Give the model the golden run's rows: look for what adds to them.")
    cause = f"{name}: another batch, shape {list(one.shape)} -> {list(two.shape)}"
    return Told(cause, "Use the golden run's batch size.")


def _left_out(many: Sequence[str], few: Sequence[str]) -> list[int]:
    """The places of rows that are not among others, where all of those are here in their order."""
    places = batches.among(few, many) if few else None
    return [] if places is None else sorted({*range(len(many))}.difference(places))


def _values(here: tuple[View, Tensor], there: tuple[View, Tensor], name: str) -> Told:
    """Two tensors of one form."""
    (golden, one), (other, two) = here, there
    found = [_picture(view, tensor) for view, tensor in (here, there)]
    is_picture = found[0] is not None and found[1] is not None
    whole = "int" in one.dtype or one.dtype == "bool"
    if whole and not (is_picture and one.dtype == "uint8"):  # bytes with colours are no ids
        return ids.compare(golden, one, other, two, name)
    if found[0] is not None and found[1] is not None:
        exact = numbers.exact(golden, one, other, two, name)
        if exact is not None:
            return exact
        told = pictures.compare((golden.recording, one, found[0]), (other.recording, two, found[1]))
        return Told(told.cause, told.fix, told.details, told.rounded)
    return numbers.compare(golden, one, other, two, name)


def _picture(view: View, tensor: Tensor) -> Picture | None:
    """What was recorded of an input that looks like a picture."""
    numbered = {item.number for item in contract.inputs(view)}
    for key, picture in view.call.pictures.items():
        if int(key) in numbered and view.tensor(int(key)) is tensor:
            return picture
    return None


def _statistics(one: Tensor, two: Tensor, name: str) -> list[str]:
    lines = []
    for what, a, b in (
        ("dtype", one.dtype, two.dtype),
        ("shape", list(one.shape), list(two.shape)),
        ("NaN", one.nan, two.nan),
        ("Inf", one.inf, two.inf),
        ("minimum", _short(one.min), _short(two.min)),
        ("maximum", _short(one.max), _short(two.max)),
        ("mean", _short(one.mean), _short(two.mean)),
    ):
        if a != b:
            lines.append(f"{name}: {what} {a} -> {b}")
    return lines or [f"{name}: other values"]


def _short(value: float | None) -> str:
    return "?" if value is None else f"{value:.5g}"
