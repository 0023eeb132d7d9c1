"""How likely a kind of difference is the cause, before anything is known of this one.

Among findings of one severity and one confidence the order follows what the facts do: what
computes comes first, then what nobody knows, then parts of the program, then tools. It never
follows the alphabet, which says nothing of causes.
"""

from __future__ import annotations

from envsnap.knowledge import releases, variables
from envsnap.knowledge.roles import FARTHEST, reach, role
from envsnap.knowledge.tables import is_trusted
from envsnap.knowledge.versions import Distance, distance
from envsnap.model.paths import Path
from envsnap.rules.finding import Effect, Finding

# What decides by itself what is computed, and seldom differs by chance.
DECISIVE = ("weights", "data", "files", "configs", "seeds", "determinism", "codecs", "gpus", "rocm",
            "driver", "cuda", "process", "env_vars")  # fmt: skip
MODES = ("debug", "gil", "optimize", "utf8_mode")  # of an interpreter: seldom other by chance
DISTRIBUTIONS = ("packages", "frameworks", "wanted")
REQUIRES = ("wanted", "requires_python")
MODEL, ARRAYS, MACHINE, AUXILIARY, UNKNOWN, RUNTIME, TOOLING = range(1, 8)
BY_REACH = (MODEL, ARRAYS, AUXILIARY)
BY_ROLE = {"unknown": UNKNOWN, "runtime": RUNTIME, "tooling": TOOLING}
OF_SYSTEM = {"cpu": MACHINE, "cpu_flags": MACHINE, "cpu_level": MACHINE, "architecture": MACHINE}
STEPS = (Distance.OTHER, Distance.MAJOR, Distance.MINOR, Distance.PATCH, Distance.BUILD)


def standing(finding: Finding, *, with_text: bool = False) -> tuple[int, int, int]:
    """A finding's place among its equals, lowest first.

    First what its fact does; a release that is known to break programs stands with the models'
    engines, and first among those. Then how far it moved. A text speaks for its cause by itself:
    what it does not name is the less likely for being known, and counts as any other.
    """
    if finding.path[0] not in DISTRIBUTIONS or finding.path[-1] != "version":
        return of_fact(finding.path), 0, 0
    step = STEPS.index(distance(finding.reference, finding.other))
    place = of_fact(finding.path)
    if place == UNKNOWN and finding.effect is Effect.NUMERICS:
        place = ARRAYS  # no table names it; its files or requirements show that it computes
    is_known = not with_text and _breaks(finding)
    return (min(place, MODEL) if is_known else place), (0 if is_known else 1), step


def _breaks(finding: Finding) -> bool:
    """Whether a release between the two versions is known to break programs, from a source."""
    name = finding.path[1].replace("_", "-").lower()
    rows = releases.between(name, finding.reference, finding.other)
    return any(row["severity"] == "error" and is_trusted(row["basis"]) for row in rows)


def of_fact(path: Path) -> int:
    """The place of a fact's kind."""
    section = path[0]
    if path[-1] == "installer":  # one version from two places is linked with other libraries
        return 0
    if section in DISTRIBUTIONS and len(path) > 1 and path != REQUIRES:
        return of_distribution(path[1].replace("_", "-").lower())
    if section == "python" and path[-1] in MODES:
        return 0
    if section == "python" or path == REQUIRES:
        return AUXILIARY
    if section == "system":
        return OF_SYSTEM.get(path[-1], RUNTIME)
    if section == "env_vars" and not variables.acts(path[-1]):
        return RUNTIME
    return 0 if section in DECISIVE else RUNTIME


def of_distribution(name: str) -> int:
    """The place of a distribution, by its canonical name."""
    near = reach(name)
    return BY_REACH[near] if near < FARTHEST else BY_ROLE[role(name)]
