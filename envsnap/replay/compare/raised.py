"""Says of an exception what it was, where it was raised, and what could not be taken."""

from __future__ import annotations

import signal

from envsnap.replay.compare import contract
from envsnap.replay.compare.evidence import Answer
from envsnap.replay.compare.inputs import Found
from envsnap.replay.compare.view import View
from envsnap.replay.esr import archive
from envsnap.replay.esr.recording import Raised, Record, Tensor

KILLED = 128 + signal.SIGKILL


def quoted(item: Raised) -> str:
    """An exception as people read it."""
    message = f": {item.message}" if item.message else ""
    place = f" ({item.place})" if item.place else ""
    return f"{item.type}{message}{place}"


def ended(golden: Record, other: Record) -> str:
    """How the other run ended, where the golden one ended otherwise; empty: alike, or not known."""
    here, there = other.raised, golden.raised
    if here is not None and (there is None or quoted(here) != quoted(there)):
        instead = f"; the golden run raised {quoted(there)}" if there is not None else ""
        return f"the script raised {quoted(here)}{instead}"
    code, before = other.exit_code, golden.exit_code
    if there is not None and here is None and not code:
        return f"the golden run raised {quoted(there)}, and this run did not"
    if code is None or before is None or code == before:
        return ""
    return f"the command ended with exit code {_code(code)}, the golden run with {_code(before)}"


def both(golden: Record, other: Record) -> str:
    """How both ended alike, where neither ended as a command should; empty: at least one did."""
    if other.raised is not None and golden.raised is not None:
        return f"both runs raised {quoted(other.raised)}"
    code = other.exit_code
    return (
        f"both runs ended with exit code {_code(code)}" if code and code == golden.exit_code else ""
    )


def advice(golden: Record, other: Record) -> str:
    """What to do about an end that is another; empty: the models' results say more."""
    code = other.exit_code
    if golden.raised is not None or (golden.exit_code or 0) != 0:
        return "Record a golden run that ends as it should."
    if code == KILLED and other.raised is None:
        return (
            "Look for the out-of-memory killer (`dmesg`), the memory limit of the container or the"
            " job, and what else ends processes."
        )
    return "Run the command by itself and read what it prints last."


def _code(code: int) -> str:
    """An exit code, with the signal that a shell writes so."""
    try:
        return f"{code} ({signal.Signals(code - 128).name})" if code > 128 else str(code)
    except ValueError:
        return str(code)


def of_model(other: View, given: Found) -> Answer:
    """The answer where the model raised here and not in the golden run."""
    item = other.call.raised
    assert item is not None
    outside = _outside(other)
    parts = [outside, given.cause, f"the model raised {quoted(item)}"]
    fix = given.fix or "Run the command by itself and read the traceback."
    if outside:
        fix = "Use the golden run's tokenizer: its vocabulary has to be the model's."
    return Answer(
        outcome="diverged", subject="inputs" if given.cause or outside else "failure",
        cause="; ".join(part for part in parts if part), fix=fix,
    )  # fmt: skip


def _outside(view: View) -> str:
    """Which id no embedding has a row for, where that is what was raised."""
    item = view.call.raised
    if item is None or item.type not in ("IndexError", "AssertionError", "RuntimeError"):
        return ""
    layer = item.place.partition(" ")[0]
    rows = _rows_of(view, layer, item.message)
    if rows is None:
        return ""
    for entry in contract.inputs(view):
        tensor = view.tensor(entry.number)
        if "int" not in tensor.dtype or tensor.max is None or tensor.max < rows:
            continue
        value, where = _first_beyond(view, tensor, rows)
        word = "token id" if entry.name.endswith("ids") else entry.name
        return f"inputs: {word} {value}{where} of {entry.name} is outside of the {rows} rows of {layer or 'the embedding'}"
    return ""


def _rows_of(view: View, layer: str, message: str) -> int | None:
    """How many rows the embedding that raised has; where it is not known which, the largest."""
    module = view.root.modules.get(layer)
    rows = module.settings.get("num_embeddings") if module is not None else None
    if isinstance(rows, int):
        return rows
    if "index out of range" not in message:
        return None
    tables = [entry.settings.get("num_embeddings") for entry in view.root.modules.values()]
    return max((size for size in tables if isinstance(size, int)), default=None)


def _first_beyond(view: View, tensor: Tensor, rows: int) -> tuple[int, str]:
    """The first value that no row is for, and where it stands, if values are kept."""
    values = archive.flat_values(view.recording, tensor)
    if values is not None and tensor.shape:
        at = next((place for place, number in enumerate(values) if number >= rows), None)
        if at is not None:
            width = tensor.shape[-1] or 1
            return int(values[at]), f" at row {at // width}, position {at % width}"
    return int(tensor.max or 0), ""
