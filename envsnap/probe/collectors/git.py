"""The commit of the code in the current folder, and whether it was changed since."""

import os
import re

from .. import children
from . import tools
from ..record import Record, first_text, read_text
from ..secrets import clean_url

HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
REMOTE = re.compile(r"^\s*url\s*=\s*(.+?)\s*$", re.MULTILINE)
SECONDS = 10.0


def collect(record: Record, folder: str) -> bool:
    """Fill the `git` section from the repository around `folder`; False where there is none."""
    top, git_folder = _find(folder)
    if top is None:
        return False
    head = first_text(os.path.join(git_folder, "HEAD")) or ""
    if head.startswith("ref: "):
        record.facts["branch"] = head[5:].replace("refs/heads/", "", 1)
    record.learn("commit", _commit, git_folder, head)
    record.learn_present("remote", _remote, git_folder)
    record.learn("dirty", _dirty, top, git_folder)
    return True


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


def _dirty(top: str, git_folder: str) -> bool:
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
    return bool(children.run(argv, SECONDS).strip())
