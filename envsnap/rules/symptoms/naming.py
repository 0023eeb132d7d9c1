"""What the error itself names, where nobody knows its sentence: the last resort of the grammar.

Only the lines that complain are read, never the rest of a log, and only what the manifest states
counts: a variable that is set, a distribution with a version or an attribute beside its name. What
such a line names may be the cause, and is said to be no more than that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from envsnap.knowledge.variables import only_tells
from envsnap.model.host import EnvVars
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.model.reading import entries, given, packages, stated
from envsnap.rules.symptoms import of_variables, owners
from envsnap.rules.symptoms.lines import bare
from envsnap.rules.symptoms.reading import Evidence, Reading
from envsnap.rules.symptoms.trouble import is_likely

# A line in which a program complains: an exception with its message, or a logger's error.
COMPLAINS = re.compile(
    r"^\s{0,20}(?:[A-Za-z_][\w.]{0,120}(?:Error|Exception|Warning|Failure|Exit)\b|(?:error|fatal|failed|warn)\b)"
    r"|\b(?:not supported|unsupported|incompatible|invalid|cannot|can't|could not|failed|not a valid|unable to"
    r"|is required|requires|does not support|not available|mismatch|too old|too new)\b",
    re.IGNORECASE,
)
# One of these is in every such line.
COMPLAINING = ("error", "exception", "warn", "fail", "exit", "fatal", "support", "incompatible",
    "valid", "cannot", "can't", "could not", "unable to", "requires", "required", "mismatch", "too ", "available")  # fmt: skip
VARIABLE = re.compile(r"\b[A-Z][A-Z0-9]{1,30}(?:_[A-Z0-9]{1,40}){1,8}\b")
NAME = re.compile(r"\b[A-Z][A-Z0-9_]{5,60}\b")
SETTING = re.compile(r"[a-z]{3,40}(?:[_ ][a-z]{3,40}){1,4}")
# A distribution by a name with a release, an attribute or quotation marks: no word of a sentence.
VERSIONED = re.compile(r"\b([A-Za-z][\w-]{1,60})(?:\s|==|[<>]=?|\sv|\sversion\s){1,2}\d{1,4}\b")
DOTTED = re.compile(r"(?<![\w./@-])([a-z_]\w{1,60})(?:\.\w{1,80}){1,8}\b")
QUOTED = re.compile(
    r"`([A-Za-z][\w-]{1,60})`|['\"]([A-Za-z][\w-]{1,60})['\"] (?:package|library|module)\b"
)
# The class of a value that is shown: <StringDtype(na_value=nan)>, or by its name in quotation marks.
CLASS = re.compile(r"(?:<class '(?:[\w.]{1,80}\.)?|<|')([A-Z][A-Za-z0-9]{3,60})(?=[\s(>'])")
# Whose exception it is says little of whose fault it is.
RAISED = re.compile(r"^\s{0,20}(?:[A-Za-z_]\w{0,80}\.){1,8}[A-Z]\w{0,80}(?=:|$)")
MOST_LINES, BELOW = 40, 4
OF_A_FRAME = re.compile(r"\s{0,40}(?:File \"|at [\w.$<>]{1,200}\()")
SHORT = 4000  # characters: of a text that a person cut, every line may name a variable
LONGEST = 600
LONGEST_VALUE = 80
MOST = 2

ROW = {
    "id": "named",
    "topic": "named",
    "says": "the text points to {named}, and nothing that is known explains it",
    "rules": [],
    "effect": "crash",
    "fix": "Compare it with an environment in which this works, or read that release's notes.",
    "source": "",
    "basis": "inferred",
    "severity": "warning",
}

OFF = ("", "0", "false", "off", "no")
SILENT_TROUBLE = ("hang", "slower", "memory")  # what ends without saying why
FITS = {
    **ROW,
    "id": "fits",
    "says": "{named} is set, and can make such trouble",
    "effect": "behavior",
    "fix": "Try without it.",
}


AS_SET = {
    **ROW,
    "id": "as-set",
    "says": "the text complains of {named}, as it is set here",
    "fix": "Try without it.",
}
NOT_SET = {
    **AS_SET,
    "says": "the text complains of what {named} decides, which is not set here",
    "fix": "Set it as it is where this works.",
}
WARNS = re.compile(r".{0,80}\bwarn(?:ing)?\b", re.IGNORECASE)
ASSIGNED = re.compile(r"\b([A-Z][A-Z0-9]{1,30}(?:_[A-Z0-9]{1,40}){1,8})=([^\s'\",;]{1,200})")


TO_SET = {
    **ROW,
    "id": "to-set",
    "topic": "variable",
    "says": "{named} has to be set, and is not",
    "fix": "Set it, or start the program as its documentation says, so that it is set.",
}
# A line that asks for a variable, beside its name.
ASKS = re.compile(
    r"(?:environment variable|env(?:ironment)? var|\benv\b)[^\n]{0,120}\b(?:not set|unset|expected|required|missing|not found"
    r"|undefined|not defined|must be|to \d)|\b(?:requires?|please|must|need(?:s|ed)?(?: to)?|have to)\b[^\n]{0,60}"
    r"\b(?:set(?:ting)?|export|define)\b|\b(?:is|are|was) (?:not set|unset|undefined|not defined)\b",
    re.IGNORECASE,
)


REFUSED = {
    **ROW,
    "id": "refused",
    "says": "{named} has a value that is refused: {value}",
    "fix": "Correct its value, or unset it.",
}
REFUSES = re.compile(
    r"\b(?:invalid|unrecogni[sz]ed|unknown|malformed|unsupported|illegal|not a valid|bad|cannot parse|could not parse|failed to parse"
    r"|must be|expected|out of range)\b",
    re.IGNORECASE,
)
UNREAD = {
    **ROW,
    "id": "unread",
    "topic": "variable",
    "says": "the text names {named}, which is set here; its value was not recorded",
    "fix": "Compare its values: capture both sides with --env {named}.",
}
ON_PATH = {
    **ROW,
    "id": "on-path",
    "says": "what failed was imported from a folder of PYTHONPATH",
    "facts": ["env_vars.PYTHONPATH"],
    "fix": "Try without it.",
}

AS_ERROR = {
    **ROW,
    "id": "as-error",
    "says": "a warning was raised as an error",
    "fix": "Unset PYTHONWARNINGS, or let it name the warnings that are to be errors.",
}
SHADOWS = {
    **ROW,
    "id": "shadows",
    "says": "a file of the working folder hides the module of its name",
    "fix": "Rename the file, or start the program from another folder.",
}
OFF_PATH = {
    **ON_PATH,
    "id": "off-path",
    "says": "a folder in which modules were looked for is no longer in PYTHONPATH",
    "fix": "Put the folder back.",
}


def named(reading: Reading, manifest: Manifest) -> list[Evidence]:
    """What the complaining lines of a text name of a manifest, the first of them first."""
    found: dict[Path, Evidence] = {}
    lines = reading.lines
    every = range(len(lines.lines)) if len(reading.text) <= SHORT else ()
    others = loud_lines(reading, every)
    read = [
        *((*item, (*_variables(item[1], manifest), *_distributions(item[1], manifest))) for item in complaints(reading)[::-1]),
        *((*item, _variables(item[1], manifest)) for item in others),
    ]  # fmt: skip
    for number, line, names in read:
        for path, name in names:
            value = entries(manifest, "env_vars").get(name) if path[0] == "env_vars" else None
            is_refused = isinstance(value, str) and value and REFUSES.search(line) is not None
            row = {
                **(REFUSED if is_refused else ROW),
                "facts": [".".join(path)],
                "names": "as they are",
            }
            groups = {"named": name, "value": str(value)[:LONGEST_VALUE]}
            found.setdefault(
                path, Evidence(row=row, groups=groups, line=line, number=lines.numbered(number))
            )
    return list(found.values())[:MOST]


def complaints(reading: Reading) -> list[tuple[int, str]]:
    """The last lines in which a program complains, with their numbers."""
    found = loud_lines(reading, reading.lines.with_any(COMPLAINING))
    return [item for item in found if COMPLAINS.search(item[1])][-MOST_LINES:]


def telling(reading: Reading) -> list[str]:
    """The lines in which a short text, or a complaint of a long one, may show a value; no frames."""
    lines = reading.lines
    numbers: Iterable[int] = range(len(lines.lines))
    if len(reading.text) > SHORT:
        near = {number + step for number, _ in complaints(reading) for step in range(BELOW)}
        numbers = sorted(near & set(numbers))
    found = [line for _, line in loud_lines(reading, numbers) if not OF_A_FRAME.match(line)]
    return [*(item.line for item in reading.evidence if not item.is_hint), *found]


def as_set(reading: Reading, manifest: Manifest) -> Iterator[Evidence]:
    """Variables that a line complains of with the very value that they have."""
    variables = entries(manifest, "env_vars")
    for number, line in loud_lines(reading, reading.lines.with_any(COMPLAINING)):
        # A logger's word for it stands before the line.
        if not (COMPLAINS.search(line) or WARNS.match(reading.lines.lines[number])):
            continue
        for name, value in ASSIGNED.findall(line):
            if variables.get(name) == value and not only_tells(name):
                yield of_variable(AS_SET, name, line, reading.lines.numbered(number))


def to_set(reading: Reading, manifest: Manifest) -> Iterator[Evidence]:
    """Variables that a line asks for, where the manifest says that they are not set."""
    told = manifest.sections.env_vars
    if not isinstance(told, EnvVars) or not (told.complete or told.names_complete is True):
        return
    variables = entries(manifest, "env_vars")
    known = {*variables, *(given(told.others) or ()), *(told.gaps or ())}
    for number, line in loud_lines(
        reading, reading.lines.with_any(("set", "export", "env", "defin"))
    ):
        if not ASKS.search(line):
            continue
        for name in VARIABLE.findall(line):
            if name not in known and not ASSIGNED.search(line):
                yield of_variable(TO_SET, name, line, reading.lines.numbered(number))


def unread(reading: Reading, manifest: Manifest) -> Iterator[Evidence]:
    """Variables that a complaint names and that are set, where their values were not recorded."""
    told = manifest.sections.env_vars
    others = set(given(told.others) or ()) if isinstance(told, EnvVars) else set()
    numbers = reading.lines.with_any(COMPLAINING) if others else ()
    for number, line in loud_lines(reading, numbers):
        words = NAME.findall(line) if COMPLAINS.search(line) else ()
        for name in dict.fromkeys(words):
            if name in others and not only_tells(name):
                yield of_variable(UNREAD, name, line, reading.lines.numbered(number))


def of_variable(
    row: dict[str, Any], name: str, line: str, number: int, value: str = ""
) -> Evidence:
    """What a line says of one variable."""
    about = {**row, "facts": [f"env_vars.{name}"], "names": "as they are"}
    groups = {"named": name, "value": value[:LONGEST_VALUE]}
    return Evidence(row=about, groups=groups, line=line, number=number)


def on_path(reading: Reading, manifest: Manifest) -> Iterator[Evidence]:
    """The tracebacks that run through a distribution's module in a folder of PYTHONPATH."""
    value = entries(manifest, "env_vars").get("PYTHONPATH")
    folders = [f"{part.rstrip('/')}/" for part in str(value or "").split(":") if part.strip("/")]
    for item in reading.evidence:
        files = [frame.file for frame in item.raised.frames] if item.raised is not None else []
        inside = [
            file.removeprefix(folder)
            for file in files
            for folder in folders
            if file.startswith(folder)
        ]
        roots = {re.split(r"[/.]", place, maxsplit=1)[0] for place in inside}
        if any(owners.module(root, manifest) for root in roots):
            yield Evidence(row=ON_PATH, groups={}, line=item.line, number=item.number)


def as_errors(reading: Reading, manifest: Manifest) -> Iterator[Evidence]:
    """The warnings that ended a program, where a variable makes errors of warnings."""
    value = entries(manifest, "env_vars").get("PYTHONWARNINGS")
    if "error" not in str(value or ""):
        return
    for item in reading.evidence:
        if item.raised is not None and item.raised.exception.endswith("Warning"):
            yield of_variable(AS_ERROR, "PYTHONWARNINGS", item.line, item.number)


def shadows(reading: Reading, manifest: Manifest) -> Iterator[Evidence]:
    """The modules that a text is about and that a file of the working folder is known to hide."""
    hidden = stated(manifest, "python", "shadows") or {}
    for item in reading.evidence:
        module = item.groups.get("module", "").partition(".")[0]
        if module in hidden:
            row = {**SHADOWS, "facts": [f"python.shadows.{module}"]}
            yield Evidence(row=row, groups={}, line=item.line, number=item.number)


def off_path(reading: Reading, manifest: Manifest) -> Iterator[Evidence]:
    """The modules that were not found and that no distribution is known to have."""
    for item in reading.evidence:
        module = item.groups.get("module")
        if item.row["id"] == "no-module" and not (module and owners.module(module, manifest)):
            yield Evidence(row=OFF_PATH, groups={}, line=item.line, number=item.number)


def loud_lines(reading: Reading, numbers: Iterable[int]) -> list[tuple[int, str]]:
    """Lines by their numbers, without prefixes; those that are known to be harmless aside."""
    return [
        (number, bare(reading.lines.lines[number][:LONGEST]))
        for number in numbers
        if not reading.is_quiet(number)
    ]


def fitting(reading: Reading, manifest: Manifest) -> list[Evidence]:
    """Variables that are set and that make such trouble, where a short text says no more than that."""
    if reading.symptom not in SILENT_TROUBLE or len(reading.text) > SHORT:
        return []
    names = [
        name for name, value in entries(manifest, "env_vars").items()
        if is_likely(("env_vars", name), reading.symptom)
        and not (only_tells(name) or str(value).lower() in OFF)
    ]  # fmt: skip
    line = next((item for item in reading.text.split("\n") if item.strip()), "")
    return [
        Evidence(
            row={**FITS, "facts": [f"env_vars.{name}"], "names": "as they are"},
            groups={"named": name, "trouble": reading.symptom},
            line=line,
            number=1,
        )
        for name in names[:MOST]
    ]


def _variables(line: str, manifest: Manifest) -> Iterator[tuple[Path, str]]:
    """Variables that are set, by their names or by the setting that they hold."""
    variables = entries(manifest, "env_vars")
    for name in VARIABLE.findall(line):
        if name in variables:
            yield ("env_vars", name), name
    plain = of_variables.spaced(line)
    for name, value in variables.items():
        if of_variables.is_named_in(name, value, line):
            yield ("env_vars", name), name
        for setting in SETTING.findall(value) if isinstance(value, str) else ():
            if f" {of_variables.spaced(setting)}" in f" {plain}":
                yield ("env_vars", name), name


def _distributions(line: str, manifest: Manifest) -> Iterator[tuple[Path, str]]:
    installed = packages(manifest)
    said = RAISED.sub("", line)
    for pattern in (VERSIONED, DOTTED, QUOTED):
        for match in pattern.finditer(said):
            word = str(match[match.lastindex or 0])
            name = owners.distribution(word.lower() if pattern is VERSIONED else word, manifest)
            if name in installed:
                yield ("packages", str(name)), str(name)
    for found in CLASS.finditer(said):
        owner = owners.of_class(found[1], installed)
        if owner is not None:
            yield ("packages", str(owner)), str(owner)
