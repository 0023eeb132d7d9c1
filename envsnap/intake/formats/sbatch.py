"""Slurm's batch scripts: what they ask for, the modules they load, the variables they set."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from envsnap.intake.formats import configs
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source

DIRECTIVE = re.compile(r"^#SBATCH\s+(?P<words>-[^#\n]*?)\s*(?:#.*)?$")
EXPORT = re.compile(r"^\s*export\s+(?P<words>[A-Za-z_]\w{0,80}=.*)$")
ASSIGNED = re.compile(r"([A-Za-z_]\w{0,80})=((?:\"[^\"]*\"|'[^']*'|\\.|[^\s\"';&|\\])*)\s*")
DOCUMENT = re.compile(r"<<-?\s*[\"']?(\w{1,40})[\"']?")
OPENS, ENDS = (
    re.compile(r"\s*(?:if|for|while|until|case)\b|.*\{\s*$"),
    re.compile(r"\s*(?:(?:fi|done|esac)\b|\})"),
)
MODULES = re.compile(r"^\s*(?:module|ml)\s+(?:load|add)\s+(?P<names>[^#\n;&|]+)")
SHORT = {
    "-N": "nodes", "-n": "ntasks", "-c": "cpus-per-task", "-p": "partition", "-t": "time",
    "-J": "job-name", "-o": "output", "-e": "error", "-A": "account", "-G": "gpus",
    "-C": "constraint", "-w": "nodelist", "-x": "exclude", "-q": "qos",
}  # fmt: skip
# What names this job, and shapes nothing of what it computes.
QUIET = ("job-name", "output", "error", "account", "mail-user", "mail-type", "comment")


def recognise(source: Source) -> bool:
    """A script with Slurm's directives."""
    return source.text.lstrip().startswith("#!") and any(map(DIRECTIVE.match, source.lines))


def read(source: Source) -> Draft:
    """Directives and modules as a config, exported literals as variables."""
    draft = Draft("a batch script of Slurm", "wanted")
    options = _options(source.lines)
    modules: list[str] = []
    exports: dict[str, set[str]] = {}
    for line, is_sure in _commands(source.lines):
        export, module = EXPORT.match(line), MODULES.match(line)
        if export is not None:
            for name, value in _assigned(export["words"]):
                exports.setdefault(name, set()).update((value,) if is_sure else (value, ""))
        elif module is not None:
            modules.extend(module["names"].split())
    for name, values in exports.items():
        if len(values) == 1:
            _export(draft, name, values.pop())
        else:
            draft.variable_name(name)  # which one is in force is the script's to decide
    tree = {"sbatch": options, **({"modules": modules} if modules else {})}
    configs.add_tree(draft, "sbatch", tree, "env")
    return draft


def _commands(lines: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """Lines that are commands, with whether they surely run; what a command is fed is none."""
    depth, until = 0, ""
    for line in lines:
        if until:
            until = "" if line.strip() == until else until
            continue
        depth = max(0, depth - (ENDS.match(line) is not None))
        yield line, depth == 0
        depth += (
            OPENS.match(line) is not None and re.search(r";\s*(?:fi|done|esac)\s*$", line) is None
        )
        fed = DOCUMENT.search(line)
        until = fed[1] if fed is not None and "<<<" not in line else ""


def _assigned(words: str) -> list[tuple[str, str]]:
    """Each variable of one `export`; what does not read as words of a shell is one value."""
    found = list(ASSIGNED.finditer(words))
    ends = found[-1].end() if found else 0
    whole = "".join(match[0] for match in found) == words[:ends]
    if len(found) > 1 and whole and words[ends:].strip()[:1] in ("", "#"):
        return [(match[1], match[2]) for match in found]
    name, _, value = words.partition("=")
    return [(name, value.strip())]


def _options(lines: tuple[str, ...]) -> dict[str, str]:
    """The directives above the first command: Slurm passes over those below it."""
    options: dict[str, str] = {}
    for line in lines:
        directive = DIRECTIVE.match(line)
        if directive is not None:
            options.update(_of_words(directive["words"]))
        elif line.strip() and not line.lstrip().startswith("#"):
            break
    return {name: value for name, value in options.items() if name not in QUIET}


def _of_words(text: str) -> dict[str, str]:
    """One line can have several options, each with its value behind `=` or a blank, or without."""
    try:
        words = shlex.split(text)
    except ValueError:
        return {}
    found: dict[str, str] = {}
    name = ""
    for word in words:
        if word.startswith("-"):
            option, _, value = word.partition("=")
            if not word.startswith("--") and len(option) > 2:
                option, value = word[:2], word[2:]
            name = SHORT.get(option, option.lstrip("-"))
            found[name] = value
        elif name and not found[name]:
            found[name] = word
    return found


def _export(draft: Draft, name: str, value: str) -> None:
    """A literal is a value; what the shell would expand is not known."""
    value = re.sub(r"\s+#.*$", "", value).strip()
    plain = value.strip("'\"")
    if value[:1] not in ("'", '"') and any(mark in value for mark in " ;&|"):
        draft.variable_name(name)
        return
    if value.startswith("'") or not any(mark in value for mark in "$`*"):
        draft.variable(name, plain)
    else:
        draft.variable_name(name)
