"""What `env` and `printenv` print: the variables of a shell, as a capture keeps them.

Values without secrets; of what shells, desktops and clusters set for themselves the names.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from envsnap.intake.formats import transcript
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.knowledge import variables
from envsnap.redact.variables import is_listed

PAIR = re.compile(r"^(?P<name>[A-Za-z_][A-Za-z0-9_]{0,255})=(?P<value>.*)$")
# Names that no shell takes, but other programs do: ProgramFiles(x86), foo.bar.
ODD = re.compile(r"^(?![A-Za-z_]\w{0,255}=)[A-Za-z_][\w.()%-]{0,255}=")
# What bash exports of a function: its lines follow, and are no variables.
FUNCTION = re.compile(r"^BASH_FUNC_[^=]{1,255}=\(\)")
# Every shell exports the first; a file that somebody wrote for a program has none of the others.
ALWAYS = "PATH"
SHELL = frozenset(("HOME", "PWD", "SHLVL", "USER", "LOGNAME", "OLDPWD", "HOSTNAME", "_"))
# What Windows sets for every program; its names are the same in capitals, as Python has them.
WINDOWS = frozenset((
    "APPDATA", "COMPUTERNAME", "COMSPEC", "LOCALAPPDATA", "NUMBER_OF_PROCESSORS", "OS", "PATHEXT",
    "PROCESSOR_ARCHITECTURE", "PROGRAMDATA", "PROGRAMFILES", "SYSTEMROOT", "USERPROFILE", "WINDIR",
))  # fmt: skip
# What a shell, a desktop, a session or a cluster sets for itself, and no program of ML reads.
OF_ITSELF = re.compile(
    r"(?:XDG|SSH|DBUS|GPG|GNOME|GTK|KDE|VSCODE|GIT|LESS|HIST|TERM|TMUX|STY|WINDOW|DESKTOP|SESSION|COLORTERM|INVOCATION|JOURNAL"
    r"|SYSTEMD|NVM|LS_COLORS|SHELL\Z|PS[1-4]|PROMPT|EDITOR|VISUAL|PAGER|MAIL|DISPLAY|WAYLAND|SUDO|BASH|ZSH|LOGIN|MANPATH|INFOPATH|which_declare)"
    r"|\w+_(?:SERVICE_HOST|SERVICE_PORT\w*|PORT_\d+_\w+|TCP_ADDR)\Z"
)
# What somebody writes into a file for a program, and no shell prints; and how such files are called.
WRITTEN = re.compile(r"=[\"']|\$|\s#")
NAMED = re.compile(r"(?:[\w.-]{0,60}\.)?env(?:\.[\w-]{1,40})?")
FEWEST, FEWEST_OF_SHELL, FEWEST_OF_WINDOWS, FEWEST_KNOWN = 4, 3, 2, 2
QUOTED = re.compile(r"\$'((?:[^'\\]|\\['\\])*)'")
GOES_ON = "not stated: its value goes on in further lines"
# What bash sets for the program that it starts stands last: with it, the list is whole.
LAST = re.compile(r"^_=\S*(?:env|printenv)$")


COMMAND = re.compile(
    r"^(?:sudo )?(?:env|printenv|export -p|set|systemctl(?: --user)? show-environment)(?:\s*\||\s*$)"
)


def recognise(source: Source) -> bool:
    """Variables in eight of ten lines, with PATH and two that only a shell sets, or two of Windows.

    Below the command that prints them, any will do. So will lines of variables alone, two of which
    are known: nothing else is written so.
    """
    said = [line for line in transcript.after(source, COMMAND) or () if line.strip()]
    if said and all(map(PAIR.match, said)):
        return True
    lines = [line for line in source.lines if line.strip()]
    named = [match["name"] for match in map(PAIR.match, lines) if match is not None]
    if _is_filtered(source, lines, named):
        return True
    if len(named) < FEWEST or not (_is_windows(named) or _is_shell(named)):
        return False
    functions = any(map(FUNCTION.match, lines))
    odd = sum(ODD.match(line) is not None for line in lines)
    return functions or (len(named) + odd) * 10 >= len(lines) * 8


def _is_filtered(source: Source, lines: Sequence[str], named: Sequence[str]) -> bool:
    """Whether this is what a filter left of a shell's variables; a file for a program has a name of its own."""
    if len(named) < len(lines) or NAMED.fullmatch(source.base.lower()):
        return False
    return sum(map(_is_of_ours, named)) >= FEWEST_KNOWN and not any(map(WRITTEN.search, lines))


def _is_of_ours(name: str) -> bool:
    """Whether a name is in capitals, and that of a variable of which is known what it does."""
    return name.isupper() and name not in {ALWAYS, *SHELL} and variables.known(name) is not None


def _is_shell(named: Collection[str]) -> bool:
    return ALWAYS in named and len(SHELL & set(named)) > 1


def _is_windows(named: Collection[str]) -> bool:
    capitals = {name.upper() for name in named}
    return ALWAYS in capitals and len(WINDOWS & capitals) >= FEWEST_OF_WINDOWS


def read(source: Source) -> Draft:
    """Each variable; the value of one that goes on in further lines is not stated."""
    draft = Draft("the output of env", "stated")
    known: dict[str, str] = {}
    further: dict[str, str] = {}
    last = ""
    said = transcript.after(source, COMMAND)
    lines = source.lines if said is None else said
    windows = _is_windows([found["name"] for found in map(PAIR.match, lines) if found is not None])
    for line in lines:
        found = PAIR.match(line)
        if found is None:
            last = "" if FUNCTION.match(line) else last
            further.update({last: GOES_ON} if last and line.strip() else {})
            continue
        last = found["name"].upper() if windows else found["name"]
        value = found["value"] if windows else _unquoted(found["value"])
        if known.setdefault(last, value) != value:
            raise RefusedError(
                f"{source.name}: sets {last} to two values; keep the output of one env"
            )
    add(draft, known, further)
    if source.cut and said is None:
        draft.leave_end(source.cut)
    elif _is_whole(lines, known) and not transcript.PART.search(transcript.typed(source, COMMAND)):
        draft.complete("env_vars")
    return draft


def _is_whole(lines: Sequence[str], known: Collection[str]) -> bool:
    """Whether a list is all that was printed: nobody who picks a few lines keeps what a shell sets."""
    of_shell = sum(name in known for name in SHELL)
    if _is_windows(known):
        return len(WINDOWS & set(known)) >= FEWEST_OF_WINDOWS * 3
    ends = bool(lines) and LAST.match(lines[-1]) is not None
    return ends or (ALWAYS in known and of_shell >= FEWEST_OF_SHELL)


def _unquoted(value: str) -> str:
    """A value that systemctl, or bash's `set`, writes as a shell reads it: $'…'; others as they are."""
    found = QUOTED.fullmatch(value)
    return re.sub(r"\\(['\\])", r"\1", found[1]) if found is not None else value


def add(draft: Draft, known: dict[str, str], unclear: dict[str, str]) -> None:
    """Add variables; `unclear` says of some why their value is not stated.

    Of what shells, desktops and clusters set for themselves only the names are kept.
    """
    for name, value in known.items():
        if not is_listed(name) and (name in SHELL or name in WINDOWS or OF_ITSELF.match(name)):
            draft.variable_name(name)
        elif name in unclear:
            draft.gap("env_vars", (name,), unclear[name])
        else:
            draft.variable(name, value)
