"""A release was built against, or fails beside, another release than is installed."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from envsnap.knowledge.built_against import Misfit, fitting, misfits, source
from envsnap.knowledge.releases import version as parsed
from envsnap.knowledge.tables import is_trusted, table
from envsnap.model.manifest import Manifest
from envsnap.model.reading import given, packages, stated, version
from envsnap.rules.built_here import built
from envsnap.rules.finding import Confidence, Effect, Finding, Remedy, Severity
from envsnap.rules.rule import Comparison, Rule

EFFECTS = {
    "import fails": Effect.CRASH,
    "run fails": Effect.CRASH,
    "wrong results": Effect.NUMERICS,
    "feature off": Effect.PERFORMANCE,
    "slower": Effect.PERFORMANCE,
    "untested": Effect.CRASH,
}
DECLARED = "untested"  # its metadata asks for it: the rule of requirements reads that, where it is
OF_THE_MACHINE = ("cuda", "cudnn", "driver", "python")
GRAVE = ("import fails", "run fails", "wrong results")


class BuiltAgainst(Rule):
    """Two installed releases do not work together.

    Compiled packages call the interfaces of the torch, NumPy or CUDA that they were built with;
    others import names that the other package no longer has, or does not have yet. Their metadata
    often does not say so, and installers do not notice. The table was read from wheels' metadata,
    build matrices and the projects' own pages, and partly measured; each row has its source. What
    the published files were compiled for is at most a warning, since files that were built on the
    host itself are others.

    Fix: install the releases that belong together; the finding names the range.
    """

    id = "built-against"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding for two releases that do not fit."""
        rows = table("built_against")["rows"]
        for name in packages(manifest):
            if name not in rows:
                continue
            installed = version(manifest, name)
            if installed is None or _is_early(installed):
                continue  # nightly builds belong to nightly builds, which no table lists
            for found in misfits(name, installed, lambda needed: _have(manifest, needed)):
                if not (found.row["how"] == DECLARED and _states_requirements(manifest, name)):
                    yield self._finding(found, installed)

    def beside(self, comparison: Comparison, finding: Finding) -> Finding:
        """Of two that do not fit, the one that differs is what made the other side fail."""
        if finding.changes:
            return finding
        for cited in finding.cites:
            if comparison.at(*cited, "version") is not None:
                moved = (*cited, "version")
                return replace(
                    finding, path=moved, changes=(moved,), cites=(finding.path, *finding.cites)
                )
        return finding

    def _finding(self, found: Misfit, installed: str) -> Finding:
        row = found.row
        sure = is_trusted(row["basis"])
        grave = sure and row["how"] in GRAVE and not found.of_a_build
        wanted = f"{found.needs}{'' if found.of_a_build else ' '}{_spelled(found)}"
        return Finding(
            rule=self.id,
            severity=Severity.ERROR if grave else Severity.WARNING,
            effect=EFFECTS[row["how"]],
            confidence=(
                Confidence.LIKELY if sure and row["how"] != DECLARED else Confidence.POSSIBLE
            ),
            path=("packages", found.package, "version"),
            message=f"{found.package} {installed} {_verb(found)} {wanted}, and {found.have} is here"
            + ("" if sure else " (unverified)"),
            why=_why(found),
            fix=_fix(found),
            remedy=_remedy(found),
            source=source(row) if sure else "",
            expected=f"{found.needs} {found.wanted}",
            cites=(("packages", found.needs),) if found.needs not in OF_THE_MACHINE else (),
        )  # fmt: skip


def _remedy(found: Misfit) -> Remedy | None:
    """The neighbour that it needs, where that can be installed by itself."""
    if found.of_a_build or found.needs in OF_THE_MACHINE:
        return None
    return Remedy(install=(f"{found.needs}{found.wanted}",))


def _states_requirements(manifest: Manifest, name: str) -> bool:
    """Whether the manifest itself says what a distribution requires."""
    return given(packages(manifest)[name].requires) is not None


def _have(manifest: Manifest, name: str) -> str | None:
    """The version of what a row names; None for a nightly build, to which no row speaks."""
    if name == "python":
        return _text(stated(manifest, "python", "version"))
    if name == "driver":
        return _text(stated(manifest, "driver", "version"))
    if name in ("cuda", "cudnn"):
        torch = built(manifest).get("torch")
        return _text(getattr(torch, name)) if torch is not None else None
    found = version(manifest, name)
    return None if found is None or _is_early(found) else found


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _is_early(installed: str) -> bool:
    found = parsed(installed)
    return found is None or bool(found.is_prerelease)


def _spelled(found: Misfit) -> str:
    return f" {found.wanted}" if found.of_a_build else found.wanted


def _verb(found: Misfit) -> str:
    return "is published for" if found.of_a_build else "wants"


def _why(found: Misfit) -> str:
    how = {
        "import fails": "Otherwise the import fails.",
        "run fails": "Otherwise it fails while it runs.",
        "wrong results": "Otherwise results are wrong, without an error.",
        "feature off": "Otherwise it warns, and leaves out its compiled parts.",
        "slower": "Otherwise it runs without them, and slower.",
        "untested": "It was not built or tested with the installed release.",
    }[found.row["how"]]
    symptom = found.row.get("symptom")
    built = " Files that were built on this host may fit." if found.of_a_build else ""
    says = f" It says: {symptom.rstrip('.')}." if symptom else ""
    return how + says + built


def _fix(found: Misfit) -> str:
    """Both ways out; the second one names releases where the table has some."""
    other = fitting(found.package, found.needs, found.have)
    second = (
        f"{found.package}{other}"
        if other
        else f"another {found.package}, for {found.needs} {found.have}"
    )
    if found.of_a_build:
        return f"Install {second}, or build it here."
    return f"Install {found.needs}{found.wanted}, or {second}."
