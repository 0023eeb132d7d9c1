"""What an installed distribution requires is not installed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from envsnap.changes import markers
from envsnap.knowledge.names import canonical
from envsnap.knowledge.specifiers import contains
from envsnap.model.manifest import Manifest
from envsnap.model.reading import is_complete, packages
from envsnap.rules.finding import Confidence, Effect, Finding, Remedy, Severity
from envsnap.rules.packages.package_missing import alternatives
from envsnap.rules.rule import Comparison, Rule

LONGEST_LINE = 500
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
HEAD = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\[\]]*\])?\s*(?:\(([^()@]*)\)|([<>=!~][^()@\[\]]*))?"
)
FAMILY = ("torch", "tensorflow", "jax", "numpy", "transformers", "tokenizers", "triton", "protobuf")


class Requirements(Rule):
    """An installed distribution's requirements are not met.

    Each distribution states what it needs, with versions and with markers for the Python and the
    platform. They are evaluated for the environment that was captured, not for the one that envsnap
    runs in. pip allows this: a later install can change what an earlier one needed. Extras are left
    out, since no record says which were requested.

    Fix: install a version inside the range; `pip check` says the same on the host.
    """

    id = "requirements"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding a requirement that is not met."""
        for name, package in packages(manifest).items():
            for line in package.requires or ():
                yield from self._judge(manifest, name, line)

    def news(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield what is not met on the other side and is on the reference.

        Only what names a distribution that differs is looked at: reading every requirement of
        two environments would cost more than the rest of a diff.
        """
        reference = packages(comparison.reference)
        differ = {change.path[1] for change in comparison.under("packages") if len(change.path) > 1}
        for name, package in packages(comparison.other).items():
            before = reference[name].requires or () if name in reference else ()
            for line in package.requires or ():
                if line in before and _name(line) not in differ:
                    continue
                old = reference[name].version if name in reference and name in differ else None
                moved = old if _name(line) not in differ else None
                for found in self._judge(comparison.other, name, line):
                    if line not in before or not any(self._judge(comparison.reference, name, line)):
                        yield _taken_back(found, name, moved)

    def _judge(self, manifest: Manifest, name: str, line: str) -> Iterator[Finding]:
        """Hold one line against what is installed; the marker, which costs most, comes last."""
        if len(line) > LONGEST_LINE:
            return
        head, _, marker = line.partition(";")
        match = HEAD.fullmatch(head.strip())
        if match is None:
            return  # an address, or nothing that can be read
        wanted = canonical(match[1])
        versions = match[2] or match[3] or ""
        found = packages(manifest).get(wanted)
        if found is None and not is_complete(manifest, "packages"):
            return
        have = found.version if found is not None else None
        if found is None and any(name in packages(manifest) for name in alternatives(wanted)):
            return  # another distribution provides the same import package
        if found is not None and (not isinstance(have, str) or _meets(versions, have)):
            return
        if not marker or markers.holds(marker.strip(), markers.known(manifest)):
            yield self._finding(name, wanted, versions, have, installed=found is not None)

    def _finding(
        self, name: str, wanted: str, versions: str, have: object, *, installed: bool
    ) -> Finding:
        weighty = wanted in FAMILY or installed
        return Finding(
            rule=self.id,
            severity=Severity.WARNING if weighty else Severity.INFO,
            effect=Effect.CRASH,
            confidence=Confidence.LIKELY if wanted in FAMILY else Confidence.POSSIBLE,
            path=("packages", wanted if installed else name),
            message=(
                f"{name} requires {wanted}{versions}, and {have} is installed"
                if installed
                else f"{name} requires {wanted}{versions}, which is not installed"
            ),
            why="It was not built or tested with the installed release.",
            fix=f"pip install '{wanted}{versions}'",
            remedy=Remedy(install=(f"{wanted}{versions}",)),
            source="the distribution's own metadata (Requires-Dist)",
            expected=f"{wanted}{versions}",
            cites=(("packages", name),),
        )


def _taken_back(found: Finding, name: str, version: object) -> Finding:
    """The finding where the distribution that asks moved, and the one that is asked for did not.

    `version` is the one that it had; None where it did not move alone.
    """
    if not isinstance(version, str):
        return found
    return replace(
        found,
        confidence=Confidence.LIKELY,
        path=("packages", name),
        fix=f"pip install '{name}=={version}', as the reference has, or {found.fix}",
        remedy=Remedy(install=(f"{name}=={version}",)),
        cites=(found.path,),
    )


def _name(line: str) -> str:
    """The canonical name at the beginning of a requirement."""
    match = NAME.match(line)
    return canonical(match[0]) if match else ""


def _meets(versions: str, have: str) -> bool:
    """Whether a version is in the range, or nothing can be said of the two."""
    return not versions.strip() or contains(versions, have) is not False
