"""What a release was built against, and what it fails beside: asks the table of the same name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from envsnap.knowledge import tables
from envsnap.knowledge.between_releases import between_releases, named
from envsnap.knowledge.specifiers import contains
from envsnap.knowledge.tables import table

# What happens otherwise, worst first: of one neighbour the worst is told.
OWN = "{version}"  # in a range: the release of the package itself
GRAVEST = ("wrong results", "import fails", "run fails", "feature off", "slower", "untested")


class Misfit(Struct, frozen=True):
    """Two releases that do not belong together.

    `wanted` is what the row asks for, `have` what is there; `row` is the knowledge it rests on.
    `of_a_build`: the published files were compiled for something else, which files that were
    built on the host are not.
    """

    package: str
    needs: str
    wanted: str
    have: str
    row: dict[str, Any]
    of_a_build: bool = False


def misfits(package: str, version: str, have: Callable[[str], str | None]) -> Iterator[Misfit]:
    """Where an installed release does not fit what is beside it.

    `have` gives the version of a distribution, or of cuda, cudnn, driver and python; None for
    what is absent or not known. Versions that are none say nothing.
    """
    told: set[str] = set()
    rows = table("built_against")["rows"].get(package, ())
    mine = [row for row in rows if contains(row["versions"], version)]
    between = between_releases(rows, version, {name for row in mine for name in named(row)})
    for row in sorted((*mine, *between), key=lambda row: GRAVEST.index(row["how"])):
        for found in (*_needs(package, version, row, have), *_builds(package, row, have)):
            if found.needs not in told:
                told.add(found.needs)
                yield found


def source(row: dict[str, Any]) -> str:
    """Where a row is written down."""
    return tables.source("built_against", row["source"])


def symptoms(package: str, version: str) -> Iterator[dict[str, Any]]:
    """The rows of an installed release that say what is printed when it does not fit."""
    for row in table("built_against")["rows"].get(package, ()):
        if row.get("symptom") and contains(row["versions"], version):
            yield row


def fitting(package: str, needs: str, have: str) -> str | None:
    """The newest releases of a package, as a specifier, that a row says fit what is there."""
    fits = [
        row["versions"]
        for row in table("built_against")["rows"].get(package, ())
        if row["versions"].startswith("==")
        and (_is_bounded(row, needs, have) or _was_built_for(row, needs, have))
    ]
    return str(fits[-1]) if fits else None


def read_on() -> str:
    """The day on which the table was read."""
    return str(table("built_against")["read_on"])


def _needs(
    package: str, version: str, row: dict[str, Any], have: Callable[[str], str | None]
) -> Iterator[Misfit]:
    for name, asked in row.get("needs", {}).items():
        there, wanted = have(name), asked.replace(OWN, version)
        if there is not None and contains(wanted, there) is False:
            yield Misfit(package, name, wanted, there, row)


def _builds(
    package: str, row: dict[str, Any], have: Callable[[str], str | None]
) -> Iterator[Misfit]:
    for name in ("torch", "cuda"):
        built = row.get("built_for", {}).get(name)
        there = have(name) if built else None
        if built and there is not None and not any(_is_of(there, item) for item in built):
            yield Misfit(package, name, ", ".join(built), there, row, of_a_build=True)


def _is_bounded(row: dict[str, Any], needs: str, have: str) -> bool:
    """Whether a row gives a range with an end, and the version lies in it: a floor promises nothing."""
    wanted = row.get("needs", {}).get(needs, "")
    return ("==" in wanted or "<" in wanted) and contains(wanted, have) is True


def _was_built_for(row: dict[str, Any], needs: str, have: str) -> bool:
    return any(_is_of(have, item) for item in row.get("built_for", {}).get(needs, ()))


def _is_of(have: str, built: str) -> bool:
    """Whether a version is of a release that is given to as many places as matter."""
    there = have.partition("+")[0].split(".")
    return there[: built.count(".") + 1] == built.split(".")
