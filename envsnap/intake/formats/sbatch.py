"""Slurm's batch scripts: what they ask for, the modules they load, the variables they set."""

from __future__ import annotations

import re

from envsnap.intake.formats import configs
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source

DIRECTIVE = re.compile(
    r"^#SBATCH\s+(?P<option>--?[A-Za-z][\w-]*)(?:[=\s]+(?P<value>[^#\n]*?))?\s*(?:#.*)?$"
)
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
    options: dict[str, str] = {}
    modules: list[str] = []
    for line in source.lines:
        directive, export, module = DIRECTIVE.match(line), EXPORT.match(line), MODULES.match(line)
        if directive is not None:
            name = SHORT.get(directive["option"], directive["option"].lstrip("-"))
            if name not in QUIET:
                options[name] = (directive["value"] or "").strip().strip("'\"")
        elif export is not None:
            _export(draft, export["name"], export["value"])
        elif module is not None:
            modules.extend(module["names"].split())
    tree = {"sbatch": options, **({"modules": modules} if modules else {})}
    configs.add_tree(draft, "sbatch", tree, "env")
    return draft


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
