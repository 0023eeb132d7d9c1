"""Values in config files differ."""

from __future__ import annotations

import re
from collections.abc import Iterator

from envsnap.changes.change import Change, ChangeKind
from envsnap.model.paths import Path, text
from envsnap.model.reading import entries, given
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

FILE_FACTS = ("sha256", "tree")
QUIET = re.compile(
    r"(?:^|_)(?:log|logs|logger|logging|loglevel|verbose|debug|color|banner)(?:_|$)", re.IGNORECASE
)
NUMERIC = re.compile(
    r"(?:^|_)(?:dtype|precision|fp16|bf16|fp8|int8|quant\w*|seed|random_state|temperature|top_[pk]|mean|std"
    r"|normali[sz]e|resize|interpolation|rescale|image_size|max_length|max_len|truncation|padding"
    r"|batch_size|threshold|eps|attn\w*|tf32|amp|deterministic|benchmark)(?:_|$)",
    re.IGNORECASE,
)


class ConfigValue(Rule):
    """A value in a config file differs, or stands in one of the files only.

    Keys that speak of precision, preprocessing, sampling or seeds change results; keys under
    logging change what is written down. The rest can change behaviour.

    Fix: make the files alike, or say why they differ.
    """

    id = "config-value"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a value; a file that differs in form only is stated once."""
        changed = {
            change.path[1]
            for change in comparison.under("configs")
            if len(change.path) > 2 and change.path[2] not in FILE_FACTS
        }
        for change in list(comparison.under("configs")):
            if len(change.path) == 3 and change.path[2] == "sha256":
                if change.path[1] not in changed:
                    yield self._file(comparison, change)
            else:
                file = comparison.at("configs", change.path[1], "sha256")
                yield self._value(change, (file.path,) if file else ())

    def _file(self, comparison: Comparison, change: Change) -> Finding:
        """Judge a file of which no value differs, or of which no values are known."""
        name = change.path[1]
        parsed = all(
            name in entries(side, "configs")
            and given(entries(side, "configs")[name].tree) is not None
            for side in (comparison.reference, comparison.other)
        )
        return Finding(
            rule=self.id,
            severity=Severity.INFO if parsed else Severity.WARNING,
            effect=Effect.NONE if parsed else Effect.BEHAVIOR,
            confidence=Confidence.POSSIBLE,
            path=change.path,
            message=f"config file {name} has other bytes",
            why=(
                "No value that could be compared differs: comments, order or redacted values."
                if parsed
                else "Its values are not known on both sides, so only the digests were compared."
            ),
            fix="" if parsed else "Compare the two files by hand.",
            changes=(change.path,),
        )

    def _value(self, change: Change, file: tuple[Path, ...]) -> Finding:
        severity, effect, why = _weigh(change)
        verb = {
            ChangeKind.ADDED: "set on the other side only",
            ChangeKind.REMOVED: "missing on the other side",
        }.get(change.kind, f"{_shown(change.reference)} -> {_shown(change.other)}")
        return Finding(
            rule=self.id,
            severity=severity,
            effect=effect,
            confidence=Confidence.LIKELY if effect is Effect.NUMERICS else Confidence.POSSIBLE,
            path=change.path,
            message=f"{text(change.path[1:])}: {verb}",
            why=why,
            fix="Make the files alike, or say why they differ.",
            changes=(change.path, *file),
        )


def _weigh(change: Change) -> tuple[Severity, Effect, str]:
    keys = change.path[2:]
    if any(NUMERIC.search(key) for key in keys):
        return (
            Severity.WARNING,
            Effect.NUMERICS,
            "Keys of this name decide precision, preprocessing, sampling or seeds.",
        )
    if any(QUIET.search(key) for key in keys):
        return Severity.INFO, Effect.NONE, "It changes what is logged or shown, not results."
    return Severity.WARNING, Effect.BEHAVIOR, "The program is configured otherwise."


def _shown(value: object) -> str:
    return str(value)[:60]
