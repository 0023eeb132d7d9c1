"""The distribution's packages whose libraries Python's frameworks, or the program, really use."""

from ..readers import dpkg


def collect(sections: dict, files: set) -> None:
    """Add `packages` to the system's record, and to libraries the package that each is of."""
    found = dpkg.owners(files)
    if not found:
        return
    frameworks = sections["frameworks"].facts.get("entries", {})
    described = [item.get("mapped_on_import", {}) for item in frameworks.values()]
    described.append(sections["process"].facts.get("loaded", {}))
    sections["system"].facts["packages"] = dpkg.versions(set(found.values()))
    for libraries in described:
        for library in libraries.values():
            if library.get("path") in found:
                library["package"] = found[library["path"]]
