"""What an error text or a log shows of the environment that printed it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from envsnap.intake.messages import clean_message
from envsnap.knowledge.tables import is_trusted, table
from envsnap.knowledge.versions import Distance, distance
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.rules.finding import (
    NONE_TOLD,
    NOT_PROMISED,
    QUOTES,
    Confidence,
    Effect,
    Finding,
    Severity,
    only_moved,
)
from envsnap.rules.machine.env_var import UNKNOWN, EnvVar
from envsnap.rules.plain import ID as PLAIN
from envsnap.rules.rule import Rule
from envsnap.rules.symptoms import owners, steps
from envsnap.rules.symptoms.demangle import demangled
from envsnap.rules.symptoms.held import held
from envsnap.rules.symptoms.known import known
from envsnap.rules.symptoms.naming import (
    AS_SET,
    REFUSED,
    as_errors,
    as_set,
    fitting,
    named,
    off_path,
    on_path,
    shadows,
    to_set,
    unread,
)
from envsnap.rules.symptoms.places import Places, places
from envsnap.rules.symptoms.reading import RAISED, Evidence, Reading
from envsnap.rules.symptoms.spoken import as_it_holds, is_of_the_program, settled_lines, spoken_for

LONGEST_QUOTE = 160
SET_HERE = (AS_SET["id"], REFUSED["id"])
LONGEST_JUDGED = 8000  # of a line: what stands further away tells nothing of a secret
LONGEST_NAME = 80
MOST_GUESSES = 2
OF_RELEASES = ("package-version", "framework-version")  # the fix is the reference's release
# Rules that say that a fact differs, and of its effect what holds for any program.
ONLY_DIFFER = ("package-version", "c-library", "operating-system", "processor", "resources", "env-var", "driver-version", PLAIN)  # fmt: skip
OWN_FIX = ("env-var", "resources", "framework-build")  # the fix is the reference's value
STATED = ("python-api", "requirements", "ext-abi")  # sentences that say which releases do not fit
# Sentences that say what happened, and nothing of the release that is at fault.
OF_NO_RELEASE = (
    "traceback", "network", "paths", "data", "memory", "gpu-memory", "process-died", "native-crash",
    "limits", "disk", "resources", "shm", "program",
)  # fmt: skip
HOLE = re.compile(r"\{(\w+)\}")
SUGGESTED = re.compile(
    r"\bpip3? install (?:(?:-U|--upgrade|--force-reinstall) )*[\"']?(?P<asked>[A-Za-z][\w.-]{1,60}(?:[=<>~!]=[\w.]{1,20})?)"
)
SYMBOL = re.compile(r"\b_Z[\w.$]{4,400}")


class ErrorText(Rule):
    """A text that a failure printed names its cause.

    The text is searched for Python tracebacks (who called whom), messages of the loader and linker,
    error codes of CUDA and NCCL, system limits, and known failures. What it names leads to facts: a
    file to the distribution that installed it, a library or symbol to its owner. With `--error-text
    FILE`, findings of those facts come first, and quote the line that supports them. A rule that
    sees the cause in the manifest comes first, then a fact that differs, then the text's own
    finding. A sentence known from memory only is marked as unverified and is at most a warning. A
    sentence that only says that something failed, and a notice that is known to be harmless, stay
    information.

    Fix: what the finding says; then run again and pass the new text.
    """

    id = "error-text"

    def explain(
        self, reading: Reading, manifest: Manifest, findings: Sequence[Finding]
    ) -> Iterator[Finding]:
        """Yield the findings that explain a text, the likeliest first, and hints last.

        Findings of other rules come back with the quotation; what no rule sees is this rule's.
        """
        told: set[tuple[str, Path]] = set()
        said: set[str] = set()
        ordered: list[tuple[int, Finding]] = []
        settled = settled_lines(reading)
        meant = steps.may_be_meant(findings, [item.line for item in reading.evidence])
        for evidence in _all_of(reading, manifest, findings):
            where = places(evidence, manifest)
            if not (where.stated or where.others):
                continue  # it speaks of the program's own parts
            spoken = [
                found for found in spoken_for(evidence, where, meant, settled)
                if (found.rule, found.path) not in told
            ]  # fmt: skip
            told.update((found.rule, found.path) for found in spoken)
            if spoken:
                ordered += [_raised(found, evidence, where) for found in spoken]
            elif not _are_told(where, told):
                own = self._finding(evidence, where)
                if own.message not in said:
                    said.add(own.message)
                    told.add((own.rule, own.path))
                    place = 0 if evidence.row["id"] in SET_HERE else 1
                    ordered.append((3 if own.severity is Severity.INFO else place, own))
        yield from (found for _, found in sorted(ordered, key=lambda item: item[0]))

    def guess(self, reading: Reading, manifest: Manifest) -> Iterator[Finding]:
        """Yield what a text that no sentence explains may be about, as warnings and no more.

        First what the complaining lines name, then what failed; each of it where the manifest states it.
        """
        told: set[Path] = set()
        for evidence in _open(reading, manifest):
            where = places(evidence, manifest)
            if not where.stated or where.stated[0] in told or len(told) == MOST_GUESSES:
                continue
            told.add(where.stated[0])
            found = self._finding(evidence, where)
            yield replace(found, severity=Severity.WARNING, confidence=Confidence.POSSIBLE)

    def _finding(self, evidence: Evidence, where: Places) -> Finding:
        row = evidence.row
        sure = is_trusted(row["basis"])
        severity = Severity(row.get("severity", "error" if sure else "warning"))
        path, *others = (*where.stated, *where.others)
        return Finding(
            rule=self.id,
            severity=Severity.INFO if evidence.is_weak else severity,
            effect=Effect(row["effect"]),
            confidence=Confidence.LIKELY if sure and not evidence.is_weak else Confidence.POSSIBLE,
            path=path,
            message=_said(evidence, where),
            why=quotation(evidence),
            fix=_with_package(_filled(row["fix"], evidence, where), evidence),
            source=_source(row["source"]) if sure else "",
            cites=tuple(item for item in others if item in where.stated),
        )


def _open(reading: Reading, manifest: Manifest) -> list[Evidence]:
    """What a text names, then what failed; that something raised says less than a variable in the text."""
    spoken = named(reading, manifest)
    of_variables = [item for item in spoken if item.row["facts"][0].startswith("env_vars.")]
    if any(is_of_the_program(item) for item in reading.evidence):
        return of_variables
    failed = [
        item for item in reading.evidence
        if item.is_weak and not item.is_hint and not _raised_by_the_program(item, manifest)
    ]  # fmt: skip
    silent = [] if failed else fitting(reading, manifest)
    return [*spoken, *([] if of_variables else failed), *silent]


def _all_of(
    reading: Reading, manifest: Manifest, findings: Sequence[Finding]
) -> Iterator[Evidence]:
    """What a text shows: folders and variables as they are set, known releases, then sentences."""
    if any(map(_is_of_path, findings)):
        yield from on_path(reading, manifest)
    if any(map(_is_of_a_lost_folder, findings)):
        yield from off_path(reading, manifest)
    yield from as_errors(reading, manifest)
    yield from as_set(reading, manifest)
    yield from to_set(reading, manifest)
    yield from unread(reading, manifest)
    yield from shadows(reading, manifest)
    yield from known(reading, manifest)
    yield from (as_it_holds(item, manifest) for item in reading.evidence)
    yield from held(reading, manifest, _moved_variables(findings))


def _moved_variables(findings: Sequence[Finding]) -> tuple[str, ...] | None:
    """The variables that differ; None where one environment is looked at alone."""
    if not any(found.changes or found.rule == EnvVar.id for found in findings):
        return None
    return tuple(
        found.path[1]
        for found in findings
        if found.path[0] == "env_vars" and (found.changes or found.rule == EnvVar.id)
    )


def _is_of_path(found: Finding) -> bool:
    return found.path == ("env_vars", "PYTHONPATH") and bool(found.changes)


def _is_of_a_lost_folder(found: Finding) -> bool:
    """Whether PYTHONPATH lacks a folder that the reference has."""
    one, two = (str(side or "").split(":") for side in (found.reference, found.other))
    return _is_of_path(found) and not set(filter(None, one)) <= set(two)


def _raised_by_the_program(evidence: Evidence, manifest: Manifest) -> bool:
    """Whether the program's own code raised: of no distribution, and not what Python called for one."""
    if evidence.raised is None:
        return False
    frames = [frame for frame in evidence.raised.acting if not owners.is_of_python(frame.file)]
    return bool(frames) and owners.file(frames[-1].file, manifest) is None


def _are_told(where: Places, told: set[tuple[str, Path]]) -> bool:
    """Whether earlier evidence spoke of the likeliest fact already."""
    first = next(iter((*where.stated, *where.others)))
    return any(path[:2] == first[:2] for _, path in told)


def _raised(found: Finding, evidence: Evidence, where: Places) -> tuple[int, Finding]:
    """A finding that a line speaks for, and how late it is told: a release with other changes is later."""
    place = 2 if evidence.is_weak else 0
    told = _with_line(found, evidence, where)
    of_release = evidence.row["topic"] not in STATED
    return place + (found if of_release else told).message.endswith(NONE_TOLD), told


def _with_line(found: Finding, evidence: Evidence, where: Places) -> Finding:
    """A finding with the line that speaks for it: what the text names is a likely cause.

    A rule that only says that a fact differs has a reason for any program: the sentence has this one.
    """
    worst = found.severity.at_least(Severity.WARNING)
    surest = min(found.confidence, Confidence.LIKELY, key=lambda item: item.rank)
    if _is_a_guess(found, evidence):
        surest = Confidence.POSSIBLE
    why, fix, message = ("" if found.why == UNKNOWN else found.why), found.fix, found.message
    why = why.removeprefix(NOT_PROMISED).strip()  # the text has a reason of its own
    is_said = not evidence.is_weak and (_only_differs(found) or _asks(found, evidence))
    if found.rule == "package-build" and evidence.row["topic"] == "missing-package":
        why = f"It is a module of {found.path[1]}, of which another build is installed."
    elif is_said or _is_of_numbers(found, evidence) or _is_of_python(found, evidence):
        said = _said(evidence, where)
        why = _sentence(said)
        if not (found.rule in (*OF_RELEASES, *OWN_FIX) or found.message.endswith(NONE_TOLD)):
            fix = _filled(evidence.row["fix"], evidence, where)
        if evidence.row["topic"] not in OF_NO_RELEASE:  # the line itself says what is wrong
            message = message.removesuffix(f": {NONE_TOLD}")
    return replace(
        found,
        severity=worst,
        confidence=surest,
        message=message,
        why=f"{_sentence(why)} {quotation(evidence)}".strip(),
        fix=_with_suggestion(fix, evidence),
    )


def _sentence(told: str) -> str:
    """A reason that begins and ends as a sentence does; empty where there is none."""
    if not told:
        return ""
    is_word = told.split(maxsplit=1)[0].isalpha()  # a file is called as it is
    begun = f"{told[0].upper()}{told[1:]}" if is_word else told
    return begun + ("" if told.endswith((".", "?", "!")) else ".")


def _is_a_guess(found: Finding, evidence: Evidence) -> bool:
    """Whether a library raised as it should, and all that is known of its release is that it moved.

    By a patch; or by more, where it complains of what it is given, or of a thing outside.
    """
    if evidence.row is not RAISED or evidence.raised is None or not evidence.raised.exception:
        return False
    moved = distance(found.reference, found.other)
    is_given = is_of_the_program(evidence) or not evidence.raised.message.strip()
    return (found.rule == OF_RELEASES[0] or only_moved(found)) and (
        moved is Distance.PATCH or is_given
    )


def _asks(found: Finding, evidence: Evidence) -> bool:
    """Whether a text states the release that it wants, where a rule tells what releases changed."""
    return found.rule in steps.RETOLD and evidence.row["topic"] == "requirements"


def _with_suggestion(fix: str, evidence: Evidence) -> str:
    """A fix, and what the line itself tells to install."""
    found = SUGGESTED.search(evidence.line)
    asked = found["asked"].rstrip(".") if found else ""
    return fix if not asked or asked in fix else f"{fix} The text suggests: pip install {asked}."


def _with_package(fix: str, evidence: Evidence) -> str:
    """A fix, and the package of the system that has a missing library."""
    missing = evidence.groups.get("soname")
    rows = table("apt_libraries")["rows"] if missing else ()
    name = next((row["package"] for row in rows if row["soname"] == missing), None)
    return f"{fix} Debian and Ubuntu have it in {name} (unverified)." if name else fix


def _said(evidence: Evidence, where: Places) -> str:
    """What a sentence says of the environment, marked where it is not verified."""
    mark = "" if is_trusted(evidence.row["basis"]) else " (unverified)"
    return _filled(evidence.row["says"], evidence, where) + mark


def _only_differs(found: Finding) -> bool:
    """Whether a rule knows of a difference that it is one, and nothing of what it does."""
    if found.rule == "framework-version":  # what a release changed stands behind the versions
        return found.message.endswith((f"-> {found.other}", NONE_TOLD))
    if found.rule == "package-missing" and found.reference is None:
        return True  # of what the reference does without, nothing says what it does here
    return found.rule in ONLY_DIFFER or found.message.endswith(NONE_TOLD)


def _is_of_python(found: Finding, evidence: Evidence) -> bool:
    """Whether a sentence says what another Python does, of which the rule knows no more than the step."""
    return found.rule == "python-version" and evidence.row["topic"] == "python-version"


def _is_of_numbers(found: Finding, evidence: Evidence) -> bool:
    """Whether a finding tells of other numbers, or of speed, where something failed."""
    if (
        evidence.is_hint
        or evidence.row["topic"] == "traceback"
        or evidence.row["effect"] != "crash"
    ):
        return False
    is_step = found.rule in steps.RETOLD  # of a release's changes the text chooses one
    return found.effect in (Effect.NUMERICS, Effect.PERFORMANCE) and not is_step


def _filled(text: str, evidence: Evidence, where: Places) -> str:
    """A sentence with its names; what the text did not name is called by what it is."""

    def name(hole: re.Match[str]) -> str:
        key = hole[1]
        value = where.names.get(key) or next(
            (told for found, told in where.names.items() if found.rstrip("0123456789") == key), ""
        )
        value = value or evidence.groups.get(key, "") or "the package"
        return clean_message(" ".join(value.split()))[:LONGEST_NAME]

    return HOLE.sub(name, text)


def _source(keys: str) -> str:
    """Where a row of either table is written down."""
    known = {**table("failure_signatures")["sources"], **table("failure_sentences")["sources"]}
    return "; ".join(str(known.get(key, key)) for key in keys.split(","))


def quotation(evidence: Evidence) -> str:
    """What the text says, its line and the number of it; empty where nobody passed a text."""
    if not evidence.line.strip():
        return ""  # somebody named a kind of trouble, and passed no text
    return f"{QUOTES} (line {evidence.number}): {quoted(evidence)}"


def quoted(evidence: Evidence) -> str:
    """The line that speaks, shortened around what it says, symbols readable.

    Secrets are taken out before it is shortened: half of one is not known by its shape.
    """
    line = SYMBOL.sub(lambda match: demangled(match[0]), " ".join(evidence.line.split()))
    if len(line) > LONGEST_JUDGED:
        start = max(0, _start(line, evidence) - LONGEST_JUDGED // 2)
        line = line[start : start + LONGEST_JUDGED]
    line = clean_message(line)
    if len(line) > LONGEST_QUOTE:
        start = _start(line, evidence)
        line = line[start : start + LONGEST_QUOTE]
    return line


def _start(line: str, evidence: Evidence) -> int:
    """Where the quote of a long line begins: half its length before what it says."""
    found = [line.find(word) for word in evidence.row.get("words", ()) if word in line]
    place = min(found) - LONGEST_QUOTE // 2 if found else 0
    return max(0, min(place, len(line) - LONGEST_QUOTE))
