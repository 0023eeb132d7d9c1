"""A Dockerfile: its base, its variables, and what its pip and conda lines ask for.

Nothing is run or resolved: a value with a variable in it is a gap, and what a shell would make of
a line is not guessed.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from typing import Any

from msgspec import Struct

from envsnap.intake.formats import configs, install_commands, other_commands
from envsnap.intake.formats.draft import CUT, Draft
from envsnap.intake.formats.source import Source
from envsnap.model.wanted import Wanted

INSTRUCTION = re.compile(
    r"^(FROM|RUN|CMD|LABEL|EXPOSE|ENV|ADD|COPY|ENTRYPOINT|VOLUME|USER|WORKDIR|ARG|ONBUILD|STOPSIGNAL|HEALTHCHECK|SHELL|MAINTAINER)\s+(.*)$",
    re.IGNORECASE,
)
FROM = re.compile(r"(?:--platform=(\S+)\s+)?(\S+)(?:\s+[Aa][Ss]\s+(\S+))?$")
OF_PYTHON = re.compile(
    r"^(?:docker\.io/)?(?:library/)?python:(\d\.\d{1,2}(?:\.\d{1,3})?)(?=[-@]|$)"
)
MOST_WRITTEN = 500  # lines of a file that stands in the Dockerfile itself
DOCUMENT = re.compile(r"<<-?['\"]?(\w+)['\"]?")
# A document that a shell runs, be it named or not; what another program reads is no command.
OF_SHELL = re.compile(
    r"(?:--\S+\s+)*(?:(?:/\S*/)?(?:ba|da|z)?sh(?:\s+-\w+)*\s+)?<<-?['\"]?\w+['\"]?"
    r"(?:\s+(?:/\S*/)?(?:ba|da|z)?sh(?:\s+-\w+)*)?\s*$"
)
SHEBANG = re.compile(r"#!(?!.*\b(?:ba|da|z)?sh\b)")
ESCAPE = re.compile(r"#\s*escape\s*=\s*([`\\])\s*$", re.IGNORECASE)
# What `docker inspect` calls them.
STARTED = {"USER": "user", "WORKDIR": "workdir", "ENTRYPOINT": "entrypoint", "CMD": "command",
    "SHELL": "shell", "HEALTHCHECK": "healthcheck", "STOPSIGNAL": "stop_signal"}  # fmt: skip
MOUNT = re.compile(r"^(?:--(?:mount|network|security)=\S+\s+)+")
FILE = re.compile(r"(?i:.*[._-])?(?i:docker|container)file")
# A variable in a command, and values that a shell leaves as they are.
SET = re.compile(r"(?<!\\)\$(?:\{(\w+)(?::-[^}]*)?\}|(\w+))")
PLAIN = re.compile(r"[\w.+:/=,@~-]{1,200}")


class Stage(Struct):
    """One stage: what it starts from and what it sets."""

    base: str
    name: str
    env: dict[str, str]
    runs: list[str]
    copies: list[str]
    started: dict[str, Any]  # as `docker inspect` has it: user, workdir, entrypoint, command
    platform: str = ""
    later: list[str] = []  # what images run that are built on this one
    written: dict[str, list[str]] = {}  # lines of files that stand in the Dockerfile itself


def recognise(source: Source) -> bool:
    """A FROM before any other instruction but ARG, and instructions only."""
    lines = _instructions(source.lines)
    told = [line[0] for line in lines]
    first = next((word for word in told if word != "ARG"), "")
    if first != "FROM" or "?" in told:
        return False
    return len(told) > 1 or FILE.match(source.base) is not None


def _instructions(lines: tuple[str, ...]) -> list[tuple[str, str]]:
    """Instruction and rest of each logical line; `?` for what is none.

    The lines of a document that a shell runs follow their RUN, as one more RUN.
    """
    found: list[tuple[str, str]] = []
    held, until, body = "", "", []
    told = next(filter(None, map(ESCAPE.match, lines[:4])), None)
    escape = told[1] if told is not None else "\\"
    for line in lines:
        if until:
            if line.strip() != until:
                body.append(line)
                continue
            found += _of_document(*found[-1], body)
            until, body = "", []
        elif line.lstrip().startswith("#") or (held and not line.strip()):
            continue  # Docker passes over empty lines inside an instruction, too
        elif line.rstrip().endswith(escape):
            held += line.rstrip()[:-1] + " "
        elif held.strip() or line.strip():
            text, held = (held + line).strip(), ""
            match = INSTRUCTION.match(text)
            found.append((match[1].upper(), match[2]) if match is not None else ("?", text))
            document = DOCUMENT.search(text)
            until = document[1] if document is not None and match is not None else ""
    return found


def _of_document(word: str, rest: str, body: list[str]) -> list[tuple[str, str]]:
    """What a document adds: what the shell of a RUN runs, or the file that it becomes."""
    if word in ("COPY", "ADD"):
        return [
            ("FILE", json.dumps([rest.rsplit(maxsplit=1)[-1].strip("\"'"), *body[:MOST_WRITTEN]]))
        ]
    if word != "RUN" or not OF_SHELL.match(rest) or (body and SHEBANG.match(body[0])):
        return []
    return [("RUN", re.sub(r"\\\n", " ", "\n".join(body)))]


def read(source: Source) -> Draft:
    """The last stage, and those that it builds on."""
    draft = Draft("a Dockerfile", "wanted")
    found = _Stages(_instructions(source.lines))
    stages = found.listed
    chain = _chain(stages)
    for stage in stages:
        if stage not in chain:
            draft.leave("stages that the last one does not build on", beside=True)
    base = _filled(chain[-1].base, found.defaults)
    tree: dict[str, Any] = {"base": base if base is not None else chain[-1].base}
    tree |= {**chain[0].started, **_made_below(chain)}
    configs.add_tree(draft, "dockerfile", {**tree, **_made(chain)}, "env")
    python = OF_PYTHON.match(tree["base"])
    if python is not None:
        exact = python[1].count(".") == 2
        bounds = f"=={python[1]}" if exact else f"=={python[1]}.*"
        draft.add(Wanted(complete=False, entries={}, requires_python=bounds))
    known: set[str] = set()
    for stage in chain:
        for name, value in stage.env.items():
            if name not in known:  # the later stage's counts, be it known or not
                _variable(draft, name, value)
        known.update(stage.env)
        for run in stage.runs:
            words = _words(run)
            if words is None:
                install_commands.add(draft, run)
            else:
                install_commands.add_words(draft, words)
    if source.cut:
        draft.leave_end(source.cut)
        instruction = source.cut.split()[0].upper()
        key = {**STARTED, "RUN": "run", "COPY": "copy", "ADD": "copy"}.get(instruction)
        draft.gap("configs", ("dockerfile", *([key] if key else [])), CUT)
    return draft


def _made(chain: list[Stage]) -> dict[str, Any]:
    """What else the stages run and copy, the outermost stage first."""
    commands = other_commands.Commands()
    copied: dict[str, str] = {}
    for stage in reversed(chain):
        for run in stage.runs:
            words = _words(run)
            if words is None:
                commands.add(MOUNT.sub("", run))
            else:
                commands.add_words(words)
        for rest in stage.copies:
            if DOCUMENT.search(rest):
                continue
            source, _, target = rest.rpartition(" ")
            copied[target.strip("\"'[]")] = source.strip().rstrip(",")
    platform = chain[-1].platform
    found = {
        "run": commands.tree, "copy": copied,
        "files": {name: lines for stage in reversed(chain) for name, lines in stage.written.items()},
        "onbuild": chain[0].later,
        "platform": "" if "$" in platform else platform,
    }  # fmt: skip
    return {key: value for key, value in found.items() if value}


def _words(run: str) -> list[str] | None:
    """The words of a RUN in its exec form, a list in JSON; None for a line of a shell."""
    if not run.startswith("["):
        return None
    try:
        found = json.loads(run)
    except ValueError:
        return None
    return list(map(str, found)) if isinstance(found, list) else None


def _made_below(chain: list[Stage]) -> dict[str, Any]:
    """Variables whose values go on from those of the image below, as they are written."""
    env = {name: value for stage in reversed(chain) for name, value in stage.env.items()}
    found = {name: value for name, value in env.items() if "$" in value}
    return {"env": found} if found else {}


def _variable(draft: Draft, name: str, value: str) -> None:
    if "$" in value:
        draft.variable_made(name, value, "the image below")
    else:
        draft.variable(name, value)


class _Stages:
    """The stages of a file, instruction by instruction."""

    def __init__(self, instructions: list[tuple[str, str]]) -> None:
        self.defaults: dict[str, str] = {}  # of the ARGs before the first stage
        self.listed: list[Stage] = []
        self._commands = False
        self._known: dict[str, str] = {}  # what ARG and ENV have set for a stage's commands
        for word, rest in instructions:
            self._take(word, rest)

    def _take(self, word: str, rest: str) -> None:
        if word == "FROM":
            self._begin(rest)
        elif word == "ARG":
            self._argument(rest)
        elif word == "ENV" and self.listed:
            told = _assignments(rest)
            found = {name: _expanded(value, self._known) for name, value in told.items()}
            self.listed[-1].env.update(found)
            self._known.update(self.listed[-1].env)
        elif word in STARTED and self.listed:
            self._start(word, rest.strip())
        elif word == "RUN" and self.listed:
            is_list = rest.startswith("[")
            self.listed[-1].runs.append(rest if is_list else _expanded(rest, self._known))
        elif self.listed:
            self._put(word, rest)

    def _put(self, word: str, rest: str) -> None:
        """What is copied, written here, and done by images that build on this one."""
        stage = self.listed[-1]
        if word == "FILE":
            target, *lines = json.loads(rest)
            stage.written[_expanded(target, self._known)] = lines
        elif word == "ONBUILD":
            stage.later.append(rest.strip())
        elif word in ("COPY", "ADD"):
            stage.copies.append(_expanded(rest.strip(), self._known))

    def _start(self, word: str, rest: str) -> None:
        """What is started, where and as whom; a folder is relative to the one before it."""
        told = self.listed[-1].started
        if word in (
            "CMD",
            "ENTRYPOINT",
            "SHELL",
            "HEALTHCHECK",
        ):  # what is in them is for the shell of the container
            if word == "ENTRYPOINT" and not self._commands:
                told.pop("command", None)  # a stage's CMD is for the program that it was set for
            self._commands = self._commands or word == "CMD"
            told[STARTED[word]] = _words(rest) or rest
            return
        value = _expanded(rest, self._known).strip("'\"")
        if word == "WORKDIR":
            value = posixpath.normpath(posixpath.join(told.get("workdir", "/"), value))
        told[STARTED[word]] = value
        if "$" in value:
            told.pop(STARTED[word])

    def _begin(self, rest: str) -> None:
        found = FROM.match(rest)
        platform, base, name = found.groups(default="") if found else ("", rest, "")
        above = [stage for stage in self.listed if stage.name and stage.name == base]
        self._known = dict(above[-1].env) if above else {}
        self._commands = False  # whether this stage has a CMD of its own
        started = dict(above[-1].started) if above else {}
        self.listed.append(Stage(base, name, {}, [], [], started, platform))

    def _argument(self, rest: str) -> None:
        name, equals, value = rest.partition("=")
        name, value = name.strip(), value.strip().strip("'\"")
        if self.listed:
            self._known[name] = (
                _expanded(value, self._known) if equals else self.defaults.get(name, "")
            )
            return
        filled = _filled(value, self.defaults)
        if equals and filled is not None:
            self.defaults[name] = filled


def _expanded(text: str, known: dict[str, str]) -> str:
    """A text with the plain values of ARG and ENV; any other variable stays as it is."""

    def value(match: re.Match[str]) -> str:
        found = known.get(match[1] or match[2], "")
        return found if PLAIN.fullmatch(found) else match[0]

    return SET.sub(value, text)


def _chain(stages: list[Stage]) -> list[Stage]:
    """The last stage, the one that it starts from, and so on; outermost last."""
    chain = [stages[-1]]
    while True:
        before = stages[: stages.index(chain[-1])]
        above = next(
            (stage for stage in before if stage.name and stage.name == chain[-1].base), None
        )
        if above is None:
            return chain
        chain.append(above)


def _filled(text: str, defaults: dict[str, str]) -> str | None:
    """A text with the defaults of ARG; None where one has none."""
    missing = False

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        name, fallback = match[1] or match[3], match[2]
        found = defaults.get(name, fallback)
        missing = missing or found is None
        return found or ""

    filled = re.sub(r"\$\{(\w+)(?::-([^}]*))?\}|\$(\w+)", value, text)
    return None if missing else filled


def _assignments(rest: str) -> dict[str, str]:
    """`NAME=value NAME2="a b"`, or the old form `NAME value`."""
    if not re.match(r"^[A-Za-z_]\w*=", rest):
        name, _, value = rest.partition(" ")
        return {name: value.strip()}
    try:
        words = shlex.split(rest, comments=False)
    except ValueError:
        return {}
    return dict(word.partition("=")[::2] for word in words if "=" in word)
