"""What a line of a lock or a list asks for in a word, and whether two lines can be met together."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET

from envsnap.changes.ranges import in_range, is_one_range
from envsnap.model.wanted import Choice, Requirement

ARCHIVES = (".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".whl")


def choices(requirement: Requirement) -> tuple[Choice, ...]:
    """The lines that ask for a distribution."""
    alternatives = requirement.alternatives
    return (requirement,) if alternatives is UNSET else alternatives


def spelled(choice: Choice) -> str | None:
    """What a line asks for in a word: a version, a range, what it names of a repository; None for any."""
    if isinstance(choice.version, str):
        return choice.version
    if isinstance(choice.specifier, str):
        return choice.specifier
    return commit(choice) or named(choice)


def commit(choice: Choice) -> str | None:
    """The commit of a repository that a line names."""
    origin = choice.origin
    return origin.commit if origin is not UNSET and isinstance(origin.commit, str) else None


def named(choice: Choice) -> str | None:
    """`@` and the tag or branch of a repository; of an archive that states no version, its name."""
    url = choice.origin.url if choice.origin is not UNSET else UNSET
    if not isinstance(url, str) or choice.origin is UNSET or commit(choice):
        return None
    last = url.rstrip("/").rpartition("/")[2]
    if choice.origin.vcs is UNSET:
        return last if last.endswith(ARCHIVES) else None
    _, at, reference = last.rpartition("@")
    return at + reference if at else None


def meets(choice: Choice, version: str) -> bool | None:
    """Whether a version is what a line asks for; None where the line cannot be read."""
    if isinstance(choice.version, str):
        return in_range(f"=={choice.version}", version, otherwise=choice.version == version)
    if isinstance(choice.specifier, str):
        return in_range(choice.specifier, version, otherwise=None)
    return True


def alike(mine: Mapping[str, Choice], theirs: Mapping[str, Choice]) -> bool:
    """Whether two requests can be met by one version: a range holds the version that is named."""
    if not mine or not theirs:
        return not mine and not theirs
    if set(mine) == set(theirs):
        return True
    if min(len(mine), len(theirs)) > 1 and _are_pins(mine) and _are_pins(theirs):
        return False  # conda asks for one and pip for another, and both are installed
    return any(_meet(one, two) for one in mine.values() for two in theirs.values())


def _are_pins(lines: Mapping[str, Choice]) -> bool:
    return all(isinstance(choice.version, str) for choice in lines.values())


def _meet(one: Choice, two: Choice) -> bool:
    if isinstance(one.version, str) and isinstance(two.version, str):
        return one.version == two.version or _equal(one.version, two.version)
    if isinstance(one.version, str):
        return meets(two, one.version) is True
    if isinstance(two.version, str):
        return meets(one, two.version) is True
    mine, theirs = spelled(one), spelled(two)
    if mine is None or theirs is None:
        bounds = one.specifier, two.specifier  # a range is no difference to a tag or a commit
        return not any(isinstance(bound, str) for bound in bounds)
    if isinstance(one.specifier, str) and isinstance(two.specifier, str):
        return is_one_range(mine, theirs)
    return one_place(one, two)


def one_place(one: Choice, two: Choice) -> bool:
    """Whether two addresses can be of one state; a tag and a commit, or a range, can."""
    commits = commit(one), commit(two)
    if None not in commits:
        short, long = sorted(map(str, commits), key=len)
        return long.startswith(short)
    places = named(one), named(two)
    return None in places or places[0] == places[1]


def _equal(one: str, two: str) -> bool:
    from packaging.version import Version

    try:
        return Version(one) == Version(two)
    except ValueError:
        return False
