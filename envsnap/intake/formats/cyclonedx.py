"""CycloneDX in JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from envsnap.intake.formats import package_urls, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.model.host import System

MOST_COMPONENTS = 100_000


def recognise(source: Source) -> bool:
    """The name of the form in the document."""
    return isinstance(source.json, dict) and source.json.get("bomFormat") == "CycloneDX"


def read(source: Source) -> Draft:
    """Components by their package URLs; one without is counted."""
    draft = Draft("an SBOM (CycloneDX)", "stated")
    for item in _components(source.json):
        kind, purl = item.get("type"), trees.text(item, "purl")
        found = package_urls.parse(purl) if isinstance(purl, str) else None
        if kind == "operating-system":
            _system(draft, item)
        elif found is not None:
            package_urls.add(draft, found)
        else:
            draft.leave(
                f"components of type {kind if isinstance(kind, str) else 'unknown'} without a package URL"
            )
    return draft


def _components(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    todo = list(trees.records(tree, "components"))
    for _ in range(MOST_COMPONENTS):
        if not todo:
            return
        item = todo.pop(0)
        todo.extend(trees.records(item, "components"))
        yield item


def _system(draft: Draft, item: dict[str, Any]) -> None:
    name, version = trees.text(item, "name"), trees.text(item, "version")
    described = trees.text(item, "description")
    draft.add(
        System(
            complete=False,
            os_id=name.lower() if isinstance(name, str) else UNSET,
            os_version=version,
            os=described,
        )
    )
