"""A model folder as a hub has it: configs by their own names, weights, pointers, the revision."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import UNSET

from envsnap.intake.formats import configs, lfs_pointer
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.folder import Folder
from envsnap.model.host import Git
from envsnap.model.inputs import Weight, Weights

CONFIGS = re.compile(
    r"(?:[a-z_0-9]*config|special_tokens_map|added_tokens|model_index|[\w.]*index)\.json"
)
TEMPLATES = ("chat_template.jinja", "chat_template.json")
WEIGHTS = re.compile(r".*\.(?:safetensors|bin|pt|pth|gguf|onnx|h5|msgpack|model|ckpt)")
DOWNLOADED = ".cache/huggingface/download/"
SHA256 = re.compile(r"[0-9a-f]{64}")
COMMIT = re.compile(r"[0-9a-f]{40}")
LARGEST_CONFIG = 8 << 20


def recognise(folder: Folder) -> bool:
    """A config of a model, with weights or a tokenizer beside it; or the cache's own layout."""
    names = _names(folder)
    return "config.json" in names and any(
        WEIGHTS.fullmatch(name) or name.startswith(("tokenizer", "model")) for name in names
    )


def _root(folder: Folder) -> str:
    """The snapshot that `refs/main` names, in a cache's folder of a model; else the folder."""
    if "config.json" in folder.sizes:
        return ""
    commit = (folder.bytes("refs/main", 200) or b"").decode("ascii", "replace").strip()
    snapshots = {name.split("/")[1] for name in folder.sizes if name.startswith("snapshots/")}
    if commit in snapshots:
        return f"snapshots/{commit}/"
    return f"snapshots/{snapshots.pop()}/" if len(snapshots) == 1 else ""


def _names(folder: Folder) -> set[str]:
    root = _root(folder)
    return {
        name[len(root) :]
        for name in folder.sizes
        if name.startswith(root) and "/" not in name[len(root) :]
    }


def read(folder: Folder) -> Draft:
    """The configs, the weights by digest where one is stated, and the revision."""
    draft = Draft("a model folder", "stated")
    root = _root(folder)
    downloaded = dict(_downloaded(folder))
    commits = {commit for commit, _ in downloaded.values()}
    snapshot = root.split("/")[1] if root else folder.name
    if COMMIT.fullmatch(snapshot):
        commits = {snapshot}
    if len(commits) == 1:
        draft.add(Git(complete=False, commit=commits.pop()))
    elif commits:
        draft.gap("git", ("commit",), f"not stated: its files are of {len(commits)} revisions")
    for name in sorted(_names(folder)):
        _file(draft, folder, root, name, downloaded.get(name, ("", ""))[1])
    return draft


def _file(draft: Draft, folder: Folder, root: str, name: str, etag: str) -> None:
    place = root + name
    small = folder.bytes(place, lfs_pointer.LARGEST)
    if small is not None and lfs_pointer.add(draft, name, small):
        return
    if CONFIGS.fullmatch(name) or name in TEMPLATES:
        data = folder.bytes(place, LARGEST_CONFIG)
        if data is None:
            draft.leave("config files that are too large")
        else:
            kind = "json" if name.endswith(".json") else "text"
            configs.add_file(draft, name, data, kind)
    elif WEIGHTS.fullmatch(name) or name == "tokenizer.json":
        blob = folder.links.get(place, "")
        digest = next((item for item in (blob, etag) if SHA256.fullmatch(item)), UNSET)
        draft.add(
            Weights(
                complete=False,
                entries={name: Weight(sha256=digest, size=folder.sizes[place])},
            )
        )
        if digest is UNSET:
            reason = "not asked: it was not hashed; `capture --weights` hashes it"
            draft.gap("weights", (name, "sha256"), reason)
    else:
        draft.leave("other files", beside=True)


def _downloaded(folder: Folder) -> Iterator[tuple[str, tuple[str, str]]]:
    """Commit and digest of each file, as the hub's client notes them beside a download."""
    for name in folder.sizes:
        if name.startswith(DOWNLOADED) and name.endswith(".metadata"):
            lines = (folder.bytes(name, 4096) or b"").decode("ascii", "replace").split("\n")
            if len(lines) > 1 and COMMIT.fullmatch(lines[0].strip()):
                yield (
                    name[len(DOWNLOADED) : -len(".metadata")],
                    (lines[0].strip(), lines[1].strip()),
                )
