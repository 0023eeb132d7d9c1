"""Installed distributions, read from their metadata; no pip is needed and none is asked.

Folders of `sys.path` are read in import order. The first distribution of a name is the one
Python imports; later ones are recorded as shadowed. Metadata that is broken is recorded as
broken, never dropped. (An empty dist-info, a Latin-1 METADATA file and leftovers that start
with a tilde are all common on real machines; pip 23.2 dies on the second.)
"""

import hashlib
import os
import re
from bisect import bisect_left

from ..record import Record, read_bytes, read_text, reason
from ..secrets import clean_url

NAME_AND_VERSION = re.compile(r"^(.+?)-([^-]+)(?:-py\d[\w.-]*)?$")
SEPARATORS = re.compile(r"[-_.]+")
COMMA = ord(",")
HEAD = 16384
WRITTEN_BY_INSTALLERS = re.compile(
    rb"\.dist-info/(INSTALLER|REQUESTED|RECORD|direct_url\.json|uv_cache\.json|RECORD\.jws|RECORD\.p7s)\"?,"
)
MOST_FILES_CHECKED = 40


def collect(record: Record, sys_path: list, prefix: str) -> None:
    """Fill the `packages` section."""
    entries = record.facts["entries"] = {}
    leftovers = record.facts["leftovers"] = []
    seen = set()
    for folder in sys_path:
        if os.path.realpath(folder) in seen:
            continue  # lib64 is often a link to lib
        seen.add(os.path.realpath(folder))
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            if folder.endswith((".egg", ".whl")) and os.path.isfile(folder):
                record.gap("entries", "error: zipped distributions are not read: %s" % folder)
            continue
        leftovers.extend(name for name in names if name.startswith("~"))
        _add_folder(entries, folder, names)
    conda = os.path.join(prefix, "conda-meta")
    if os.path.isdir(conda):
        from . import conda_packages

        # Where pip's metadata tells of the same package, both are kept.
        for name, facts in conda_packages.read(conda):
            entry = entries.setdefault(
                canonical(name), {"version": facts["version"], "format": "conda"}
            )
            entry["conda"] = facts


def canonical(name: str) -> str:
    """Spell a distribution's name as the package index compares it (PEP 503)."""
    return SEPARATORS.sub("-", name).lower()


def _add_folder(entries: dict, folder: str, names: list) -> None:
    """Add the distributions of one folder of sys.path."""
    here = {}
    for name in names:
        if name.startswith("~"):
            continue
        if name.endswith((".dist-info", ".egg-info", ".egg")):
            found = _guarded(_read, folder, name)
        elif name.endswith(".egg-link"):
            found = _guarded(_read_link, folder, name)
        else:
            continue
        if found:
            here.setdefault(canonical(found.pop("name")), []).append((name, found))
    for key, named in here.items():
        if len(named) > 1:
            named.sort(
                key=lambda item: _files_that_match(os.path.join(folder, item[0])), reverse=True
            )
        _add(entries, key, [found for _, found in named], folder)


def _guarded(read, folder: str, name: str) -> dict:
    """Read one distribution; whatever is wrong with it is its defect, and nobody else's."""
    try:
        return read(os.path.join(folder, name), name)
    except Exception as error:
        match = NAME_AND_VERSION.match(name.rpartition(".")[0])
        return {
            "name": match.group(1) if match else name.rpartition(".")[0],
            "version": match.group(2) if match else None,
            "format": name.rpartition(".")[2],
            "defects": [reason(error)],
        }


def _add(entries: dict, key: str, candidates: list, folder: str) -> None:
    if key not in entries:
        chosen = entries[key] = candidates.pop(0)
        chosen["folder"] = folder
    for other in candidates:
        if other["version"] != entries[key]["version"] or folder != entries[key]["folder"]:
            shadowed = {"version": other["version"], "folder": folder}
            entries[key].setdefault("shadowed", []).append(shadowed)


def _read_link(path: str, base: str) -> dict:
    """Follow an .egg-link, which old editable installs leave, to the metadata it points to."""
    try:
        target = read_text(path, 4096).splitlines()[0].strip()
        inside = [name for name in sorted(os.listdir(target)) if name.endswith(".egg-info")]
    except OSError:
        target, inside = "", []
    if not inside:
        stem = base[: -len(".egg-link")]
        return {
            "name": stem,
            "version": None,
            "format": "egg-link",
            "editable": True,
            "defects": ["the linked folder holds no metadata"],
        }
    found = _read(os.path.join(target, inside[0]), inside[0])
    found.update(format="egg-link", editable=True)
    return found


def _read(path: str, base: str) -> dict:
    """Read one .dist-info, .egg-info or .egg; always gives a name and a version (maybe None)."""
    stem, _, kind = base.rpartition(".")
    inside = {
        "dist-info": "METADATA",
        "egg-info": "PKG-INFO",
        "egg": os.path.join("EGG-INFO", "PKG-INFO"),
    }[kind]
    in_name = NAME_AND_VERSION.match(stem)
    facts = {"name": stem, "version": None, "format": kind}  # type: dict
    defects = []
    try:
        metadata = (
            path if os.path.isfile(path) and kind == "egg-info" else os.path.join(path, inside)
        )
        headers = _headers(metadata, defects)
    except OSError as error:
        headers = {}
        defects.append("%s cannot be read (%s)" % (inside, type(error).__name__))
    if not defects and not headers:
        defects.append("%s is empty" % inside)
    _name_and_version(facts, headers, in_name, defects)
    if kind == "dist-info":
        _add_wheel_facts(facts, path)
    if defects:
        facts["defects"] = defects
    return facts


def _name_and_version(facts: dict, headers: dict, in_name, defects: list) -> None:
    in_folder = in_name.group(2) if in_name else None
    facts["name"] = headers.get("name") or (in_name.group(1) if in_name else facts["name"])
    facts["version"] = headers.get("version") or in_folder
    if headers and not (headers.get("name") and headers.get("version")):
        defects.append("the metadata states no name or no version")
    elif headers and in_folder and canonical(headers["version"]) != canonical(in_folder):
        defects.append("the folder's name says version %s" % in_folder)


def _headers(path: str, defects: list) -> dict:
    """Read the header fields we need, lower-case; the long description is not read."""
    head = read_bytes(path, HEAD).replace(b"\r\n", b"\n").split(b"\n\n", 1)[0]
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        text = head.decode("latin-1")
        defects.append("the metadata is not UTF-8")
    found = {}
    for line in text.split("\n"):
        key, colon, value = line.partition(":")
        key = key.lower()
        if colon and key in ("name", "version") and key not in found:
            found[key] = value.strip()[:300]
            if len(found) == 2:
                break
    return found


def _add_wheel_facts(facts: dict, path: str) -> None:
    try:
        names = set(os.listdir(path))
    except OSError:
        return
    installer = _small(path, "INSTALLER") if "INSTALLER" in names else None
    if installer and installer.strip():
        facts["installer"] = installer.split()[0]
    if "REQUESTED" in names:
        facts["requested"] = True
    wheel = _small(path, "WHEEL") if "WHEEL" in names else None
    if wheel:
        tags = [line[4:].strip() for line in wheel.splitlines() if line.startswith("Tag:")]
        facts["wheel_tags"] = sorted(tags)
    digest = record_digest(path + "/RECORD") if "RECORD" in names else None
    if digest:
        facts["record_sha256"] = digest
    origin = _small(path, "direct_url.json") if "direct_url.json" in names else None
    if origin:
        _add_origin(facts, origin)


def _small(folder: str, name: str) -> str:
    try:
        return read_bytes(folder + "/" + name, HEAD).decode("utf-8", "backslashreplace")
    except OSError:
        return None


def _add_origin(facts: dict, text: str) -> None:
    """Record where a distribution came from (PEP 610), without credentials."""
    import json

    try:
        origin = json.loads(text)
        url = clean_url(str(origin["url"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        facts.setdefault("defects", []).append("direct_url.json cannot be read")
        return
    facts["origin"] = {"url": url}
    if isinstance(origin.get("vcs_info"), dict):
        for key, name in (("vcs", "vcs"), ("commit_id", "commit")):
            if origin["vcs_info"].get(key):
                facts["origin"][name] = str(origin["vcs_info"][key])
    if isinstance(origin.get("archive_info"), dict):
        hashes = origin["archive_info"].get("hashes")
        digest = hashes.get("sha256") if isinstance(hashes, dict) else None
        if digest:
            facts["origin"]["sha256"] = str(digest)
    if isinstance(origin.get("dir_info"), dict) and origin["dir_info"].get("editable"):
        facts["editable"] = True


def record_digest(path: str) -> str:
    """Digest a RECORD file so that two installations of one artifact give the same value.

    Left out: byte code, files without a digest, what installers write themselves, and files outside the folder (names
    that start with a dot or a slash). The digest is SHA-256 over the remaining lines, sorted and joined by
    newlines. None where there is no RECORD.
    """
    try:
        data = read_bytes(path)
    except OSError:
        return None
    return digest_of_record(data, os.path.basename(os.path.dirname(path)))


def digest_of_record(data: bytes, folder: str) -> str:
    """Digest the content of a RECORD that lies in a folder of this name, as `record_digest` does."""
    # A RECORD can have 10,000 lines, so as little as possible is done to each. Lines that end
    # in a comma have neither digest nor size; what else is left out stands together once sorted.
    lines = sorted([line for line in data.splitlines() if line and line[-1] != COMMA])
    if b".pyc,sha256" in data:
        lines = [line for line in lines if b".pyc,sha256" not in line]
    del lines[bisect_left(lines, b".") : bisect_left(lines, b"0")]
    own = folder.encode("utf-8", "surrogateescape")
    start, end = bisect_left(lines, own + b"/"), bisect_left(lines, own + b"0")
    lines[start:end] = [line for line in lines[start:end] if not WRITTEN_BY_INSTALLERS.search(line)]
    return hashlib.sha256(b"\n".join(lines)).hexdigest() if lines else None


def _files_that_match(path: str) -> float:
    """Say how well a distribution's RECORD describes the files on the disk, from 0 to 1.

    Of two distributions of one name in one folder, the one whose files are there was installed
    last, and is what Python imports.
    """
    import base64

    checked = matched = 0
    for line in (_small(path, "RECORD") or "").splitlines():
        name, _, rest = line.strip().rpartition(",sha256=")
        if not name.endswith(".py") or checked >= MOST_FILES_CHECKED:
            continue
        checked += 1
        try:
            file = os.path.join(os.path.dirname(path), name.strip('"'))
            digest = hashlib.sha256(read_bytes(file)).digest()
        except OSError:
            continue
        wanted = rest.split(",")[0]
        matched += base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == wanted
    return matched / checked if checked else 0.0
