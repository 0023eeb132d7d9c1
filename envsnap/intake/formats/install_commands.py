"""What the pip, uv and conda commands of a shell line ask for.

Of an option that is not known the next word may be the value: it is passed over, because a
package that nobody asks for is worse than one that is missed.
"""

from __future__ import annotations

import re
import shlex

from envsnap.intake.formats import conda_environment, privacy, requirement_lines
from envsnap.intake.formats.draft import Draft

PIPS = re.compile(r"(?:.*/)?pip(?:3(?:\.\d{1,2})?)?")
CONDAS = re.compile(r"(?:.*/)?(?:conda|mamba|micromamba)")
# What ends a command, and what holds such a sign without ending one.
PIECES = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*"|\\.|(?P<remark>(?<!\S)#[^\n]*)|(?P<end>&&|\|\||[;\n])|[^'"\\#&|;\n]+|.""", re.DOTALL)  # fmt: skip
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
    """Add the packages that the install commands of a line name."""
    for command in _commands(text):
        try:
            words = shlex.split(command, comments=False)
        except ValueError:
            continue
        while words and BEFORE.fullmatch(words[0]):
            words.pop(0)
        if "install" not in words:
            continue
        place = words.index("install")
        program = words[place - 1] if place else ""
        if PIPS.fullmatch(program):
            _pip(draft, words[place + 1 :])
        elif CONDAS.fullmatch(program):
            _conda(draft, words[place + 1 :])


def _commands(text: str) -> list[str]:
    """The commands of a line, or of several, without comments; a sign in quotes ends none."""
    found = [""]
    for piece in PIECES.finditer(text):
        if piece["end"]:
            found.append("")
        elif not piece["remark"]:
            found[-1] += piece[0]
    return found


def _pip(draft: Draft, words: list[str]) -> None:
    for option, value in _told(words):
        if option in INDEXES:
            draft.add_source(privacy.clean_url(value))
        elif option in ("-r", "--requirement"):
            draft.leave("requirements files that it installs")
        elif not option and "$" in value:
            draft.leave("packages whose version is a variable")
        elif not option:
            line = requirement_lines.line(value)
            if line.kind in ("requirement", "address") and line.name:
                draft.want(line.name, line.choice)


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
