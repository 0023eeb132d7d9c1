"""The commit of the code in the current folder, and whether it was changed since."""

import os
import re

from .. import children
from . import tools
from ..record import Record, first_text, read_text, reason
from ..secrets import clean_url

HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
REMOTE = re.compile(r"^\s*url\s*=\s*(.+?)\s*$", re.MULTILINE)
SECONDS = 10.0


class Repository:
    """The repository around a folder; git compares its files while other collectors work."""

    def __init__(self, folder: str) -> None:
        self._top, self._git_folder = _find(folder)
        self._status, self._why_not = None, None
        if self._top is not None:
            try:
                self._status = _start_status(self._top, self._git_folder)
            except OSError as error:
                self._why_not = reason(error)

    def collect(self, record: Record) -> bool:
        """Fill the `git` section; False where there is no repository."""
        if self._top is None:
            return False
        head = first_text(os.path.join(self._git_folder, "HEAD")) or ""
        if head.startswith("ref: "):
            record.facts["branch"] = head[5:].replace("refs/heads/", "", 1)
        record.learn("commit", _commit, self._git_folder, head)
        record.learn_present("remote", _remote, self._git_folder)
        if self._status is None:
            record.gap("dirty", self._why_not)
        else:
            record.learn("dirty", self._dirty)
        return True

    def _dirty(self) -> bool:
        return bool(children.answer(self._status, "git", SECONDS).strip())


def _find(folder: str) -> tuple:
    """Walk up to the folder that holds .git; worktrees keep a file there that names the place."""
    while True:
        path = os.path.join(folder, ".git")
        if os.path.isdir(path):
            return folder, path
        if os.path.isfile(path):
            named = read_text(path).partition("gitdir:")[2].strip()
            return folder, os.path.normpath(os.path.join(folder, named))
        parent = os.path.dirname(folder)
        if parent == folder:
            return None, None
        folder = parent


def _commit(git_folder: str, head: str) -> str:
    if not head.startswith("ref: "):
        return head if HASH.fullmatch(head) else None
    common = first_text(os.path.join(git_folder, "commondir")) or "."
    shared = os.path.normpath(os.path.join(git_folder, common))
    loose = first_text(os.path.join(git_folder, head[5:]), os.path.join(shared, head[5:]))
    if loose and HASH.fullmatch(loose):
        return loose
    for line in (first_text(os.path.join(shared, "packed-refs")) or "").splitlines():
        commit, _, name = line.partition(" ")
        if name == head[5:]:
            return commit
    return None


def _remote(git_folder: str) -> str:
    match = REMOTE.search(first_text(os.path.join(git_folder, "config")) or "")
    return clean_url(match.group(1)) if match else None


def _start_status(top: str, git_folder: str) -> children.Child:
    """Ask git whether tracked files differ from the commit.

    Git runs filters that the repository names, so only the owner's own repository is asked.
    """
    if hasattr(os, "geteuid") and os.stat(git_folder).st_uid != os.geteuid():
        raise PermissionError("the repository belongs to somebody else; git is not asked")
    path = tools.find("git")
    if path is None:
        raise FileNotFoundError("no git program to ask")
    argv = [
        path,
        "-C",
        top,
        "-c",
        "core.fsmonitor=false",
        "--no-optional-locks",
        "status",
        "--porcelain",
        "--untracked-files=no",
    ]
    return children.Child(argv)
