"""What makes the bad side work, as a script: every culprit and companion as on the good side."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from envsnap._version import __version__
from envsnap.bisection.result import PROVEN, Bisection, Difference
from envsnap.report import bisection_lines as said
from envsnap.report.fix import HEAD, LONGEST_VALUE, NAME, VARIABLE, VERSION
from envsnap.report.sanitize import plain


def render(found: Bisection) -> str:
    """Write the script; without a proof there is nothing to run in it."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Bisection) -> Iterator[str]:
    yield HEAD.format(
        version=__version__, other=plain(found.bad.name), reference=plain(found.good.name)
    )
    if found.outcome != PROVEN:
        yield f"# {plain(said.headline(found))}: there is nothing to do."
        return
    undone: dict[str, Difference] = {}
    for number, cause in enumerate(found.causes, 1):
        for word, item in said.members(cause):
            yield f"# {number}. {word}: {plain(item.path)}"
            undone[item.path] = item
    undone |= {item.path: item for item in found.needed}
    pins = []
    for item in undone.values():
        if item.kind == "package" and item.good is not None and _is_plain(item):
            pins.append(f"{_name(item)}=={item.good}")
        else:
            yield _step(item)
    if pins:
        yield f"install {' '.join(map(quote, pins))}"


def _name(item: Difference) -> str:
    """The distribution or the variable of a path; paths of plain names have no brackets."""
    return item.path.partition(".")[2] or item.path.partition('["')[2].removesuffix('"]')


def _is_plain(item: Difference) -> bool:
    """Whether a distribution can be named on a command line."""
    version_fits = item.good is None or VERSION.fullmatch(str(item.good)) is not None
    return NAME.fullmatch(_name(item)) is not None and version_fits


def _step(item: Difference) -> str:
    if item.kind == "package" and item.good is None and _is_plain(item):
        return f"uninstall {quote(_name(item))}"
    if item.kind == "variable" and VARIABLE.fullmatch(_name(item)):
        if item.good is None:
            return f"unset {_name(item)}"
        value = str(item.good)
        if len(value) <= LONGEST_VALUE and plain(value) == value:
            return f"export {_name(item)}={quote(value)}"
    if item.good is None:
        return f"# by hand: take out {plain(item.path)} (it is {plain(said.shown(item.bad))})"
    here = "it is not there" if item.bad is None else f"it is {plain(said.shown(item.bad))}"
    return f"# by hand: set {plain(item.path)} to {plain(said.shown(item.good))} ({here})"
