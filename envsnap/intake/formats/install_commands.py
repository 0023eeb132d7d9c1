"""What the pip, uv and conda commands of a shell line ask for.

Of an option that is not known the next word may be the value: it is passed over, because a
package that nobody asks for is worse than one that is missed.
"""

from __future__ import annotations

import re
import shlex

from envsnap.intake.formats import conda_environment, privacy, requirement_lines, shell
from envsnap.intake.formats.draft import Draft
from envsnap.knowledge.names import canonical

PIPS = re.compile(r"pip(?:3(?:\.\d{1,2})?)?")
CONDAS = re.compile(r"(?:conda|mamba|micromamba)")
PYTHON = re.compile(r"python(?:3(?:\.\d{1,2})?)?")
SHELLS = re.compile(r"(?:/\S*/)?(?:ba|da|z)?sh")
# What installs, and is not read: by its program.
OTHER_DEEDS = {
    "conda": ("create", "env", "update"), "uv": ("add", "sync"), "poetry": ("add", "install"),
    "pdm": ("add", "install", "sync"), "pipenv": ("install", "sync"), "pipx": ("install",),
    "pixi": ("add", "install"),
}  # fmt: skip
PLACE = re.compile(r"\.{1,2}(?:/\S*)?(?:\[[\w,.-]+\])?")
BEFORE = re.compile(r"--.*|\w+=\S*|sudo|exec|time|if|then|else|do|!|\(|\{")
INDEXES = ("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--index", "--default-index")  # fmt: skip
# Options without a value; of any other one the next word is the value.
FLAGS = frozenset((
    "-U", "--upgrade", "--pre", "--no-deps", "--user", "--system", "--force-reinstall",
    "--ignore-installed", "-I", "-q", "-qq", "-v", "-vv", "--quiet", "--verbose",
    "--no-cache-dir", "--no-cache", "--no-build-isolation", "--no-index", "--no-input",
    "--dry-run", "--break-system-packages", "--disable-pip-version-check", "--prefer-binary",
    "--require-hashes", "--no-clean", "--no-warn-script-location", "--no-warn-conflicts",
    "--no-compile", "--compile", "--use-pep517", "--no-use-pep517", "--compile-bytecode",
    "--reinstall", "--refresh", "--native-tls", "--no-progress", "--offline", "--strict",
    "--exact", "--no-sources", "--isolated", "--no-color", "--ignore-requires-python",
    "--check-build-dependencies", "--no-config", "--no-python-version-warning",
    "--no-verify-hashes", "--no-editable", "--require-virtualenv", "-y", "--yes", "--all",
    "--freeze-installed", "--override-channels", "--no-update-deps", "--update-deps",
    "--strict-channel-priority", "--no-channel-priority", "-S", "--satisfied-skip-solve",
    "--update-all", "--use-local", "--copy", "--json", "--no-pin", "--only-deps",
    "--no-shortcuts", "--no-rc", "--no-env", "--no-py-pin",
))  # fmt: skip


def add(draft: Draft, text: str) -> None:
    """Add the packages that the install commands of a line name; take back what it uninstalls."""
    for command in shell.commands(text):
        try:
            words = shlex.split(command.text, comments=False)
        except ValueError:
            continue
        _run(draft, _bare(words), is_sure=command.is_sure)


def add_words(draft: Draft, words: list[str]) -> None:
    """The same of one command that is a list of words, which no shell reads."""
    _run(draft, words, is_sure=True)


def _run(draft: Draft, words: list[str], *, is_sure: bool) -> None:
    """One command, or those that it hands to a shell."""
    if len(words) > 2 and SHELLS.fullmatch(words[0]) and words[1] == "-c":
        add(draft, words[2])
    else:
        _command(draft, words, is_sure=is_sure)


def _bare(words: list[str]) -> list[str]:
    """The words of a command without what stands before its program."""
    place = next((at for at, word in enumerate(words) if not BEFORE.fullmatch(word)), len(words))
    return words[place:]


def _command(draft: Draft, words: list[str], *, is_sure: bool) -> None:
    program, rest = _program(words)
    deed = next((at for at, word in enumerate(rest) if not word.startswith("-")), None)
    if not program or deed is None:
        return
    verb, told = rest[deed], rest[deed + 1 :]
    if verb in OTHER_DEEDS.get(program, ()):
        draft.leave(f"what `{program} {verb}` installs")
    elif verb == "uninstall" and program == "pip" and is_sure:
        for option, value in _told(told):
            if not option:
                draft.unwant(canonical(value))
    elif verb == "install" and not is_sure:
        draft.leave("packages that are installed under a condition")
    elif verb == "install" and program == "pip":
        _pip(draft, told)
    elif verb == "install":
        _conda(draft, told)


def reads(words: list[str]) -> bool:
    """Whether a command's packages are read from it."""
    program, rest = _program(words)
    return (
        program in ("pip", "conda")
        and "install" in rest
        and not any(option in ("-r", "--requirement", "-e", "--editable") for option in rest)
    )


def _program(words: list[str]) -> tuple[str, list[str]]:
    """Which installer a command calls, and the words behind it; an empty name: none."""
    if not words:
        return "", []
    name = words[0].rpartition("/")[2]
    if PIPS.fullmatch(name):
        return "pip", words[1:]
    if CONDAS.fullmatch(name):
        return "conda", words[1:]
    if name == "uv" and words[1:2] == ["pip"]:
        return "pip", words[2:]
    if PYTHON.fullmatch(name) and words[1:3] == ["-m", "pip"]:
        return "pip", words[3:]
    return (name, words[1:]) if name in OTHER_DEEDS else ("", [])


def _pip(draft: Draft, words: list[str]) -> None:
    for option, value in _told(words):
        if option in INDEXES:
            if "$" not in value:
                draft.add_source(privacy.clean_url(value))
        elif option in ("-r", "--requirement"):
            draft.leave("requirements files that it installs")
        elif option in ("-e", "--editable") or (not option and PLACE.fullmatch(value)):
            draft.leave("projects of the image itself that it installs", beside=True)
        elif not option:
            _asked(draft, value)


def _asked(draft: Draft, value: str) -> None:
    """One package by its name, its address or its file."""
    line = requirement_lines.line(value)
    if "$" in value:
        draft.leave("packages whose version is a variable")
    elif ("*" in value or "?" in value) and "==" not in value:
        draft.leave("packages by a pattern of names")
    elif line.kind in ("requirement", "address") and line.name:
        draft.want_instead(line.name, line.choice)
    elif line.kind == "address":
        draft.leave("addresses without a name")
    elif line.kind == "path" and not line.name:
        draft.leave("files of packages whose name is not told")


def _conda(draft: Draft, words: list[str]) -> None:
    for option, value in _told(words):
        spec = conda_environment.SPEC.match(value) if not option and "$" not in value else None
        if spec is not None:
            conda_environment.want(draft, spec["name"], spec["rest"].strip())


def _told(words: list[str]) -> list[tuple[str, str]]:
    """The options with their values, and the other words, which have an empty option."""
    found: list[tuple[str, str]] = []
    held = ""
    for word in words:
        if held and not word.startswith("-"):
            found.append((held, word))
            held = ""
        elif word.startswith("--") and "=" in word:
            name, _, value = word.partition("=")
            found.append((name, value))
            held = ""
        elif word.startswith("-"):
            held = "" if word in FLAGS else word
        else:
            found.append(("", word))
    return found
