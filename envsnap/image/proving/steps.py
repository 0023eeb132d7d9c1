"""The steps of an image's history below the plan's end: whether they are the plan's, and no others.

Whoever adds a line to a Dockerfile, or edits one, leaves it in the history of the image. What a step
copies is told by digests elsewhere; here it counts that there are as many, and whom they belong to.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from envsnap.changes.change import ChangeKind
from envsnap.image.proving.fact import Fact
from envsnap.image.records import Plan
from envsnap.image.writing import dockerfile, render
from envsnap.image.writing import instructions as ins
from envsnap.model.paths import text

SHELL = "/bin/sh -c "
SETTING = "#(nop)"
FILES = re.compile(r"(?:/bin/sh -c #\(nop\) +)?(?:COPY|ADD) ")
# An engine joins the flag with what it copies: --chown=10001:10001dir:…
GIVES = re.compile(
    r"--(?:chown|chmod)=(?:[0-9]{1,10}(?::[0-9]{1,10})?|[a-z_][\w-]{0,30}(?::[a-z_][\w-]{0,30})?(?=\s))"
)
BUILT_BY = re.compile(r"\s*# buildkit\s*\Z")
BLANKS = re.compile(r"\\\n|\s+")
LONGEST = 100
NOT_OF_THE_PLAN = "a step of the image's history that is not the plan's"


def strange(plan: Plan, lines: Sequence[str]) -> Iterator[Fact]:
    """Yield steps that are not the plan's; `lines` stand above the base's, the oldest first."""
    ordered = _ordered(plan)
    ours = [_command(part) for part in ordered if isinstance(part, ins.Run)]
    wanted = Counter(map(_squeezed, ours))
    for line in lines:
        if not _is_run(line):
            continue
        command = BUILT_BY.sub("", line.partition(SHELL)[2])
        if wanted[_squeezed(command)] > 0:
            wanted[_squeezed(command)] -= 1
        else:
            yield _fact(_otherwise(" ".join(command.split()), ours))
    yield from _owned(ordered, lines)
    copies = sum(isinstance(part, ins.Copy | ins.Unpack | ins.Fetch) for part in ordered)
    found = [line for line in lines if FILES.match(line)]
    if len(found) > copies:
        yield _fact(f"{len(found)} times COPY or ADD, and {copies} in the plan")


def _owned(ordered: Sequence[ins.Instruction], lines: Sequence[str]) -> Iterator[Fact]:
    """Yield owners that a copy gives its files, and the plan's copies do not."""
    wanted = Counter(flag for part in ordered for flag in GIVES.findall(render.dockerfile([part])))
    for line in lines:
        for flag in GIVES.findall(line) if FILES.match(line) else ():
            if wanted[flag] > 0:
                wanted[flag] -= 1
            else:
                yield _fact(f"COPY with {flag}")


def _otherwise(command: str, ours: Iterable[str]) -> str:
    """A command, from where it parts from the plan's that begins most like it."""
    begins = (_common(command, " ".join(BLANKS.sub(" ", one).split())) for one in ours)
    same = max(begins, default=0)
    if same < LONGEST // 2:
        return command[:LONGEST]
    start = command.rfind(" ", 0, max(0, same - LONGEST // 4)) + 1
    return f"…{command[start : start + LONGEST]}"


def _common(one: str, other: str) -> int:
    """How many letters two texts have in common from their beginning on."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _ordered(plan: Plan) -> list[ins.Instruction]:
    """The plan's instructions that end up in the image's history: of its base's stage, and of the last."""
    stages: list[tuple[ins.From, list[ins.Instruction]]] = []
    for part in dockerfile.build(plan):
        if isinstance(part, ins.From):
            stages.append((part, []))
        elif stages:
            stages[-1][1].append(part)
    kept = [parts for start, parts in stages[:-1] if start.name == "base"]
    return [part for parts in (*kept, stages[-1][1]) for part in parts]


def _command(part: ins.Run) -> str:
    return render.dockerfile([part]).removeprefix("RUN ")


def _is_run(line: str) -> bool:
    return SHELL in line and SETTING not in line.partition(SHELL)[2][: len(SETTING)]


def _squeezed(command: str) -> str:
    """A command without blanks: builders fold lines in their own ways."""
    return BLANKS.sub("", command)


def _fact(told: str) -> Fact:
    return Fact(
        path=text(("image", "steps", told)),
        kind=ChangeKind.ADDED,
        captured=None,
        inside="done",
        reason=NOT_OF_THE_PLAN,
    )
