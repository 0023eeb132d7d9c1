"""Slurm's batch scripts: what they ask for, the modules they load, the variables they set."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from envsnap.intake.formats import configs, other_commands, shell
from envsnap.intake.formats.draft import CUT, Draft
from envsnap.intake.formats.source import Source

DIRECTIVE = re.compile(r"^#SBATCH\s+(?P<words>-[^#\n]*?)\s*(?:#.*)?$")
EXPORT = re.compile(r"^\s*export\s+(?P<words>[A-Za-z_]\w{0,80}=.*)$")
ASSIGNED = re.compile(r"([A-Za-z_]\w{0,80})=((?:\"[^\"]*\"|'[^']*'|\\.|[^\s\"';&|\\])*)\s*")
DOCUMENT = re.compile(r"<<-?\s*[\"']?(\w{1,40})[\"']?")
OPENS, ENDS = (
    re.compile(r"\s*(?:if|for|while|until|case)\b|.*\{\s*$"),
    re.compile(r"\s*(?:(?:fi|done|esac)\b|\})"),
)
MODULES = re.compile(
    r"^\s*(?:module|ml)\s+(?P<deed>load|add|unload|rm|del|swap|switch|purge)\b(?P<names>.*)$"
)
UNSET = re.compile(r"^\s*unset\s+(?:-v\s+)?(?P<names>[A-Za-z_][\w ]*)$")
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
    others = other_commands.Commands()
    for line, is_sure in _commands(source.lines):
        for command in shell.commands(line):
            sure = is_sure and command.is_sure
            if not _command(command.text, exports, modules, is_sure=sure):
                others.add(command.text)
    for name, values in exports.items():
        if not values:
            continue  # it is unset again
        if len(values) == 1:
            _export(draft, name, values.pop())
        else:
            draft.variable_name(name)  # which one is in force is the script's to decide
    told = {"modules": modules, "run": others.tree}
    tree = {"sbatch": options, **{key: value for key, value in told.items() if value}}
    configs.add_tree(draft, "sbatch", tree, "env")
    if source.cut:
        draft.leave_end(source.cut)
        draft.gap("configs", ("sbatch", "run"), CUT)
    return draft


def _command(text: str, exports: dict[str, set[str]], modules: list[str], *, is_sure: bool) -> bool:
    """Add what one command exports or loads, or take it back; whether it is one that does so."""
    export, module = EXPORT.match(text), MODULES.match(text)
    unset = UNSET.match(text)
    if export is not None:
        for name, value in _assigned(export["words"]):
            exports.setdefault(name, set()).update((value,) if is_sure else (value, ""))
    elif unset is not None:
        names = unset["names"].split()
        for name in names:
            if name in exports:
                exports[name] = {"", *exports[name]} if not is_sure else set()
        return set(names) <= set(exports)
    elif module is not None:
        _module(module["deed"], module["names"].split(), modules)
    return export is not None or module is not None


def _module(deed: str, names: list[str], modules: list[str]) -> None:
    """Load modules, or take them back; the second one of a swap takes the first one's place."""
    swapped = deed in ("swap", "switch")
    gone, come = (names[:1], names[1:2]) if swapped else ([], names)
    if deed in ("unload", "rm", "del"):
        gone, come = names, []
    elif deed == "purge":
        gone, come = list(modules), []
    modules[:] = [*(item for item in modules if item not in gone), *come]


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
        draft.variable_made(name, value, "the shell")
        return
    if value.startswith("'") or not any(mark in value for mark in "$`*"):
        draft.variable(name, plain)
    else:
        draft.variable_made(name, value, "the shell")
