"""Weight files differ."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from envsnap.diff.change import Change, ChangeKind
from envsnap.model.manifest import Manifest
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule


class Weights(Rule):
    """A weight file differs, is missing, or is damaged.

    Another SHA-256 is another file. torch's zip checkpoints hold the file's own name, so a
    renamed copy of equal tensors has another digest; the table of tensors tells those apart.

    Fix: copy the reference's file and compare its SHA-256.
    """

    id = "weights"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a weight file."""
        changes: dict[str, list[Change]] = {}
        for change in comparison.under("weights"):
            if len(change.path) > 1:
                changes.setdefault(change.path[1], []).append(change)
        for name, found in changes.items():
            yield self._finding(name, found)
        yield from self.inspect(comparison.right)

    def _finding(self, name: str, found: list[Change]) -> Finding:
        by_key = {change.path[2] if len(change.path) > 2 else "": change for change in found}
        whole = by_key.get("")
        first = whole or by_key.get("sha256") or found[0]
        if whole is not None:
            gone = whole.kind is ChangeKind.REMOVED
            message = f"weights {name} are {'missing on' if gone else 'only on'} the other side"
        elif "sha256" in by_key and "tensors_sha256" in by_key:
            message = f"weights {name} hold other tensors"
        elif "sha256" in by_key:
            message = f"weights {name} differ"
        else:
            message = f"facts about weights {name} differ"
        return Finding(
            rule=self.id,
            severity=Severity.ERROR,
            effect=Effect.NUMERICS,
            confidence=Confidence.CERTAIN,
            path=first.path if first is whole else ("weights", name, "sha256"),
            message=message,
            why="It is another file: outputs differ, unless only names inside it do.",
            fix="Copy the reference's file, and compare its SHA-256.",
            left=_digest(first.left),
            right=_digest(first.right),
            changes=tuple(change.path for change in found),
        )

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Report damaged files, and checkpoints that would run code."""
        section = manifest.sections.weights
        if section is UNSET or section.entries is UNSET:
            return
        for name, weight in section.entries.items():
            if isinstance(weight.damage, str):
                yield Finding(
                    rule=self.id,
                    severity=Severity.ERROR,
                    effect=Effect.CRASH,
                    confidence=Confidence.CERTAIN,
                    path=("weights", name, "damage"),
                    message=f"weights {name} are damaged",
                    why=weight.damage.partition(": ")[2] or weight.damage,
                    fix="Fetch or copy the file again.",
                )
            if isinstance(weight.foreign_symbols, tuple):
                yield Finding(
                    rule=self.id,
                    severity=Severity.WARNING,
                    effect=Effect.SECURITY,
                    confidence=Confidence.LIKELY,
                    path=("weights", name, "foreign_symbols"),
                    message=f"loading weights {name} may run {', '.join(weight.foreign_symbols[:3])}",
                    why="A pickle calls what it names. Only names were read here; nothing was run.",
                    fix="Load with weights_only=True, or convert the file to safetensors.",
                )


def _digest(value: object) -> object:
    return value.get("sha256") if isinstance(value, dict) else value
