"""What a reader wants to know first: the likeliest cause, why, what to do, and what else it could be.

Infos are folded by kind: nobody reads thirty rows of patch releases before the one that matters.
"""

from __future__ import annotations

from collections.abc import Sequence

from envsnap.knowledge.versions import Distance, distance
from envsnap.report import document
from envsnap.rules.engine import Result
from envsnap.rules.finding import (
    NO_CRASH,
    NONE_TOLD,
    QUOTES,
    Confidence,
    Finding,
    Severity,
    only_moved,
)
from envsnap.wording import few

MOST_OTHERS = 3
STEPS_BESIDE = ("package-version", "driver-version")
MOST_NAMES = 4
LONGEST_KIND = 60
STEPS = {
    Distance.MAJOR: "major differences",
    Distance.MINOR: "minor differences",
    Distance.PATCH: "patch differences",
    Distance.BUILD: "other builds of one release",
    Distance.OTHER: "other versions",
}


def likeliest(result: Result) -> Finding | None:
    """The first finding that counts; None where nothing is known to matter."""
    return next((found for found in result.findings if found.severity is not Severity.INFO), None)


def is_unexplained(report: document.Report, found: Finding) -> bool:
    """Whether the reader said what failed, and the first finding is no more than a step beside it."""
    beside = found.rule in STEPS_BESIDE or only_moved(found) or found.why.endswith(NO_CRASH)
    is_silent = QUOTES not in found.why or found.confidence is Confidence.POSSIBLE
    if report.has_text and found.path[0] == "configs" and QUOTES not in found.why:
        return True  # containers and programs differ in what they are told; the text speaks of something else
    return report.is_asked and (found.message.endswith(NONE_TOLD) or (beside and is_silent))


def is_a_step(report: document.Report, found: Finding) -> bool:
    """Whether nobody said what failed, and of the first finding is known only that a release moved."""
    return (
        not report.is_asked
        and found.rule in STEPS_BESIDE
        and found.confidence is Confidence.POSSIBLE
        and distance(found.reference, found.other) is not Distance.MAJOR
    )


def others(result: Result) -> list[Finding]:
    """What else it could be, the likeliest first."""
    serious = [found for found in result.findings if found.severity is not Severity.INFO]
    return serious[1 : 1 + MOST_OTHERS]


def hint(result: Result) -> Finding | None:
    """What the reader's text tells where no fact is known to cause it."""
    return next((found for found in result.findings if is_hint(found)), None)


def is_hint(found: Finding) -> bool:
    """Whether an info speaks of what the reader passed, and is shown by itself."""
    return found.rule == "error-text" and found.severity is Severity.INFO


def folded(infos: Sequence[Finding]) -> list[str]:
    """Infos by kind, the largest kind first: how many, and a few names."""
    kinds: dict[str, dict[str, None]] = {}
    for found in infos:
        if not is_hint(found):
            kinds.setdefault(_kind(found), {})[_name(found)] = None  # two findings, one fact
    ordered = sorted(kinds.items(), key=lambda item: -len(item[1]))
    return [f"{_counted(len(names), kind)}: {_some(list(names))}" for kind, names in ordered]


def _counted(count: int, kind: str) -> str:
    first, _, rest = kind.partition(" ")
    word = first.removesuffix("s") if count == 1 else first
    return f"{count} {word} {rest}".rstrip()


def next_step(report: document.Report, item: document.Judged) -> str:
    """What to try first where nothing is known: the cheapest that could tell more."""
    if item.result.of_a_file:
        return (
            "This says what is wanted; only exact pins were judged. Install it and check what is there:"
            " envsnap capture -o THIS.json; or compare both: envsnap diff FILE THIS.json."
        )
    if not report.is_asked:
        return "Pass what failed with --error-text FILE (a message, a traceback or a log)."
    if any(name.startswith("frameworks") for name in item.result.not_compared):
        return "Capture both sides with imports (without --no-import): builds and threads are read then."
    if report.reference is None:
        return "Compare with an environment that works: envsnap diff REFERENCE THIS."
    return (
        "Prove it by experiment: envsnap bisect REFERENCE OTHER -- COMMAND;"
        " or record a run on both sides and compare them: envsnap record, envsnap compare."
    )


def _kind(found: Finding) -> str:
    if found.facts and not found.changes and all(fact.side == "other" for fact in found.facts):
        return f"notes on {found.path[0]}"  # of a check: nothing is compared
    if found.path[0] in ("packages", "frameworks") and found.path[-1] == "version":
        return (
            f"packages with {STEPS[distance(found.reference, found.other)]}, none known to matter"
        )
    if found.path[0] == "packages" and len(found.path) == 2:
        return "packages on one side only"
    if found.path[0] == "env_vars":
        return "variables"
    if found.path[0] == "system":
        return "facts of the system"
    return f"facts of {found.path[0]}"


def _name(found: Finding) -> str:
    path = found.path[1:] if len(found.path) > 1 else found.path
    name = ".".join(part for part in path if part != "version") or found.path[-1]
    return name[:LONGEST_KIND]


def _some(names: list[str]) -> str:
    return few(names, MOST_NAMES)
