"""Whether a text names a fact that differs: by its name, by a key, or by the value of one side."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from envsnap.knowledge.roles import is_named as is_a_package
from envsnap.knowledge.variables import mean_the_same, only_tells
from envsnap.rules.finding import Confidence, Effect, Finding
from envsnap.rules.machine.env_var import EnvVar
from envsnap.rules.packages.package_missing import PackageMissing
from envsnap.rules.symptoms import of_variables
from envsnap.rules.symptoms.reading import Evidence, Reading

SHORTEST = 6  # letters of a variable's name that a text may hold by chance
SHORTEST_VALUE = 3
PLAIN_VALUES = ("true", "false", "none", "auto", "default", "main", "yes", "off", "info", "error", "debug", "warning")  # fmt: skip
# Values that a text does not hold by chance: a path of several parts, the release of a kernel.
PATH_SHOWN = re.compile(r"/[\w.+-]{1,80}(?:/[\w.+-]{1,80}){1,12}")
NUMBER = re.compile(r"[0-9]{2,12}(?:\.[0-9]{1,6})?")
WORDS_OF_A_KEY = re.compile(r"_|(?<=[a-z0-9])(?=[A-Z])")
LONG_NUMBER = 4  # digits of one that a text shows alone
# What programs say that find no plugin for a name.
LOOKS_FOR = re.compile(
    r"plugin|dialect|backend|driver|engine|protocol|scheme|registered|entry ?point|launcher|provider|not (?:found|known|supported)"
    r"|unknown|unsupported|could not find|can't load|no module",
    re.IGNORECASE,
)
INSTALLED = re.compile(r"(?:site|dist)-packages/([A-Za-z_]\w{0,80})")
KERNEL_RELEASE = re.compile(r"\d{1,2}\.\d{1,3}\.\d{1,4}")


def is_named(found: Finding, reading: Reading) -> bool:
    """Whether a text names a fact of the machine or of the shell that differs, or its value."""
    if found.rule == PackageMissing.id:
        return _is_distribution_named(found.path[1], reading)
    if found.path[0] == "configs" and found.changes:
        named = any(_is_key_named(part, reading) for part in found.path[2:])
        return named or _are_values_shown(found, reading)
    is_of_one_side = found.rule == EnvVar.id and found.confidence is Confidence.POSSIBLE
    if found.path[0] not in ("env_vars", "system") or not (found.changes or is_of_one_side):
        return False
    if found.path[0] == "env_vars" and (
        only_tells(found.path[-1])  # run with NCCL_DEBUG=INFO
        or mean_the_same(found.path[-1], found.reference, found.other)
    ):
        return False
    return is_mentioned(found, reading) or is_shown(found, reading)


def _is_distribution_named(name: str, reading: Reading) -> bool:
    """Whether a line that says what failed names a distribution; a plain word stands in any text."""
    spelled = re.escape(name).replace(r"\-", "[-_.]")
    if "-" not in name and not re.search(r"\d", name):
        spelled = rf"['\"`]{spelled}['\"`]|{spelled}(?=\.[A-Za-z_]|[^\n]{{0,40}} not (?:installed|found|available))"
    pattern = re.compile(rf"(?<![\w.-])(?:{spelled})(?![\w-])")
    said = [item for item in reading.evidence if not item.is_hint]
    parts = [item.line.partition(": ") for item in said]
    lines = [rest or first for first, _, rest in parts]  # a class is no mention
    return any(map(pattern.search, lines)) or _is_plugin_named(name, lines, _failed(said))


def _failed(said: Sequence[Evidence]) -> set[str]:
    """The modules whose code failed, by their first words."""
    raised = [item.raised for item in said if item.raised is not None]
    inside = (INSTALLED.search(frame.file) for item in raised for frame in item.frames)
    return {item.exception.partition(".")[0] for item in raised} | {
        found[1] for found in inside if found is not None
    }


def _is_plugin_named(name: str, lines: Sequence[str], failed: Container[str]) -> bool:
    """Whether a line that looks for a plugin has the word that tells it from others: sqlalchemy's snowflake."""
    parts = name.split("-")
    words = [
        word
        for word in parts
        if len(word) >= SHORTEST and word not in failed and not is_a_package(word)
    ]
    return len(parts) > 1 and any(
        re.search(rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])", line) is not None
        for line in lines
        if LOOKS_FOR.search(line)
        for word in words
    )


def _is_key_named(key: str, reading: Reading) -> bool:
    """Whether a text names a key of a configuration; plain words stand in any text."""
    words = [word for word in WORDS_OF_A_KEY.split(key) if word]
    if len(words) < 2 or len(key) < SHORTEST:
        return False
    if not reading.lines.words.may_have_lowered(words[0].lower()):
        return False
    spelled = "[_ -]?".join(map(re.escape, words))  # tensor parallel size, Liveness probe
    return re.search(rf"(?<![\w.]){spelled}(?!\w)", reading.text, re.IGNORECASE) is not None


def _are_values_shown(found: Finding, reading: Reading) -> bool:
    """Whether a text that complains holds the numbers of a key: both, or one that hardly stands there by chance."""
    if found.effect is Effect.NONE:
        return False  # the port of a log's address
    values = [
        str(value)
        for value in (found.reference, found.other)
        if isinstance(value, int | float | str)
    ]
    numbers = [value for value in values if NUMBER.fullmatch(value)]
    if len(numbers) < 2:
        return False
    shown = [value for value in numbers if _has_number(value, reading)]
    return (
        len(shown) == 2
        or any(len(value) >= LONG_NUMBER for value in shown)
        or all(_has_number(_one_more(value), reading) for value in numbers)
    )


def _has_number(value: str, reading: Reading) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(value)}(?![\w-]|\.\d)", reading.text) is not None


def _one_more(value: str) -> str:
    """Heads of detectors have a class for the background."""
    return str(int(value) + 1) if value.isdigit() else value


def is_shown(found: Finding, reading: Reading) -> bool:
    """Whether a text holds the value that a fact has on one side."""
    if found.path[0] == "env_vars" and found.changes and _is_spoken_of(found, reading):
        return True
    for value in (found.reference, found.other):
        if not isinstance(value, str):
            continue
        if found.path[0] == "env_vars" and _is_quoted(value, reading):
            return True
        is_kernel = found.path == ("system", "kernel")
        shown = KERNEL_RELEASE.match(value) if is_kernel else PATH_SHOWN.fullmatch(value)
        if shown and re.search(rf"(?<![\w./-]){re.escape(shown[0])}(?![\w/])", reading.text):
            return True
    return False


def _is_spoken_of(found: Finding, reading: Reading) -> bool:
    """Whether a line that complains speaks of a variable as it is where things fail, or was before."""
    name = found.path[-1]
    return any(
        of_variables.speaks_of(name, found.other, found.reference, line) for line in reading.telling
    )


def _is_quoted(value: str, reading: Reading) -> bool:
    """Whether a line that says what failed has a variable's value in quotation marks."""
    if len(value) < SHORTEST_VALUE or value.lower() in PLAIN_VALUES or value.isdigit():
        return False
    quoted = re.compile(rf"(['\"`]){re.escape(value)}\1")
    return any(quoted.search(item.line) for item in reading.evidence if not item.is_hint)


def _is_said(name: str, reading: Reading) -> bool:
    """Whether a line that is no note of a log has a name."""
    if name not in reading.text:
        return False
    whole = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    return any(
        name in line and whole.search(line) and not reading.is_quiet(number)
        for number, line in enumerate(reading.lines.lines)
    )


def is_mentioned(found: Finding, reading: Reading) -> bool:
    """Whether a text has the name of a distribution or of a variable."""
    if found.path[0] not in ("packages", "frameworks", "env_vars") or len(found.path) < 2:
        return False
    name = found.path[1]
    if found.path[0] == "env_vars":
        return "_" in name and len(name) >= SHORTEST and _is_said(name, reading)
    if not reading.lines.words.may_have_lowered(name.lower().replace("-", " ")):
        return False
    spelled = re.escape(name).replace(r"\-", "-").replace("-", "[-_]")
    return re.search(rf"(?<![\w-]){spelled}(?![\w-])", reading.text, re.IGNORECASE) is not None
