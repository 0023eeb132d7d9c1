"""The commands of a script that are no installs which envsnap reads: compared as they are written.

Each stands under its program and its verb, so that a line more or less moves no other one.
"""

from __future__ import annotations

import re
import shlex

from envsnap.intake.formats import install_commands, shell

# What prints, looks, cleans up or makes room, and decides nothing that runs later.
QUIET = frozenset((
    "[", "[[", "awk", "cat", "cd", "date", "df", "do", "done", "echo", "else", "env", "esac", "exit", "false",
    "fi", "free", "grep", "hash", "head", "hostname", "if", "ls", "mkdir", "nproc", "nvidia-smi", "popd",
    "printenv", "printf", "ps", "pushd", "pwd", "rm", "rmdir", "scontrol", "sed", "set", "sleep", "sort", "squeue",
    "tail", "tee", "test", "then", "time", "touch", "trap", "true", "uname", "wait", "wc", "which", "whoami", "tree",
    "{", "}", "(", ")", "!", "case", "for", "while", "until", "function", "return", "shift", "shopt", "uptime",
))  # fmt: skip
QUIET_VERBS = frozenset((("apt-get", "update"), ("apt-get", "clean"), ("apt-get", "autoremove"), ("apt", "update"),
    ("apt", "clean"), ("yum", "clean"), ("dnf", "clean"), ("conda", "clean"), ("pip", "cache"), ("uv", "cache"),
    ("pip", "list"), ("pip", "freeze"), ("pip", "check"), ("conda", "list"), ("conda", "info")))  # fmt: skip
ASSIGNMENT = re.compile(r"[A-Za-z_]\w{0,80}=")
# echo x > file, printf x >> file, ... | tee file
WRITES = re.compile(
    r"(?<![\w-])(?P<said>(?:echo|printf|cat)\b(?:'[^']{0,4000}'|\"(?:\\.|[^\"\\]){0,4000}\"|\\.|[^;&|>'\"\n]){0,200}?)"
    r"(?:(?<![\d&])>{1,2}\s{0,4}(?P<into>[^\s;&|<>()]{1,400})|\|\s{0,4}(?:sudo\s+)?tee\s+(?:-a\s+)?(?P<through>[^\s;&|<>()]{1,400}))"
)
NOWHERE = re.compile(r"/dev/|&|\$")
VERB = re.compile(r"[a-z][a-z-]{1,20}")
# Options of pip that decide what is installed, whatever is asked for.
DECIDING = ("--no-deps", "--pre", "--no-build-isolation", "--no-binary", "--only-binary", "--prefer-binary",
    "--no-index", "--user", "--upgrade", "-U")  # fmt: skip
WITH_VALUE = ("--no-binary", "--only-binary")
MOST = 60


class Commands:
    """What is collected of one script."""

    def __init__(self) -> None:
        self.tree: dict[str, str] = {}

    def add(self, text: str) -> None:
        """Add the commands of a line of a shell, and what they write to files."""
        for written in WRITES.finditer(text):
            file = (written["into"] or written["through"]).strip("\"'")
            if not NOWHERE.match(file):
                self._put(f"write {file}", " ".join(written["said"].split()))
        for command in shell.commands(text):
            try:
                words = shlex.split(command.text, comments=False)
            except ValueError:
                words = command.text.split()
            self.add_words(words)

    def add_words(self, words: list[str]) -> None:
        """Add one command by its words."""
        called = [word for word in words if not ASSIGNMENT.match(word)]
        if not called or len(self.tree) >= MOST:
            return
        name = called[0].rpartition("/")[2]
        verb = next((word for word in called[1:] if not word.startswith("-")), "")
        if (name in QUIET or (name, verb) in QUIET_VERBS) and not _edits(name, called):
            return
        if install_commands.reads(called):
            chosen = _deciding(words, called)
            if chosen:
                self._put(f"{name} {verb}", " ".join(chosen))
            return
        key = f"{name} {verb}" if VERB.fullmatch(verb) else name
        self._put(key, " ".join(words))

    def _put(self, key: str, value: str) -> None:
        """Keep a command; a further one of the same program has a number."""
        told, number = key, 1
        while told in self.tree:
            number += 1
            told = f"{key} {number}"
        self.tree[told] = value


def _deciding(words: list[str], called: list[str]) -> list[str]:
    """What decides how something is built or installed: CMAKE_ARGS=... before pip, and its options."""
    return [
        *words[: words.index(called[0])],
        *(
            f"{word} {after}" if word in WITH_VALUE else word
            for word, after in zip(called, [*called[1:], ""], strict=True)
            if word.partition("=")[0] in DECIDING
        ),
    ]


def _edits(name: str, called: list[str]) -> bool:
    """Whether sed writes into a file."""
    return name == "sed" and any(re.match(r"-[a-zA-Z]*i|--in-place", word) for word in called)
