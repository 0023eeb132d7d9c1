"""Slurm's batch scripts: what they ask for, the modules they load, the variables they set."""

from __future__ import annotations

import re
import shlex

from envsnap.intake.formats import configs
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source

DIRECTIVE = re.compile(r"^#SBATCH\s+(?P<words>-[^#\n]*?)\s*(?:#.*)?$")
EXPORT = re.compile(r"^\s*export\s+(?P<name>[A-Za-z_]\w{0,80})=(?P<value>.*)$")
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
    for line in source.lines:
        export, module = EXPORT.match(line), MODULES.match(line)
        if export is not None:
            exports.setdefault(export["name"], set()).add(export["value"].strip())
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
