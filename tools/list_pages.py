"""Short reference pages: what is read and written, exit codes, the Python API, the home page."""

from __future__ import annotations

import re
from pathlib import Path

import click

import envsnap
from envsnap.intake.formats.registry import FOLDERS, FORMATS
from tools.command_pages import every_command

ROOT = Path(__file__).parents[1]
WRITTEN = "Written by `python -m tools.regenerate`."

EXIT_CODES = {
    "0": "Nothing at or above `--fail-on` (default `warning`). `compare`: same or equivalent."
    " `build`, `verify`: proven. `bisect`: the culprit is proven.",
    "1": "Findings at or above `--fail-on`. `compare`: the runs diverged, or the command failed"
    " here. `bisect`: nothing that was carried makes the difference. `fleet`: hosts drifted.",
    "2": "Wrong usage, or input that is unreadable, refused or altered. The message says where and why.",
    "3": "The target cannot be reached, the probe failed there, or its answer is not to be believed.",
    "4": "An image or an environment could not be built.",
    "5": "The proof, the verification or a signature failed.",
    "6": "Unknown. Nothing could be compared, or `--fail-on-unknown` and a fact is unknown."
    " `compare`: undecided. `bisect`: the budget is spent, or the good side fails here."
    " `fleet`: hosts are unknown or missing.",
    "70": "A bug of envsnap. `ENVSNAP_TRACEBACK=1` shows where. Please report it.",
    "125": "`run` and `record`: envsnap could not run the command, or no model was called.",
    "126": "`run` and `record`: the command is not executable.",
    "127": "`run` and `record`: the command was not found.",
    "130": "Interrupted by Ctrl-C.",
    "141": "The reader of the output went away (a closed pipe).",
}
EXITS = """\
A gate in CI needs two of them: 1 means "different", 6 means "could not tell". Treat any other code
that is not 0 as a failure of the check itself.

Where two hold, envsnap gives the earlier of 70, 2, 3, 4, 5, 1, 6. `run` and `record` pass on the
exit code of your command. With several OTHER manifests, `diff` gives the worst."""
# Options that name what is written.
STYLES = ("--format", "--form")
PYTHON = """\
`import envsnap` imports nothing else until you use a name. Errors are subclasses of
`envsnap.errors.EnvsnapError`; the `exit_code` of each is the one that the command ends with."""


def exit_codes() -> str:
    """docs/exit-codes.md."""
    rows = [f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items()]
    table = "\n".join(["| code | meaning |", "|---|---|", *rows])
    return f"# Exit codes\n\n{table}\n\n{EXITS}" + "\n"


def formats_and_forms() -> str:
    """docs/formats-and-forms.md: what is read, and what each command writes."""
    parts = ["# Formats and forms", WRITTEN]
    parts += ["## Read as manifests", "[How they are read](formats.md)."]
    parts.append("\n".join(f"- {entry.title}" for entry in FORMATS))
    parts += ["Folders and archives of them:", "\n".join(f"- {entry.title}" for entry in FOLDERS)]
    parts.append("## Written")
    rows = ["| command | option | values |", "|---|---|---|"]
    for context, command in every_command():
        for option in command.params:
            named = next((name for name in option.opts if name in STYLES), None)
            if named and isinstance(option.type, click.Choice):
                values = ", ".join(f"`{value}`" for value in option.type.choices)
                rows.append(f"| `{context.command_path}` | `{named}` | {values} |")
    return "\n\n".join([*parts, "\n".join(rows)]) + "\n"


def python() -> str:
    """docs/python.md: the public names; mkdocstrings writes their signatures."""
    parts = ["# Python", PYTHON]
    for name in envsnap.__all__:
        home = getattr(envsnap, name)
        if callable(home) and name != "Manifest":
            parts.append(f"::: {home.__module__}.{home.__name__}")
    parts += ["## The manifest", "::: envsnap.model.manifest.Manifest"]
    return "\n\n".join(parts) + "\n"


def home() -> str:
    """docs/index.md: the README, with links as they are inside docs/."""
    text = (ROOT / "README.md").read_text()
    text = re.sub(r"<!--.*?-->\n", "", text)
    text = re.sub(r"\]\(docs/", "](", text)
    return re.sub(r" · \[contributing\]\(CONTRIBUTING.md\)", "", text)
