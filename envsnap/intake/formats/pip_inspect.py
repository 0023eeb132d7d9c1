"""`pip inspect`: the packages with their origins, and the interpreter."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from envsnap.intake.formats import privacy
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.knowledge.names import canonical
from envsnap.model.host import System
from envsnap.model.python import Origin, Package, Python


def recognise(source: Source) -> bool:
    """An object with the distributions under `installed`, each with its metadata."""
    tree = source.json
    if not isinstance(tree, dict) or not isinstance(tree.get("installed"), list):
        return False
    return bool(tree["installed"]) and "pip_version" in tree


def read(source: Source) -> Draft:
    """The packages, complete in their names, and what markers are evaluated for."""
    draft = Draft("the output of pip inspect", "installed")
    for item in source.json["installed"]:
        metadata = item.get("metadata") if isinstance(item, dict) else None
        if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
            draft.leave("distributions without a name")
            continue
        draft.package(canonical(metadata["name"]), _package(item, metadata))
    draft.complete("packages", names_only=True)
    known = source.json.get("environment")
    if isinstance(known, dict):
        draft.add(
            Python(
                complete=False,
                version=_text(known, "python_full_version"),
                implementation=_text(known, "platform_python_implementation"),
            )
        )
        draft.add(
            System(
                complete=False,
                platform=_text(known, "sys_platform"),
                architecture=_text(known, "platform_machine"),
                kernel=_text(known, "platform_release"),
            )
        )
    return draft


def _text(tree: dict[str, Any], key: str) -> str | UnsetType:
    value = tree.get(key)
    return value if isinstance(value, str) and value else UNSET


def _package(item: dict[str, Any], metadata: dict[str, Any]) -> Package:
    direct = item.get("direct_url")
    direct = direct if isinstance(direct, dict) else {}
    folder = direct.get("dir_info")
    editable = isinstance(folder, dict) and folder.get("editable") is True
    requires = metadata.get("requires_dist")
    return Package(
        version=_text(metadata, "version"),
        installer=_text(item, "installer"),
        requested=item["requested"] if isinstance(item.get("requested"), bool) else UNSET,
        editable=True if editable else UNSET,
        origin=_origin(direct) if direct else UNSET,
        requires_python=_text(metadata, "requires_python"),
        requires=tuple(
            line for line in requires if isinstance(line, str) and "extra ==" not in line
        )
        if isinstance(requires, list)
        else UNSET,
    )


def _origin(direct: dict[str, Any]) -> Origin | UnsetType:
    url = _text(direct, "url")
    vcs, archive = direct.get("vcs_info"), direct.get("archive_info")
    vcs = vcs if isinstance(vcs, dict) else {}
    hashes = archive.get("hashes") if isinstance(archive, dict) else None
    return Origin(
        url=privacy.clean_url(url) if isinstance(url, str) else UNSET,
        vcs=_text(vcs, "vcs"),
        commit=_text(vcs, "commit_id"),
        sha256=_text(hashes, "sha256") if isinstance(hashes, dict) else UNSET,
    )
