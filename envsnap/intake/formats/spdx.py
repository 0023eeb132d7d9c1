"""SPDX in JSON: version 2, and the graph of version 3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from envsnap.intake.formats import package_urls, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source


def recognise(source: Source) -> bool:
    """The version of the form in the document, or its context."""
    tree = _tree(source)
    return isinstance(tree.get("spdxVersion"), str) or "spdx.org/rdf/3" in str(tree.get("@context"))


def read(source: Source) -> Draft:
    """Packages by their package URLs; one without is counted."""
    draft = Draft("an SBOM (SPDX)", "stated")
    for purls in _packages(_tree(source)):
        found = next((item for purl in purls if (item := package_urls.parse(purl))), None)
        if found is None:
            draft.leave("packages without a package URL")
        else:
            package_urls.add(draft, found)
    return draft


def _tree(source: Source) -> dict[str, Any]:
    """The document; GitHub's export of its dependency graph has it under one key."""
    tree = source.json if isinstance(source.json, dict) else {}
    return trees.mapping(tree, "sbom") if set(tree) == {"sbom"} else tree


def _packages(tree: dict[str, Any]) -> Iterator[list[str]]:
    for item in trees.records(tree, "packages"):
        yield [
            str(reference.get("referenceLocator"))
            for reference in trees.records(item, "externalRefs")
            if reference.get("referenceType") == "purl"
        ]
    for item in trees.records(tree, "@graph"):
        if str(item.get("type", "")).endswith("software_Package"):
            stated = [item.get("software_packageUrl")]
            stated += [
                other.get("identifier")
                for other in trees.records(item, "externalIdentifier")
                if other.get("externalIdentifierType") == "packageUrl"
            ]
            yield [url for url in stated if isinstance(url, str)]
