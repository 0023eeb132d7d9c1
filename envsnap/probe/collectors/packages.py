"""Installed distributions, read from their metadata; no pip is needed and none is asked.

Folders of `sys.path` are read in import order. The first distribution of a name is the one
Python imports; later ones are recorded as shadowed. Metadata that is broken is recorded as
broken, never dropped. (An empty dist-info, a Latin-1 METADATA file and leftovers that start
with a tilde are all common on real machines; pip 23.2 dies on the second.)
"""

import hashlib
import os
import re

from . import ownership, records
from ..record import Record, read_bytes, read_text, reason
from ..secrets import clean_url

NAME_AND_VERSION = re.compile(r"^(.+?)-([^-]+)(?:-py\d[\w.-]*)?$")
SEPARATORS = re.compile(r"[-_.]+")
HEAD = 16384
MOST_FILES_CHECKED = 40
# Metadata is text with one field a line; the values we need are never folded.
REQUIREMENT = re.compile(r"\nRequires-(Dist|Python): *([^\n]*)")
AN_EXTRA, GROUP = r"\bextra\s*==", r"\([^()]*\)"
LONGEST_HEADERS = 1 << 20
MOST_REQUIREMENTS = 1000
LONGEST_REQUIREMENT = 500
# A namespace that several distributions share on purpose; each brings the same file.
SHARED_ON_PURPOSE = (b"declare_namespace", b"extend_path")


def collect(
    record: Record, sys_path: list, prefix: str, owned: dict = None, shared: dict = None
) -> dict:
    """Fill the `packages` section; returns where the metadata of each distribution lies.

    `owned` gets the names in each folder that some distribution answers for, and `shared` the
    shared objects of each metadata folder's RECORD, so that nobody reads a RECORD again.
    """
    owned = {} if owned is None else owned
    shared = {} if shared is None else shared
    places = {}
    entries = record.facts["entries"] = {}
    leftovers = record.facts["leftovers"] = []
    claimed = record.facts["claimed_twice"] = {}
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
        names_here = owned.setdefault(folder, set())
        claimed.update(_add_folder(entries, places, folder, names, (names_here, shared)))
    ownership.add_packages(record, entries, places)
    conda = os.path.join(prefix, "conda-meta")
    if os.path.isdir(conda):
        from . import conda_packages

        # Where pip's metadata tells of the same package, both are kept.
        for name, facts in conda_packages.read(conda):
            # `_libgcc_mutex` is no name of a distribution, and has no other spelling.
            key = canonical(name) if name[:1].isalnum() else name.lower()
            entry = entries.setdefault(key, {"version": facts["version"], "format": "conda"})
            entry["conda"] = facts
    return places


def canonical(name: str) -> str:
    """Spell a distribution's name as the package index compares it (PEP 503)."""
    return SEPARATORS.sub("-", name).lower()


def _add_folder(entries: dict, places: dict, folder: str, names: list, noted: tuple) -> dict:
    """Add the distributions of one folder of sys.path; returns what several of them claim.

    `noted` gets what RECORDs tell beside facts: the names in this folder, and shared objects.
    """
    here, claims = {}, {}
    owned, shared = noted
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
            key = canonical(found.pop("name"))
            owned.update(found.pop("owned", ()))
            shared[os.path.join(folder, name)] = found.pop("shared", ())
            here.setdefault(key, []).append((name, found))
            for claim in found.pop("claims", ()):
                claims.setdefault(claim, set()).add(key)
    for key, named in here.items():
        if len(named) > 1:
            named.sort(
                key=lambda item: _files_that_match(os.path.join(folder, item[0])), reverse=True
            )
        places.setdefault(key, os.path.join(folder, named[0][0]))
        _add(entries, key, [found for _, found in named], folder)
    return _claimed_twice(claims, folder)


def _claimed_twice(claims: dict, folder: str) -> dict:
    """Return {import name: distributions} of the files that several distributions installed."""
    found = {}
    for path, keys in claims.items():
        if len(keys) < 2:
            continue
        file = os.fsdecode(path)
        try:
            data = read_bytes(os.path.join(folder, file), HEAD) if file.endswith(".py") else b""
        except OSError:
            data = b""  # whoever was uninstalled took it along: that is the breakage
        if not any(word in data for word in SHARED_ON_PURPOSE):
            found[file.partition("/")[0].partition(".")[0]] = sorted(keys)
    return found


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
            path if kind == "egg-info" and os.path.isfile(path) else os.path.join(path, inside)
        )
        headers = _headers(metadata, defects)
    except OSError as error:
        headers = {}
        defects.append("%s cannot be read (%s)" % (inside, type(error).__name__))
    if not defects and not headers:
        defects.append("%s is empty" % inside)
    _name_and_version(facts, headers, in_name, defects)
    if headers:
        _add_requirements(facts, headers["requirements"], path, kind)
    if kind == "dist-info":
        _add_wheel_facts(facts, path)
    if "owned" not in facts:
        stated = _small(path, "top_level.txt")
        facts["owned"] = ownership.stated_names(facts["name"], stated)
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
    head = _head(path)
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        text = head.decode("latin-1")
        defects.append("the metadata is not UTF-8")
    found = {}  # type: dict
    for line in text.split("\n"):
        key, colon, value = line.partition(":")
        key = key.lower()
        if colon and key in ("name", "version") and key not in found:
            found[key] = value.strip()[:300]
            if len(found) == 2:
                break
    if found:
        found["requirements"] = REQUIREMENT.findall(text)
    return found


def _head(path: str) -> bytes:
    """The fields before the long description; a licence among them can make them long."""
    data = read_bytes(path, HEAD)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    head, blank, _ = data.partition(b"\n\n")
    if not blank and len(data) > HEAD // 2:
        whole = read_bytes(path, LONGEST_HEADERS).replace(b"\r\n", b"\n")
        head = whole.partition(b"\n\n")[0]
    return head


def _add_requirements(facts: dict, stated: list, path: str, kind: str) -> None:
    """Record what a distribution requires, without what only an extra of it requires."""
    wanted = [text[:LONGEST_REQUIREMENT] for field, text in stated if field == "Dist"]
    if kind != "dist-info" and not wanted:
        wanted = _egg_requirements(path)
    plain = [text for text in wanted if "extra" not in text or not _is_for_an_extra(text)]
    plain = plain[:MOST_REQUIREMENTS]
    facts["requires"] = [clean_url(text) if "://" in text else text for text in plain]
    for field, text in stated:
        if field == "Python":
            facts["requires_python"] = text.strip()[:LONGEST_REQUIREMENT]


def _is_for_an_extra(text: str) -> bool:
    """Tell whether nothing but an extra asks for this: every alternative of the marker names one."""
    marker = text.partition(";")[2]
    if "extra" not in marker:
        return False
    if " or " not in marker:  # nearly all of them, spelled as tools spell it
        return " extra == " in marker or re.search(AN_EXTRA, marker) is not None
    flat = re.sub(
        GROUP, lambda group: "extra ==" if re.search(AN_EXTRA, group.group()) else "", marker
    )
    return all(re.search(AN_EXTRA, part) for part in flat.split(" or "))


def _egg_requirements(path: str) -> list:
    """Read requires.txt of an .egg-info: plain lines, then [extra:marker] sections."""
    found, marker = [], ""
    for name in ("requires.txt", os.path.join("EGG-INFO", "requires.txt")):
        for line in [line.strip() for line in (_small(path, name) or "").splitlines()]:
            if line.startswith("["):
                extra, _, condition = line.strip("[]").partition(":")
                marker = '; extra == "%s"' % extra if extra else "; " + condition
            elif line:
                found.append(line[:LONGEST_REQUIREMENT] + marker)
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
    if "RECORD" in names:
        records.add(facts, path + "/RECORD")
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
    if origin.get("subdirectory"):
        facts["origin"]["subdirectory"] = str(origin["subdirectory"])
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
