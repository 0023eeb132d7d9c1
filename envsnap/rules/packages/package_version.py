"""Package versions differ."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import Change
from envsnap.knowledge.roles import reach
from envsnap.knowledge.versions import Distance, distance
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.roles_here import RolesHere
from envsnap.rules.rule import Comparison, Rule

FEW = 3  # with so few differences between two environments, each is a suspect
NEAREST = 0  # the reach of what computes the model itself: engines, kernels, frameworks
# Of these, patch releases mend what is broken; the rest move with torch.
STEADY = ("torchvision", "torchaudio", "transformers", "tokenizers", "nvidia-", "keras", "jax")
# Their first number is the year, in two digits: packaging 25.0 follows 24.2.
YEARS = ("argon2-cffi", "argon2-cffi-bindings", "attrs", "black", "cattrs", "packaging", "pip", "pyopenssl",
         "service-identity", "structlog", "twisted")  # fmt: skip
FAR = (Distance.MAJOR, Distance.MINOR, Distance.OTHER)


class PackageVersion(Rule):
    """An installed distribution has another version.

    The effect depends on the role of the distribution. A table gives the role; for others it
    follows from what their files link (torch, CUDA, BLAS, a decoder), then from what requires what.
    Distributions that compute or decode data (numpy, Pillow, OpenCV, tokenizers, CUDA libraries)
    can change results with any release. Those that compute the model itself (engines, kernels,
    trainers) can do so even with a patch release. Those of a serving stack can behave differently
    after a major release. Tools that build, test or inspect code change nothing. If only a few
    distributions differ at all, each one that differs by a minor release or more is a suspect.

    Fix: install the reference's version; `envsnap dockerfile` pins all of them.
    """

    id = "package-version"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a distribution."""
        changes = [
            change
            for change in comparison.under("packages")
            if len(change.path) == 3 and change.path[2] == "version"
        ]
        here = RolesHere(comparison.other)
        roles = {change.path[1]: here.of(change.path[1]) for change in changes}
        suspects = [change for change in changes if _suspect(change, roles[change.path[1]])]
        for change in changes:
            yield self._finding(comparison, change, roles[change.path[1]], len(suspects) <= FEW)

    def _finding(
        self, comparison: Comparison, change: Change, role: str, is_alone: bool
    ) -> Finding:
        name = change.path[1]
        how_far = _distance(change)
        is_moving = reach(name) == NEAREST and not name.startswith(STEADY)
        severity, effect = _weigh(role, how_far, is_moving=is_moving)
        if is_alone and _suspect(change, role):
            severity = Severity.WARNING
        build = how_far is Distance.BUILD
        return Finding(
            rule=self.id,
            severity=severity,
            effect=effect,
            confidence=Confidence.POSSIBLE,
            path=change.path,
            message=f"{name} {change.told}",
            why=(
                "The same release, built or labelled otherwise."
                if build
                else f"A {how_far.value} difference in a package that {_WHAT[role]}."
            ),
            fix=f"Install {name}=={change.reference}." if isinstance(change.reference, str) else "",
            changes=tuple(item.path for item in comparison.under("packages", name)),
        )


def _distance(change: Change) -> Distance:
    """How far a distribution moved; the first number of some is a year."""
    found = distance(change.reference, change.other)
    return Distance.MINOR if found is Distance.MAJOR and change.path[1] in YEARS else found


def _suspect(change: Change, role: str) -> bool:
    """A difference of at least a minor release in what no rule calls harmless."""
    how_far = _distance(change)
    if role == "runtime":
        return how_far in (Distance.MAJOR, Distance.OTHER)
    return role != "tooling" and how_far in FAR


_WHAT = {
    "numerics": "computes or decodes data",
    "runtime": "is part of the running program",
    "tooling": "only builds, tests or looks at code",
    "unknown": "no rule knows",
}


def _weigh(what: str, how_far: Distance, *, is_moving: bool) -> tuple[Severity, Effect]:
    """What a step can do: nearest to the model's arithmetic, a patch release is enough."""
    if what == "numerics":
        moved = how_far in FAR or (how_far is Distance.PATCH and is_moving)
        return (Severity.WARNING if moved else Severity.INFO), Effect.NUMERICS
    if what in ("runtime", "unknown") and how_far is Distance.MAJOR:
        return Severity.WARNING, Effect.BEHAVIOR
    return Severity.INFO, Effect.NONE if what == "tooling" else Effect.BEHAVIOR
