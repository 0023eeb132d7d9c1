"""Weight files differ, are missing, or are damaged."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET
from msgspec.structs import replace

from envsnap.changes.change import Change, ChangeKind
from envsnap.model.inputs import Weight
from envsnap.model.manifest import Manifest
from envsnap.model.reading import entries, fact
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule
from envsnap.wording import counted

POINTER_FIX = "Run `git lfs pull` in the repository, or download the file."
# A model in many shards is one finding, not hundreds.
MOST_SINGLE = 5
SHOWN = 12  # characters of a commit


class Weights(Rule):
    """A weight file differs, is missing, or is damaged.

    Another SHA-256 is another file. torch's zip checkpoints hold the file's own name, so a
    renamed copy of equal tensors has another digest; the table of tensors tells those apart.
    A file with the same SHA-256 under another name is the same file. For two runs, files that only one
    of them opened are named, too.

    Fix: copy the file from the side where it is right, and compare its SHA-256.
    """

    id = "weights"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a weight file, or one for all where there are many."""
        damaged = _damaged(comparison.reference) | _damaged(comparison.other)
        changes: dict[str, list[Change]] = {}
        for change in comparison.under("weights"):
            if len(change.path) > 1:
                changes.setdefault(change.path[1], []).append(change)
        for side, where in ((comparison.other, ""), (comparison.reference, " of the reference")):
            yield from self._damages(side, where, changes)
        yield from self._emptied(comparison)
        rest = {name: found for name, found in changes.items() if name not in damaged}
        moved = _moved(rest)
        for name in moved:
            yield self._finding(name, rest.pop(name), "has the same bytes under another name")
        groups: dict[str, dict[str, list[Change]]] = {}
        runs = comparison.are_runs()
        for name, found in rest.items():
            groups.setdefault(_difference(found, runs=runs), {})[name] = found
        for what, files in groups.items():
            if len(files) > MOST_SINGLE:
                yield self._many(what, files)
            else:
                for name, found in files.items():
                    yield _with_revisions(self._finding(name, found, what), name, comparison)

    def _emptied(self, comparison: Comparison) -> Iterator[Finding]:
        """Folders that held weights, and hold no file on the other side."""
        section = comparison.other.sections.weights
        gaps = {} if section is UNSET else section.gaps
        for name, why in gaps.items():
            lost = [key for key in _entries(comparison.reference) if key.startswith(f"{name}/")]
            if lost and why.startswith("absent: "):
                yield Finding(
                    rule=self.id,
                    severity=Severity.ERROR,
                    effect=Effect.CRASH,
                    confidence=Confidence.CERTAIN,
                    path=("weights", min(lost)),
                    message=f"weights {name}: {counted(len(lost), 'file')} -> none",
                    why=why.removeprefix("absent: "),
                    fix="Copy the weights there, or mount them.",
                )

    def _finding(self, name: str, found: list[Change], what: str) -> Finding:
        severity, why, fix = _JUDGED[what]
        first = next((change for change in found if change.path[-1] == "sha256"), found[0])
        return Finding(
            rule=self.id,
            severity=severity,
            effect=Effect.NONE if severity is Severity.INFO else Effect.NUMERICS,
            confidence=Confidence.CERTAIN,
            path=first.path,
            message=f"weights {name}: {what}",
            why=why,
            fix=fix,
            changes=tuple(change.path for change in found),
        )

    def _many(self, what: str, files: dict[str, list[Change]]) -> Finding:
        severity, why, fix = _JUDGED[what]
        names = ", ".join(sorted(files)[:3])
        return Finding(
            rule=self.id,
            severity=severity,
            effect=Effect.NONE if severity is Severity.INFO else Effect.NUMERICS,
            confidence=Confidence.CERTAIN,
            path=("weights",),
            message=f"{len(files)} weight files: {what} ({names} …)",
            why=why,
            fix=fix,
            changes=tuple(change.path for found in files.values() for change in found),
        )

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Report damaged files, and checkpoints that would run code."""
        yield from self._damages(manifest, "", {})
        for name, weight in _entries(manifest).items():
            if isinstance(weight.foreign_symbols, tuple):
                yield Finding(
                    rule=self.id,
                    severity=Severity.WARNING,
                    effect=Effect.SECURITY,
                    confidence=Confidence.LIKELY,
                    path=("weights", name, "foreign_symbols"),
                    message=f"loading weights {name} may run "
                    f"{', '.join(weight.foreign_symbols[:3])}",
                    why="A pickle calls what it names. Only names were read here; nothing was run.",
                    fix="Load with weights_only=True, or convert the file to safetensors.",
                )

    def _damages(
        self, manifest: Manifest, where: str, changes: dict[str, list[Change]]
    ) -> Iterator[Finding]:
        for name, weight in _entries(manifest).items():
            if isinstance(weight.damage, str):
                yield Finding(
                    rule=self.id,
                    severity=Severity.ERROR,
                    effect=Effect.CRASH,
                    confidence=Confidence.CERTAIN,
                    path=("weights", name, "damage"),
                    message=f"weights {name}{where} {_state(weight)}",
                    why=weight.damage.removeprefix("error: ValueError: ").removeprefix("error: "),
                    fix=POINTER_FIX
                    if weight.pointer == "git-lfs"
                    else "Fetch or copy the file again.",
                    changes=tuple(change.path for change in changes.get(name, ())),
                )


def _with_revisions(finding: Finding, name: str, comparison: Comparison) -> Finding:
    """Say of which commits of the hub two files are, where both sides know it."""
    sides = (comparison.reference, comparison.other)
    path = ("weights", name, "revision")
    reference, other = (fact(side, path).value for side in sides)
    if not (isinstance(reference, str) and isinstance(other, str)) or reference == other:
        return finding
    told = f"{finding.why} They are of other revisions of the model's repository"
    return replace(
        finding,
        why=f"{told}: {reference[:SHOWN]} and {other[:SHOWN]}.",
        fix=f"Load revision {reference} on both sides.",
        cites=(*finding.cites, path),
    )


_DIFFERS = "another file"
_JUDGED = {
    _DIFFERS: (
        Severity.ERROR,
        "Another SHA-256: outputs differ, unless only names inside the file do.",
        "Copy the file from the side where it is right, and compare its SHA-256.",
    ),
    "other tensors": (
        Severity.ERROR,
        "Names, types or shapes of the tensors differ: it is another model or another precision.",
        "Copy the file from the side where it is right, and compare its SHA-256.",
    ),
    "missing on the other side": (
        Severity.ERROR,
        "The folder exists, but this file is missing in it.",
        "Copy the file there, and compare its SHA-256.",
    ),
    "only on the other side": (
        Severity.INFO,
        "The reference's folder does not have it.",
        "",
    ),
    "opened by the reference's run only": (
        Severity.WARNING,
        "The other run computes without it, or with another file.",
        "See which file it opened instead, and where its path comes from.",
    ),
    "opened by the other run only": (
        Severity.WARNING,
        "The reference's run computes without it, or with another file.",
        "See which file the reference opened instead, and where its path comes from.",
    ),
    "has the same bytes under another name": (Severity.INFO, "Its SHA-256 is equal.", ""),
}


def _difference(found: list[Change], *, runs: bool) -> str:
    """Say how a file differs, in the words that `_JUDGED` knows."""
    whole = next((change for change in found if len(change.path) == 2), None)
    if whole is not None:
        gone = whole.kind is ChangeKind.REMOVED
        if runs:
            who = "reference's" if gone else "other"
            return f"opened by the {who} run only"
        return "missing on the other side" if gone else "only on the other side"
    keys = {change.path[2] for change in found}
    if "sha256" in keys and "tensors_sha256" not in keys and "tensors" not in keys:
        return _DIFFERS
    return "other tensors" if keys & {"tensors_sha256", "tensors", "tensor_count"} else _DIFFERS


def _moved(changes: dict[str, list[Change]]) -> list[str]:
    """Names that one side has and the other has under another name, by SHA-256."""
    gone = {
        _sha(found[0].reference): name for name, found in changes.items() if _is(found, "removed")
    }
    new = {_sha(found[0].other): name for name, found in changes.items() if _is(found, "added")}
    return [name for sha in gone.keys() & new.keys() if sha for name in (gone[sha], new[sha])]


def _is(found: list[Change], kind: str) -> bool:
    return len(found[0].path) == 2 and found[0].kind.value == kind


def _sha(value: object) -> object:
    return value.get("sha256") if isinstance(value, dict) else None


def _entries(manifest: Manifest) -> dict[str, Weight]:
    return entries(manifest, "weights")


def _damaged(manifest: Manifest) -> set[str]:
    return {name for name, weight in _entries(manifest).items() if isinstance(weight.damage, str)}


def _state(weight: Weight) -> str:
    return "is a Git LFS pointer, not the file" if weight.pointer == "git-lfs" else "are damaged"


def _digest(value: object) -> object:
    return value.get("sha256") if isinstance(value, dict) else value
