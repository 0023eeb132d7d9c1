"""`pip freeze`, and `pip list --format freeze`: what is installed, as pins."""

from __future__ import annotations

import re

from msgspec import UNSET

from envsnap.intake.formats import names, requirement_lines, requirements_txt, transcript
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.requirement_lines import Line
from envsnap.intake.formats.source import Source
from envsnap.knowledge.names import canonical
from envsnap.model.python import Package

# pip's own kin, which `pip freeze` leaves out.
LEFT_OUT = ("pip", "setuptools", "wheel", "distribute")
NOT_BY_HAND = 40
ENOUGH, MOST_AROUND = 8, 4  # pins in order, and lines around them
UTF16 = (b"\xff\xfe", b"\xfe\xff")
BEHIND = re.compile(r"^\s*[^#\s].*\s#")  # a remark behind a pin: pip writes none
PIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}==[^\s;#]{1,80}$")
COMMAND = re.compile(r"(?:pip3?(?:\.\d+)?|uv pip|python\S* -m pip)\s+(?:freeze|list\b.*freeze)")
NOTICE = re.compile(
    r"(?:WARNING|DEPRECATION|ERROR|\[notice\]|You are using pip|You should consider"
    r"|Using Python [\w.+]+ (?:environment|interpreter) at: )"  # uv
)
ADDED = "## The following requirements were added by pip freeze:"
OWN_COMMENT = re.compile(
    r"# Editable .*install |# '.*'$|## !! Could not determine|# \(.*\)$|## FIXME:|# pip freeze|## The following requirements were added by pip freeze:"
)


def recognise(source: Source) -> bool:
    """All lines are pins in the order in which pip writes them, or the command stands above."""
    said = transcript.after(source, COMMAND)
    if said is not None:
        return bool(_pins(_lines(said)))
    told = tuple(line for line in source.lines if not NOTICE.match(line.strip()))
    if not requirement_lines.may_be(told):
        return False
    lines = _within(_lines(told), source)
    if not lines or not _is_frozen(lines) or any(map(BEHIND.search, source.lines)):
        return False
    if not (_are_many(lines) or requirements_txt.is_of_packages(source, lines)):
        return False
    return _is_exact(lines) or (_is_sorted(lines) and not _is_asked_for(source, lines))


def _within(lines: list[Line], source: Source) -> list[Line]:
    """The lines without a few that stand above or below many pins in order, and ask for nothing.

    A heading, or what a notebook or a log says, makes no list of requirements out of a frozen one.
    """
    places = [place for place, line in enumerate(lines) if is_pin(line)]
    if len(places) < ENOUGH or requirements_txt.FILE.fullmatch(source.base.lower()) is not None:
        return lines
    pins = lines[places[0] : places[-1] + 1]
    around = [*lines[: places[0]], *lines[places[-1] + 1 :]]
    words = all(line.kind in ("junk", "comment") or _is_a_word(line) for line in around)
    fits = len(around) <= MOST_AROUND and words and len(pins) == len(places) and _is_sorted(pins)
    return pins if fits else lines


def _is_a_word(line: Line) -> bool:
    """Whether a line is a word alone, which asks for no version."""
    return line.kind == "requirement" and re.fullmatch(r"[\w.-]+", line.text) is not None


def _is_asked_for(source: Source, lines: list[Line]) -> bool:
    """Whether pins stand in a file of requirements that a hand may have written.

    A few pins in order are a freeze as well as a list of what to install. The file's name decides,
    unless only pip writes such a line, PowerShell wrote the file, or nobody writes so many.
    """
    redirected = source.data.startswith(UTF16)
    shown = any(line.kind == "comment" or "file://" in line.text for line in lines)
    named = requirements_txt.FILE.fullmatch(source.base.lower()) is not None
    return named and not redirected and not shown and len(lines) < NOT_BY_HAND


def _lines(lines: tuple[str, ...]) -> list[Line]:
    return list(requirement_lines.parse(line for line in lines if not NOTICE.match(line.strip())))


def _pins(lines: list[Line]) -> list[Line]:
    return [line for line in lines if is_pin(line)]


def is_pin(line: Line) -> bool:
    """Whether a line names one version or one place, as pip writes it."""
    if line.kind == "editable":
        return True
    choice = line.choice
    plain = choice.marker is UNSET and choice.extras is UNSET and choice.specifier is UNSET
    return line.kind == "requirement" and plain and (
        choice.version is not UNSET or choice.origin is not UNSET
    )  # fmt: skip


def _is_frozen(lines: list[Line]) -> bool:
    told = [line for line in lines if line.kind != "comment"]
    foreign = [
        line for line in lines if line.kind == "comment" and not OWN_COMMENT.match(line.text)
    ]
    hashed = any("--hash" in line.text for line in lines)
    return bool(told) and not foreign and not hashed and all(map(is_pin, told)) and any(
        line.choice.version is not UNSET for line in told
    )  # fmt: skip


def _is_sorted(lines: list[Line]) -> bool:
    """Pip sorts by the lower-cased name, uv by the canonical one; `-e .` may stand anywhere."""
    told = [line for line in lines if line.kind == "requirement"]
    spelled = [re.split(r"[=@\s]", line.text, maxsplit=1)[0].lower() for line in told]
    canonical = [line.name for line in told]
    return spelled == sorted(spelled) or canonical == sorted(canonical)


def _are_many(lines: list[Line]) -> bool:
    """Many exact pins in order, of which nobody needs to know the names: they may be a company's own."""
    return (
        len(lines) >= ENOUGH and all(PIN.match(line.text) for line in lines) and _is_sorted(lines)
    )


def _is_exact(lines: list[Line]) -> bool:
    """Whether a line is one that only pip writes: a checkout by its commit, what `freeze -r` says."""
    return any(
        line.text.startswith(ADDED)
        or (
            line.kind == "editable"
            and line.choice.origin is not UNSET
            and line.choice.origin.commit is not UNSET
        )
        for line in lines
    )


def read(source: Source) -> Draft:
    """The packages; complete in its names but for pip and its kin."""
    draft = Draft("the output of pip freeze", "installed")
    said = transcript.after(source, COMMAND)
    unfinished = source.cut if said is None else ""
    for line in _lines(source.lines if said is None else said):
        if line.kind == "comment":
            continue
        if not is_pin(line) or not line.name:
            draft.leave("lines without a name" if line.kind == "editable" else "other lines")
            continue
        add(draft, line)
    if unfinished:
        cut(draft, unfinished)
    for name in LEFT_OUT:
        if not draft.has("packages", name):
            draft.gap("packages", (name,), "not stated: pip freeze leaves it out")
    whole = not unfinished and not transcript.PART.search(transcript.typed(source, COMMAND))
    draft.list_packages(whole=whole)
    return draft


def add(draft: Draft, line: Line) -> None:
    """Add the distribution that a line pins."""
    choice = line.choice
    if choice.version is UNSET:
        draft.gap("packages", (line.name, "version"), "not stated: the address names no version")
    version = choice.version
    if isinstance(version, str) and draft.doubt(canonical(line.name), version):
        version = UNSET  # two folders of sys.path have it, and pip does not say which is imported
    draft.package(
        line.name, Package(version=version, origin=choice.origin, editable=choice.editable)
    )


def cut(draft: Draft, text: str) -> None:
    """Keep the name of a last line that has no end: its version may be cut."""
    name, mark, _ = text.partition("==")
    if mark and names.is_name(name.strip()):
        key = canonical(name.strip())
        draft.package(key)
        draft.gap("packages", (key, "version"), "not stated: its line has no end and may be cut")
    draft.leave_end(text)
