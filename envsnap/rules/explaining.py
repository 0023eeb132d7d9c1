"""Puts what explains a text, or fits a kind of trouble, before the rest."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence

from msgspec.structs import replace

from envsnap.knowledge import requirements
from envsnap.knowledge.config_keys import OF_SURROUNDINGS
from envsnap.knowledge.variables import acts, is_service_link, prefixes
from envsnap.knowledge.versions import Distance, distance, is_later
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.model.ranks import is_rank_fact
from envsnap.model.reading import given, packages
from envsnap.rules.finding import NO_CRASH, QUOTES, Confidence, Effect, Finding, Severity
from envsnap.rules.inputs.error_text import ErrorText, quotation
from envsnap.rules.machine.env_var import UNKNOWN
from envsnap.rules.mentions import SHORTEST, is_mentioned, is_named, is_shown
from envsnap.rules.packages.cluster_versions import ClusterVersions
from envsnap.rules.packages.package_version import PackageVersion
from envsnap.rules.ranking import ranked
from envsnap.rules.rule import Rule
from envsnap.rules.symptoms import owners, steps, trouble
from envsnap.rules.symptoms.containers import settings
from envsnap.rules.symptoms.lines import bare
from envsnap.rules.symptoms.naming import telling
from envsnap.rules.symptoms.of_types import texts
from envsnap.rules.symptoms.reading import Evidence, Reading, read
from envsnap.rules.symptoms.trouble import contradicts, fits

NEEDED = "It is required by"
# What a text says where processes of one cluster do not understand each other.
OF_RELEASES = re.compile(
    r"version|pickl|deserial|protocol|incompatib|Attribute|ImportError|ModuleNotFound|unexpected keyword|magic",
    re.IGNORECASE,
)
# Another Python stops a cluster where its processes meet; a program by itself it stops otherwise.
OF_NODES = re.compile(
    r"\bray\b|spark|py4j|\bdask\b|cluster|worker|executor|driver|actor|\bnodes?\b|pickl|deserial|magic",
    re.IGNORECASE,
)
SAME_RELEASE = (
    "Its release is the same on both sides: look at what it is given, and at what differs."
)
MOST_LETTERS = 1 << 20
MOST_SETTINGS = 3


def explained(
    error_text: str,
    symptom: str | None,
    manifest: Manifest,
    findings: Sequence[Finding],
    rules: Sequence[Rule],
) -> tuple[Finding, ...]:
    """Findings that a text speaks for first; the rest by what fits the trouble; notices last."""
    reading = _read(error_text, symptom, findings)
    findings = _of_clusters(steps.told(findings, reading), reading)
    told = list(ErrorText().explain(reading, manifest, findings))
    rest = _without(findings, told)
    first = [found for found in told if found.severity is not Severity.INFO]
    notices = [found for found in told if found.severity is Severity.INFO]
    guesses: list[Finding] = []
    if not first:
        guesses = _guesses(reading, manifest, findings)
        rest = _needed(rest, reading, manifest)
    guessed = {found.path for found in guesses}
    rest = [*guesses, *(_lifted(found, reading, symptom) for found in rest)]
    first, rest = _moved_first(first, rest, reading, manifest)
    first, rest = _of_settings(first, rest, reading)
    first, rest = _with_named(first, rest, reading)
    first, rest = _before_open(first, rest, reading)
    rest = [_beside_a_crash(found, reading) for found in rest]
    favoured = _favoured(rest, reading) | {id(found) for found in guesses}
    unlikely = frozenset(
        id(found)
        for found in rest
        if contradicts(found, reading.symptom) or found.why.endswith(NO_CRASH)
    )
    kept = [found for found in notices if found.path not in guessed]
    ordered = ranked(rest, rules, favoured, unlikely, with_text=bool(error_text))
    return _nearest((*first, *ordered, *kept), reading, manifest)


def _read(error_text: str, symptom: str | None, findings: Sequence[Finding]) -> Reading:
    """The text as it is read, with the lines that may show a value where variables differ."""
    reading = read(error_text, symptom)
    if not any(found.path[0] == "env_vars" for found in findings):
        return reading
    return replace(reading, telling=tuple(telling(reading)))


def _of_clusters(findings: Sequence[Finding], reading: Reading) -> list[Finding]:
    """The findings; of releases that a cluster needs equal, as information where the text speaks of none."""
    text = reading.text[:MOST_LETTERS]
    if not text:
        return list(findings)
    speaks = OF_RELEASES.search(text) is not None
    of_nodes = speaks and OF_NODES.search(text) is not None
    return [
        replace(found, severity=Severity.INFO)
        if found.rule == ClusterVersions.id
        and not (of_nodes if found.path[0] == "python" else speaks)
        else found
        for found in findings
    ]


def _beside_a_crash(found: Finding, reading: Reading) -> Finding:
    """A finding of the shell or the machine that changes numbers, where something ended: it says so."""
    numbers = found.effect is Effect.NUMERICS and found.path[0] in ("env_vars", "system")
    if reading.symptom != "crash" or not numbers or QUOTES in found.why:
        return found
    return replace(found, why=f"{found.why} {NO_CRASH}")


def _without(findings: Sequence[Finding], told: Sequence[Finding]) -> list[Finding]:
    """The findings that the text does not speak for."""
    replaced = {(found.rule, found.path, found.message) for found in told}
    return [found for found in findings if (found.rule, found.path, found.message) not in replaced]


def _needed(found: list[Finding], reading: Reading, manifest: Manifest) -> list[Finding]:
    """Of a traceback that nothing explains: what moved of the distributions that its code requires."""
    asked = _asked(reading, manifest)
    return [
        _asked_for(moved, asked[moved.path[1]]) if _has_moved(moved, asked) else moved
        for moved in found
    ]


def _moved_first(
    first: list[Finding], rest: list[Finding], reading: Reading, manifest: Manifest
) -> tuple[list[Finding], list[Finding]]:
    """What moved in the failed code, or is required by it, before what is the same on both sides."""
    if not first or any(found.changes for found in first):
        return first, rest
    moved = _moved(rest, reading, manifest)
    failed = _failed(reading, manifest)
    steered = [_as_a_suspect(found) for found in rest if _steers(found, failed)]
    paths = {found.path for found in (*steered, *moved)}
    return [*steered, *moved, *first], [found for found in rest if found.path not in paths]


def _moved(rest: list[Finding], reading: Reading, manifest: Manifest) -> list[Finding]:
    """What moved in the failed code, is required by it or spoken of, or stands in the lines that failed."""
    inside = sorted({name for item in reading.evidence for name in _owners(item, manifest)})
    asked, words = _asked(reading, manifest), steps.words_of(reading)

    moved = [
        _blamed(found, inside, asked)
        for found in rest
        if _is_of_packages(found)
        and (
            found.path[1] in inside or _has_moved(found, asked) or steps.is_spoken_of(found, words)
        )
    ]
    met = {found.path for found in moved}
    moved += [
        _quoted(_as_a_suspect(found), reading)
        for found in rest
        if found.path not in met and _is_of_packages(found) and _stands_in_frames(found, reading)
    ]
    return moved


def _failed(reading: Reading, manifest: Manifest) -> list[str]:
    """The distributions whose own lines failed, not those that called the program's."""
    raised = [item.raised for item in reading.evidence if item.raised is not None]
    ends = [owners.file(one.frames[-1].file, manifest) for one in raised if one.frames]
    return sorted({name for name in ends if name is not None})


def _quoted(found: Finding, reading: Reading) -> Finding:
    """A finding with the line that the failed code led to."""
    line = next((item for item in reading.evidence if item.raised and not item.is_hint), None)
    return found if line is None else replace(found, why=f"{found.why} {quotation(line)}")


def _stands_in_frames(found: Finding, reading: Reading) -> bool:
    """Whether the failed lines, or the files that they stand in, have a moved distribution's name in theirs.

    A wrapper of dill is called `_dill.py`, and what is handed to yapf `yapf_style`.
    """
    step = distance(found.reference, found.other)
    if found.path[0] != "packages" or step is Distance.BUILD:
        return False
    name = found.path[1].replace("-", "_")
    frames = (
        item.raised.frames[-1] for item in reading.evidence if item.raised and item.raised.frames
    )
    lines = "\n".join(f"{frame.file.rpartition('/')[2]} {frame.source}" for frame in frames)
    return (
        len(name) > 3
        and re.search(rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z])", lines) is not None
    )


def _steers(found: Finding, inside: Iterable[str]) -> bool:
    """Whether it is a variable that differs and is known to steer a distribution whose code failed.

    Of one whose value nobody read, and of one that every container has, that is not known.
    """
    name = found.path[-1]
    is_read = isinstance(found.reference, str) or isinstance(found.other, str)
    if found.path[0] != "env_vars" or not found.changes or not acts(name) or not is_read:
        return False
    if is_service_link(name):
        return False
    return any(
        name.startswith(prefix) for distribution in inside for prefix in prefixes(distribution)
    )


def _as_a_suspect(found: Finding) -> Finding:
    return replace(found, severity=found.severity.at_least(Severity.WARNING))


def _of_settings(
    first: list[Finding], rest: list[Finding], reading: Reading
) -> tuple[list[Finding], list[Finding]]:
    """Settings that decide what failed, of a container or as texts, before what is the same on both sides."""
    if first and first[0].changes:
        return first, rest
    told: dict[Path, Finding] = {}
    for found, item in texts(rest, reading):
        why = f"{found.why} {quotation(item)}"
        told.setdefault(found.path, replace(_as_a_suspect(found), why=why))
    for found, item in settings(rest, reading):
        why = f"It decides what the text tells. {quotation(item)}"
        told.setdefault(found.path, replace(_as_a_suspect(found), why=why))
    if first and not told:
        told = {found.path: found for found in _of_surroundings(rest, reading)}
    return [*told.values(), *first], [found for found in rest if found.path not in told]


def _of_surroundings(found: Sequence[Finding], reading: Reading) -> list[Finding]:
    """The few settings by which containers or jobs differ, where the text names what does not differ."""
    serious = [
        item
        for item in found
        if item.path[0] == "configs"
        and item.path[1] in OF_SURROUNDINGS
        and item.changes
        and item.severity is not Severity.INFO
    ]
    line = next((item for item in reading.evidence if not item.is_hint), None)
    if line is None or len(serious) > MOST_SETTINGS:
        return []
    return [replace(item, why=f"{item.why} {quotation(line)}") for item in serious]


def _is_of_packages(found: Finding) -> bool:
    return found.path[0] in ("packages", "frameworks") and bool(found.changes)


def _blamed(found: Finding, inside: Container[str], asked: dict[str, str]) -> Finding:
    """A finding about what moved, as a warning, and who requires it."""
    name = found.path[1]
    told = _asked_for(found, asked[name]) if name in asked and name not in inside else found
    return _as_a_suspect(told)


def _asked(reading: Reading, manifest: Manifest) -> dict[str, str]:
    """The distributions that those of the tracebacks require, and which of these does."""
    asked: dict[str, str] = {}
    for item in reading.evidence:
        for name in dict.fromkeys(_owners(item, manifest)):
            package = packages(manifest).get(name)
            stated = given(package.requires) if package is not None else None
            of_list = requirements.usual(name) if stated is None else requirements.named(stated)
            for wanted in of_list:
                asked.setdefault(wanted, name)
    return asked


def _has_moved(found: Finding, asked: Container[str]) -> bool:
    """Whether a distribution that is required went on to a release that may behave otherwise.

    What an older release lacks is named by the error.
    """
    if found.path[0] != "packages" or not found.changes or found.path[1] not in asked:
        return False
    step = distance(found.reference, found.other)
    return is_later(found.reference, found.other) and step in (Distance.MAJOR, Distance.MINOR)


def _owners(item: Evidence, manifest: Manifest) -> list[str]:
    """The distributions whose code a traceback runs through, the innermost first."""
    frames = item.raised.frames[::-1] if item.raised is not None else ()
    return [name for frame in frames if (name := owners.file(frame.file, manifest))]


def _asked_for(found: Finding, distribution: str) -> Finding:
    return replace(
        found,
        severity=found.severity.at_least(Severity.WARNING),
        why=f"{found.why} {NEEDED} {distribution}, whose code is in the traceback.",
    )


def _nearest(
    found: tuple[Finding, ...], reading: Reading, manifest: Manifest
) -> tuple[Finding, ...]:
    """Of several findings about the first one's fact, the one that names a package of the traceback.

    Ten packages may want another numpy: the one whose code failed is the one to tell of.
    """
    frames = {name for item in reading.evidence for name in _owners(item, manifest)}
    if not found or _asks(found[0], frames):
        return found
    place = next(
        (
            place
            for place, item in enumerate(found)
            if item.path == found[0].path and item.rule == found[0].rule and _asks(item, frames)
        ),
        0,
    )
    return (found[place], *found[:place], *found[place + 1 :])


def _asks(found: Finding, frames: Container[str]) -> bool:
    """Whether a package of the traceback is cited, beside the one that the finding is about."""
    return any(
        path[0] == "packages" and len(path) > 1 and path[1] != found.path[1] and path[1] in frames
        for path in found.cites
    )


def _guesses(reading: Reading, manifest: Manifest, findings: Sequence[Finding]) -> list[Finding]:
    """What a text may be about that nothing explains; where two sides differ, the changes say more.

    What a launcher gives each process differs by nature, and is no change.
    """
    guessed = list(ErrorText().guess(reading, manifest))
    if any(found.changes for found in findings):
        return [
            found
            for found in guessed
            if found.path[0] == "env_vars" and is_rank_fact(found.path[1])
        ]
    return guessed


def _favoured(findings: Sequence[Finding], reading: Reading) -> frozenset[int]:
    """Findings, by identity, that fit the trouble, or whose package the text or the failed code names."""
    return frozenset(
        id(found)
        for found in findings
        if NEEDED in found.why or fits(found, reading.symptom) or is_mentioned(found, reading)
    )


def _with_named(
    first: list[Finding], rest: list[Finding], reading: Reading
) -> tuple[list[Finding], list[Finding]]:
    """Facts of the shell or the machine that the text names come first, unless a difference explains it."""
    spoken = [found for found in rest if is_named(found, reading)]
    if first and first[0].changes and first[0].confidence is not Confidence.POSSIBLE:
        # Of a package that moved a text may say that it failed: a value in the text says more.
        moved = first[0].rule == PackageVersion.id
        spoken = [found for found in spoken if moved and is_shown(found, reading)]
    quoted = [_quoting(found, reading) for found in spoken]
    return [*quoted, *first], [found for found in rest if found not in spoken]


def _quoting(found: Finding, reading: Reading) -> Finding:
    """A finding with the line that names its fact, which says more of it than a rule that knows nothing."""
    if QUOTES in found.why:
        return found
    spelled = _names(found)
    lines = reading.lines
    place = next((place for place, text in enumerate(lines.lines) if any(name in text for name in spelled)), None)  # fmt: skip
    if place is None:
        return found
    told = Evidence(row={}, groups={}, line=bare(lines.lines[place]), number=lines.numbered(place))
    line = quotation(told)
    return replace(found, why=f"{'' if found.why == UNKNOWN else found.why} {line}".strip())


def _names(found: Finding) -> tuple[str, ...]:
    """How a text names a fact: by its own name, or by the value that it has on one side."""
    values = (value for value in (found.reference, found.other) if isinstance(value, str))
    name = found.path[-1]
    return (name, name.replace("-", "_"), *(value for value in values if len(value) >= SHORTEST))


def _before_open(
    first: list[Finding], rest: list[Finding], reading: Reading
) -> tuple[list[Finding], list[Finding]]:
    """Differences that the text mentions stand before facts that only the text speaks of."""
    is_open = [not found.changes and found.confidence is Confidence.POSSIBLE for found in first]
    if not any(is_open):
        return first, rest
    stated = [
        found
        for found in rest
        if found.changes
        and found.severity is not Severity.INFO
        and found.confidence is not Confidence.POSSIBLE
        and is_mentioned(found, reading)
    ]
    sure = [found for found, late in zip(first, is_open, strict=True) if not late]
    late = [found for found, late in zip(first, is_open, strict=True) if late]
    return [*sure, *stated, *late], [found for found in rest if found not in stated]


def _lifted(found: Finding, reading: Reading, symptom: str | None) -> Finding:
    """A finding that is only stated, as a warning where it fits the trouble or the text names it.

    The trouble is the one that somebody named: what a text seems to say lifts too much.
    """
    if not (trouble.is_lifted(found, symptom) or is_named(found, reading)):
        return found
    return _as_a_suspect(found)
