"""A terminal session: which lines a command printed."""

from __future__ import annotations

import re

from msgspec import Struct

from envsnap.intake.formats.source import Source

LARGEST_SESSION, MOST_COMMANDS = 1 << 20, 50
PROMPT = re.compile(
    r"^\s{0,8}(?:\([^()\n]{1,40}\)\s?)?(?:"
    r"[\w.-]{1,40}@[\w.-]{1,60}[^$#%\n]{0,80}[$#%](?:\s|$)|"  # user@host:~$
    r"[\w.-]{1,40}@[\w.-]{1,60} [~/][^>\n]{0,80}>(?:\s|$)|"  # fish
    r"Step \d{1,3}/\d{1,3} : (?:RUN )?|"  # docker build, without BuildKit
    r"\+{1,4} (?=[a-z][\w./-]{0,80}(?:\s|$))|"  # set -x; what uv installs has its version there
    r"\[[^\]\n]{1,80}\]\s?[$#%](?:\s|$)|"  # [user@host folder]$
    r"\[command\](?=/)|"  # a step of Azure's
    r"PS [A-Za-z]:[^>\n]{0,120}>\s?|[A-Za-z]:\\[^>\n]{0,120}>|"  # Windows
    r"[$%\u276f\u279c\u03bb](?:\s|$)|!(?=[a-z/])|%(?=pip|conda|nvidia|python)|In \[\d{1,4}\]:\s?|>>>\s)"
    r"(?P<command>.*)$"
)
# What a script writes above the output of each command: `=== pip freeze ===`, `---- date ----`.
HEADING = re.compile(
    r"^\s{0,8}(?P<mark>[=*~+_-]{2,40}|#{2,40})[>\s]{0,3}(?P<command>"
    r"(?:sudo |python\S* -m )?(?:pip3?|uv|conda|mamba|micromamba|poetry|pdm|nvidia-smi|nvcc|rocm-smi"
    r"|rocminfo|amd-smi|uname|lscpu|env|printenv|date|hostname|uptime|whoami|pwd|nproc|free|df|du|ldd|cat|docker"
    r"|git|ls|lsb_release|dpkg|rpm|apt|ulimit|ds_report|accelerate|transformers-cli|python\S*)\b"
    r"[^=*~#\n]{0,120}?)[\s<]{0,3}(?P=mark)?\s*$"
)
# A step of GitHub's or Azure's runner: its output stands below what the runner says of it.
STEP, SAID = re.compile(r"^##\[group\]Run (?P<command>.*)$"), "##[endgroup]"
JOB = re.compile(r"^(?:##\[[a-z]{3,10}\]|Post job cleanup\.$|Cleaning up orphan processes$)")


def command(line: str) -> str | None:
    """The command that a line of a terminal session types; None for what is printed."""
    found = PROMPT.match(line) or HEADING.match(line) or STEP.match(line)
    if found is None:
        return "" if JOB.match(line) else None
    return found["command"].strip()


def _without_steps(source: Source) -> tuple[str, ...]:
    """The lines without what a runner says of a step before its output."""
    if SAID not in source.text:
        return source.lines
    kept: list[str] = []
    begun: int | None = None  # the place of a step of which the runner still speaks
    for line in source.lines:
        if begun is not None and line.startswith(SAID):
            del kept[begun + 1 :]
            begun = None
            continue
        if STEP.match(line):
            begun = len(kept)
        kept.append(line)
    return tuple(kept)


# A filter behind a command, or an option, leaves a part of what it would list.
FILTER = r"\|\s*(?:e?grep|rg|head|tail|sed|awk|findstr|[Ss]elect-[Ss]tring|sls|less|cut)\b"
PART = re.compile(
    FILTER
    + r"|\s--(?:outdated|uptodate|user|local|editable|exclude(?:-editable)?|not-required|path|requirement)\b|\s-[ouelrf]\b"
)


def typed(source: Source, pattern: re.Pattern[str]) -> str:
    """The first command of a session that fits; empty where none does."""
    commands = filter(None, map(command, source.lines))
    return next((line for line in commands if pattern.search(line)), "")


def outputs(source: Source) -> tuple[Source, ...]:
    """What each command of a session printed."""
    return tuple(printed for _, printed in _commands(source))


def _commands(source: Source) -> list[tuple[str, Source]]:
    """Each line that types a command and what it printed, of commands that printed something."""
    if len(source.text) > LARGEST_SESSION:
        return []
    lines = _without_steps(source)
    starts = [place for place, line in enumerate(lines) if command(line) is not None]
    if not 1 <= len(starts) <= MOST_COMMANDS:
        return []
    ends = [*starts[1:], len(lines)]
    told = [
        (lines[one], "\n".join(lines[one + 1 : two])) for one, two in zip(starts, ends, strict=True)
    ]
    return [
        (line, Source(b"", source.name, "", f"{text}\n")) for line, text in told if text.strip()
    ]


# Where a command ran: the prompt's host and environment, another host, a container, a Python by its path.
PLACE = re.compile(
    r"^\s{0,8}(?:\((?P<env>[^()\n]{1,40})\)\s?)?(?:\[?(?P<host>[\w.-]{1,40}@[\w.-]{1,60}))?"
)
ENTERS = ("docker", "podman", "kubectl", "oc", "nerdctl")
WITH_VALUE = frozenset((
    "-p", "-i", "-l", "-o", "-F", "-J", "-n", "-c", "-u", "-e", "-w", "--namespace", "--container", "--user",
    "--env", "--workdir",
))  # fmt: skip
OF_PATH = re.compile(r"(?P<env>[\w./~-]{1,200})/(?:bin|Scripts)/(?:python|pip|uv|conda)[\w.]*\s")
NAMED_ENV = re.compile(r"(?:conda|mamba) [^\n]{0,80}?(?:-n|--name)[ =](?P<env>[\w.-]{1,60})")


class Place(Struct, frozen=True):
    """Where a command ran, as far as a session tells: the host or container, and the environment."""

    host: str = ""
    env: str = ""


def places(source: Source) -> tuple[tuple[Place, Source], ...]:
    """What each command of a session printed, and where it ran."""
    return tuple((_place(line), printed) for line, printed in _commands(source))


def _place(line: str) -> Place:
    typed = command(line) or ""
    prompt, away = PLACE.match(line), _elsewhere(typed.split())
    named = OF_PATH.search(f"{typed} ") or NAMED_ENV.search(typed)
    host = away or (prompt["host"] or "" if prompt else "")
    env = named["env"] if named else (prompt["env"] or "" if prompt else "")
    return Place(host.rpartition("@")[2], env)


def _elsewhere(words: list[str]) -> str:
    """The host or the container in which a command runs another one; empty for none."""
    if words[:1] == ["ssh"]:
        rest = words[1:]
    elif words and words[0] in ENTERS and "exec" in words[1:5]:
        rest = words[words.index("exec") + 1 :]
    else:
        return ""
    while rest and rest[0].startswith("-"):
        rest = rest[2:] if rest[0] in WITH_VALUE else rest[1:]
    return rest[0] if len(rest) > 1 else ""


def after(source: Source, pattern: re.Pattern[str]) -> tuple[str, ...] | None:
    """What the one command that fits printed; None where none, or several, were typed."""
    lines = _without_steps(source)
    starts = [
        place
        for place, line in enumerate(lines)
        if (typed := command(line)) is not None and pattern.search(typed)
    ]
    if len(starts) != 1:
        return None
    rest = lines[starts[0] + 1 :]
    end = next((place for place, line in enumerate(rest) if command(line) is not None), len(rest))
    return rest[:end]
