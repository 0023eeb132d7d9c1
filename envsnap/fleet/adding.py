"""Takes answers of hosts into a store, in batches: memory does not grow with the fleet."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from msgspec import Struct

from envsnap.errors import InputError
from envsnap.fleet import answers, parts, pruning, rewrite, silence
from envsnap.fleet.parts import Shape
from envsnap.fleet.store import Row, Store, Taken, moment
from envsnap.intake.many import Answer, Part, Reader
from envsnap.model.paths import Path

BATCH = 1000
DAY = 86400
MOST_NAMED = 5


class Added(Struct, frozen=True, kw_only=True):
    """How many hosts were taken, how many were older than what is known, and who was refused.

    Of those taken, `new` were not in the store, and `changed` are of another kind than before.
    `late` names the first hosts of which the store has something later, `ahead` those whose answer
    is of a time that has not come yet: one of the two clocks is wrong.
    """

    hosts: int
    new: int
    changed: int
    older: int
    late: tuple[str, ...]
    ahead: tuple[str, ...]
    refused: tuple[str, ...]
    forgotten: int


def add(store: Store, paths: Sequence[str], keep_days: float | None = None) -> Added:
    """Add every host of folders and files; what is refused is named, and the rest goes on."""
    refused: list[str] = []
    silent: dict[str, str] = {}
    answered: set[str] = set()
    late: list[str] = []
    ahead: list[str] = []
    found = add_answers(store, _noting(_read(paths, refused, silent, answered), ahead), late)
    ahead += [name for name in late if name not in ahead and store.seen(name) > time.time() + DAY]
    with store.writing():
        silence.note(store.connection, silent, answered, _when(paths))
    forgotten = 0
    if keep_days is not None:
        with store.writing():
            forgotten = pruning.prune(store, int(time.time() - keep_days * DAY))
    return Added(
        hosts=found.total() - found["older"],
        new=found["new"],
        changed=found["changed"],
        older=found["older"],
        late=tuple(late),
        ahead=tuple(ahead),
        refused=tuple(refused),
        forgotten=forgotten,
    )


def add_answers(
    store: Store,
    answers_of_hosts: Iterator[tuple[tuple[str, ...], Answer]],
    late: list[str] | None = None,
) -> Counter[Taken]:
    """Add answers, each with its host's names; return how many were taken as what.

    The first hosts that the store has something later of are added to `late`.
    """
    found = Counter[Taken]()
    left_out = store.left_out()
    while batch := list(islice(answers_of_hosts, BATCH)):
        shapes: dict[int, Shape] = {}
        with store.writing():
            for names, answer in batch:
                taken = store.add(_row(names, answer, shapes, left_out))
                found[taken] += 1
                if taken == "older" and late is not None and len(late) < MOST_NAMED:
                    late.append(names[0])
            left_out = rewrite.quieten(store)
    return found


def _noting(
    read: Iterator[tuple[tuple[str, ...], Answer]], ahead: list[str]
) -> Iterator[tuple[tuple[str, ...], Answer]]:
    """The same; the first hosts whose answer is of a time to come are noted."""
    soon = time.time() + DAY
    for names, answer in read:
        if len(ahead) < MOST_NAMED and answer.created_at and moment(answer.created_at) > soon:
            ahead.append(names[0])
        yield names, answer


def _row(
    names: tuple[str, ...], answer: Answer, shapes: dict[int, Shape], left_out: frozenset[Path]
) -> Row:
    return Row(
        names=names,
        target=answer.target,
        created_at=answer.created_at,
        parts=[(_shape(part, shapes, left_out), part) for part in answer.parts],
    )


def _shape(part: Part, shapes: dict[int, Shape], left_out: frozenset[Path]) -> Shape:
    found = shapes.get(id(part))
    if found is None:
        found = shapes[id(part)] = parts.shape(part, left_out)
    return found


def _read(
    paths: Sequence[str], refused: list[str], silent: dict[str, str], answered: set[str]
) -> Iterator[tuple[tuple[str, ...], Answer]]:
    """The answers of files; who was refused or gave none is `silent`, with the reason."""
    reader, taken = Reader(parts.look), set[str]()
    for file in answers.files(paths, silent):
        try:
            for answer in reader.file(file):
                names = tuple(_spelled(name) for name in answers.names(answer, taken))
                answered.add(names[0])
                yield names, answer
        except InputError as error:
            refused.append(str(error))
            silent[_spelled(answers.host_of(file))] = answers.refusal(file, error)
        reader.forget()
    for name in answered:
        silent.pop(name, None)


def _spelled(name: str) -> str:
    """A name as text; bytes that are no UTF-8 become escapes."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _when(paths: Sequence[str]) -> int:
    """When the latest record of who was asked was written, in seconds since 1970; without one now."""
    found = [os.path.join(path, answers.RECORD) for path in paths]
    times = [int(os.stat(path).st_mtime) for path in found if os.path.isfile(path)]
    return max(times, default=int(time.time()))
