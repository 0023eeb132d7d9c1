"""What an error text or a log shows of the environment that printed it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from envsnap.intake.messages import clean_message
from envsnap.knowledge import variables
from envsnap.knowledge.tables import is_trusted, table
from envsnap.knowledge.versions import Distance, distance
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.rules.finding import QUOTES, Confidence, Effect, Finding, Severity
from envsnap.rules.machine.env_var import UNKNOWN
from envsnap.rules.rule import Rule
from envsnap.rules.symptoms import owners, steps
from envsnap.rules.symptoms.complaints import is_of_a_service, is_of_what_is_given
from envsnap.rules.symptoms.demangle import demangled
from envsnap.rules.symptoms.known import known
from envsnap.rules.symptoms.naming import AS_SET, as_set, fitting, named, on_path, to_set
from envsnap.rules.symptoms.places import Places, places
from envsnap.rules.symptoms.reading import RAISED, Evidence, Reading

LONGEST_QUOTE = 160
LONGEST_JUDGED = 8000  # of a line: what stands further away tells nothing of a secret
LONGEST_NAME = 80
MOST_GUESSES = 2
MOST_RAISED = 3  # findings that one sentence speaks for
OF_RELEASES = ("package-version", "framework-version")  # the fix is the reference's release
# Rules that say that a fact differs, and of its effect what holds for any program.
ONLY_DIFFER = ("package-version", "c-library", "operating-system", "processor", "resources", "env-var", "driver-version")  # fmt: skip
OWN_FIX = ("env-var", "resources", "framework-build")  # the fix is the reference's value
HOLE = re.compile(r"\{(\w+)\}")
SUGGESTED = re.compile(
    r"\bpip3? install (?:(?:-U|--upgrade|--force-reinstall) )*[\"']?(?P<asked>[A-Za-z][\w.-]{1,60}(?:[=<>~!]=[\w.]{1,20})?)"
)
TOKEN = re.compile(r"[a-z][a-z_]{3,40}|[a-z]{1,6}\d{1,4}[a-z]{0,4}|\d{1,4}(?:\.\d{1,6}){1,4}")
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
        for evidence in _all_of(reading, manifest, findings):
            where = places(evidence, manifest)
            if not (where.stated or where.others):
                continue  # it speaks of the program's own parts
            spoken = [
                found for found in _spoken_for(evidence, where, findings)
                if (found.rule, found.path) not in told
            ]  # fmt: skip
            told.update((found.rule, found.path) for found in spoken)
            if spoken:
                place = 2 if evidence.is_weak else 0
                ordered += [(place, _raised(found, evidence, where)) for found in spoken]
            elif not _are_told(where, told):
                own = self._finding(evidence, where)
                if own.message not in said:
                    said.add(own.message)
                    told.add((own.rule, own.path))
                    place = 0 if evidence.row["id"] == AS_SET["id"] else 1
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
    if any(_is_of_the_program(item) for item in reading.evidence):
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
    yield from as_set(reading, manifest)
    yield from to_set(reading, manifest)
    yield from known(reading, manifest)
    yield from reading.evidence


def _is_of_path(found: Finding) -> bool:
    return found.path == ("env_vars", "PYTHONPATH") and bool(found.changes)


def _is_of_the_program(evidence: Evidence) -> bool:
    """Whether what the program does decides it more often than the environment."""
    if evidence.row["id"] == RAISED["id"] and (
        is_of_a_service(evidence.raised) or is_of_what_is_given(evidence.raised)
    ):
        return True
    kind = evidence.row.get("program")
    return kind is True or (kind == "direct" and _is_called_directly(evidence))


def _is_called_directly(evidence: Evidence) -> bool:
    """Whether one library alone stands between the program and what failed, as far as one is told."""
    frames = evidence.raised.frames if evidence.raised is not None else ()
    return len({owners.installed_as(item.file) for item in frames} - {None}) <= 1


def _raised_by_the_program(evidence: Evidence, manifest: Manifest) -> bool:
    """Whether the program's own code raised: of no distribution, and not what Python called for one."""
    if evidence.raised is None:
        return False
    frames = [frame for frame in evidence.raised.frames if not owners.is_of_python(frame.file)]
    return bool(frames) and owners.file(frames[-1].file, manifest) is None


def _spoken_for(evidence: Evidence, where: Places, findings: Sequence[Finding]) -> list[Finding]:
    """Findings that a sentence speaks for: of the rules that it names, then of its facts in order.

    Of facts, those that differ count whatever their severity, and others where a rule blames them.
    A sentence that says little of what failed speaks for differences alone.
    """
    if _says_nothing(evidence):
        return _moved_far(evidence, where, findings)
    by_fact = [
        found
        for path in where.ordered
        for found in findings
        if touches(found, path)
        and _may_do(found, path)
        and (found.changes or (_serious(found) and not evidence.is_weak))
    ]
    by_fact = _nearest_first(by_fact, evidence)
    chosen = by_fact if evidence.is_weak else [*_of_rules(evidence, where, findings), *by_fact]
    return list({(found.rule, found.path): found for found in chosen}.values())[:MOST_RAISED]


def _of_rules(evidence: Evidence, where: Places, findings: Sequence[Finding]) -> list[Finding]:
    """The findings of the rules that a sentence names."""
    return [
        found
        for found in findings
        if found.rule in evidence.row["rules"] and _serious(found) and _is_meant(found, where)
    ]


def _moved_far(evidence: Evidence, where: Places, findings: Sequence[Finding]) -> list[Finding]:
    """What went on by more than a patch of a library that complains of what it is given.

    A release may read the same data otherwise; a patch hardly does. Its variables may tell it what
    to read, or how to reach a service.
    """
    if evidence.row["id"] != RAISED["id"]:
        return []
    of_service = is_of_a_service(evidence.raised)

    def may_be(found: Finding) -> bool:
        if found.path[0] == "env_vars":
            return True
        moved = distance(found.reference, found.other) in (Distance.MAJOR, Distance.MINOR)
        return found.path[0] in ("packages", "frameworks") and moved and not of_service

    return [
        found
        for path in where.ordered
        for found in findings
        if found.changes and touches(found, path) and may_be(found)
    ][:MOST_RAISED]


def _says_nothing(evidence: Evidence) -> bool:
    """Whether a line is a hint, or a complaint of what the program does."""
    return evidence.is_hint or (evidence.is_weak and _is_of_the_program(evidence))


def _nearest_first(found: list[Finding], evidence: Evidence) -> list[Finding]:
    """Of several findings about one fact, those first that say what the line says: names, versions."""
    line = set(TOKEN.findall(evidence.line.lower()))

    def shared(item: Finding) -> int:
        return len(line & set(TOKEN.findall(item.message.lower())))

    def about(item: Finding) -> Path:
        return item.path[:1] if item.path[0] == "gpus" else item.path

    places = {about(item): place for place, item in reversed(list(enumerate(found)))}
    return sorted(found, key=lambda item: (places[about(item)], -shared(item)))


def _may_do(found: Finding, path: Path) -> bool:
    """Whether a difference does anything, or is of the very fact; a text about a GPU is not about its VBIOS."""
    is_of_machine = found.path[0] in ("gpus", "driver", "system") or found.path[-1] == "PATH"
    if path[-1].endswith("*"):
        return variables.acts(found.path[-1]) or variables.known(found.path[-1]) is None
    is_it = found.path == path and found.path[0] != "env_vars" and found.rule != "resources"
    return not is_of_machine or found.effect is not Effect.NONE or is_it


def _is_meant(found: Finding, where: Places) -> bool:
    """Whether a rule's finding is about what the text names, where it names a distribution."""
    named = {path[1] for path in (found.path, *found.changes) if path[0] == "packages" and path[1:]}
    return not where.distributions or not named or bool(named & where.distributions)


def touches(found: Finding, path: Path) -> bool:
    """Whether a finding is about a fact, or about the distribution or section it belongs to."""
    return any(
        _begins(about, path) or _begins(path, about) for about in (found.path, *found.changes)
    )


def _begins(long: Path, short: Path) -> bool:
    if long[: len(short)] == short:
        return True
    if short[-1].endswith("*"):  # a variable of a distribution
        return long[:1] == short[:1] and long[-1].startswith(short[-1][:-1])
    if short[0] == "packages" and long[0] == "wanted":  # a line of a file asks for it
        return long[1 : len(short)] == short[1:]
    # A framework and its distribution are one thing.
    pair = {long[0], short[0]}
    return pair == {"packages", "frameworks"} and len(long) > 1 and len(short) > 1 and (
        long[1].replace("_", "-") == short[1].replace("_", "-") and len(short) <= len(long)
    )  # fmt: skip


def _are_told(where: Places, told: set[tuple[str, Path]]) -> bool:
    """Whether earlier evidence spoke of the likeliest fact already."""
    first = next(iter((*where.stated, *where.others)))
    return any(path[:2] == first[:2] for _, path in told)


def _raised(found: Finding, evidence: Evidence, where: Places) -> Finding:
    """A finding with the line that speaks for it: what the text names is a likely cause.

    A rule that only says that a fact differs has a reason for any program: the sentence has this one.
    """
    worst = min(found.severity, Severity.WARNING, key=lambda item: item.rank)
    surest = min(found.confidence, Confidence.LIKELY, key=lambda item: item.rank)
    why, fix = ("" if found.why == UNKNOWN else found.why), found.fix
    is_said = not evidence.is_weak and (_only_differs(found) or _asks(found, evidence))
    if found.rule == "package-build" and evidence.row["topic"] == "missing-package":
        why = f"It is a module of {found.path[1]}, of which another build is installed."
    elif is_said or _is_of_numbers(found, evidence):
        said = _said(evidence, where)
        why = f"{said[0].upper()}{said[1:]}."
        if not (found.rule in (*OF_RELEASES, *OWN_FIX) or found.message.endswith(steps.NONE_TOLD)):
            fix = _filled(evidence.row["fix"], evidence, where)
    return replace(
        found,
        severity=worst,
        confidence=surest,
        why=f"{why} {quotation(evidence)}".strip(),
        fix=_with_suggestion(fix, evidence),
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
        return found.message.endswith((f"-> {found.other}", steps.NONE_TOLD))
    if found.rule == "package-missing" and found.reference is None:
        return True  # of what the reference does without, nothing says what it does here
    return found.rule in ONLY_DIFFER or found.message.endswith(steps.NONE_TOLD)


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


def _serious(found: Finding) -> bool:
    return found.severity is not Severity.INFO


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
