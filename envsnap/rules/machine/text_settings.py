"""Locale, encoding or time zone differ."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

# Names of one zone, as the tz database has them.
UTC = (
    "UTC",
    "Etc/UTC",
    "Etc/UCT",
    "UCT",
    "Etc/Universal",
    "Universal",
    "Etc/Zulu",
    "Zulu",
    "Etc/GMT",
    "GMT",
)
LOCALE = ("encoding", "filesystem_encoding", "locale_installed", "locale")


class TextSettings(Rule):
    """The locale, the text encoding or the time zone differ.

    Files opened without an encoding are read in the locale's. A locale that is named but not
    installed counts as C. Dates without a zone move with TZ.

    Fix: install the locale, or set LANG=C.UTF-8 and TZ on both sides.
    """

    id = "text-settings"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding for the encoding and one for the time zone."""
        found = [change for key in LOCALE if (change := comparison.at("system", key))]
        if found:
            decides = found[0].path[1] != "locale"
            told = [
                str(value).lower().replace("-", "")
                for value in (found[0].reference, found[0].other)
            ]
            is_same = not decides and all(value.endswith("utf8") for value in told)
            first = found[0]
            yield Finding(
                rule=self.id,
                severity=Severity.WARNING if decides else Severity.INFO,
                effect=Effect.NONE if is_same else Effect.BEHAVIOR,
                confidence=Confidence.POSSIBLE,
                path=first.path,
                message=f"the {first.path[1].replace('_', ' ')}: {first.told}",
                why="Files opened without an encoding are decoded differently."
                if decides
                else "The encoding is the same on both sides.",
                fix="Set LC_ALL=C.UTF-8 (or PYTHONUTF8=1) on both sides, or install the locale.",
                changes=tuple(change.path for change in found),
            )
        zone = comparison.at("system", "timezone")
        if zone is not None:
            is_same = zone.reference in UTC and zone.other in UTC
            yield Finding(
                rule=self.id,
                severity=Severity.INFO,
                effect=Effect.NONE if is_same else Effect.BEHAVIOR,
                confidence=Confidence.POSSIBLE,
                path=zone.path,
                message=f"the time zone: {zone.told}",
                why="These are two names of one zone."
                if is_same
                else "Dates without a zone mean another moment.",
                fix="" if is_same else "Set the same TZ on both sides.",
                changes=(zone.path,),
            )
