"""Finds the one file that each distribution was installed from, and its hash.

The evidence is RECORD: a wheel whose RECORD is the installed one is the file that was installed.
Needs a network (the user's package index), but runs no code of any package.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from envsnap.errors import BuildError, InputError
from envsnap.image import validate
from envsnap.image.facts import Facts, string
from envsnap.image.locking import indexes, uv, wheels
from envsnap.image.locking.indexes import Index, sha256_of
from envsnap.image.planning import asked as asking
from envsnap.image.planning import base as bases
from envsnap.image.planning import conda, requirements
from envsnap.image.records import Artifact, Lock, Proof
from envsnap.knowledge.tables import is_trusted, table
from envsnap.knowledge.versions import numbers
from envsnap.model.paths import text as path_text
from envsnap.model.python import Origin, Package
from envsnap.wording import counted

CONNECTIONS = 8
MOST_NAMED = 6


class _Found(Struct, frozen=True, kw_only=True):
    """A file, where it is, or why there is none."""

    artifact: Artifact | None = None
    url: str | None = None
    size: int | None = None
    path: Path | None = None  # where it was fetched to
    refusal: str = ""


def resolve(
    facts: Facts,
    *,
    find_links: str | None = None,
    allow_unhashed: bool = False,
    base: str = "auto",
    stated: list[str] | None = None,
    private: tuple[Index, ...] = (),
) -> Lock:
    """Find every distribution's file. Raises InputError for those that have none.

    `stated` are the requirements of a partial list, which is completed first; `private` are
    indexes of the user's own: what they have comes from nowhere else, and is fetched here.

    `find_links` names a folder of wheels, which is looked at first; `allow_unhashed` lets
    distributions pass that no known file is the installed one of. What the `base` brings by
    itself needs no file: Debian changes the pip and setuptools that its venv installs.
    """
    known = facts.packages
    whole = _completed(facts, stated, find_links, private) if stated is not None else uv.Whole()
    facts = asking.completed(facts, whole.versions)
    local = _from_folder(facts, find_links) if find_links else {}
    found = _from_indexes(facts, frozenset(local), private)
    refused, seeded = _refused(facts, found, base)
    if refused and not allow_unhashed:
        raise InputError(_refusal(refused))
    kept = {name: item for name, item in found.items() if item.artifact is not None}
    return replace(
        _lock(kept, local),
        unhashed=refused,
        resolved={name: at for name, at in whole.versions.items() if name not in known},
        overruled=whole.overruled,
        seeded=seeded,
        conda=_conda_folder(facts, find_links) if find_links else {},
        conda_installer=_conda_installer(facts) if conda.whole(facts) else (),
    )


def _lock(kept: dict[str, _Found], local: dict[str, tuple[Artifact, Path]]) -> Lock:
    """Put together the files that were found, on indexes and in the user's folder."""
    return Lock(
        artifacts=_artifacts(kept) | {name: artifact for name, (artifact, _) in local.items()},
        urls={name: item.url for name, item in kept.items() if item.url},
        sizes={name: item.size for name, item in kept.items() if item.size is not None},
        folder={artifact.file: path for artifact, path in local.values()} | _fetched(kept),
        unhashed={},
    )


def _from_indexes(
    facts: Facts, local: frozenset[str], private: tuple[Index, ...]
) -> dict[str, _Found]:
    """Ask each index for what is pinned to it; what lies in the folder is not asked for."""
    pinned, _ = requirements.pins(facts, local)
    found: dict[str, _Found] = {}
    for index in sorted({item.index or "" for item in pinned}):
        here = {
            item.name: item.version
            for item in pinned
            if item.place == "index" and (item.index or "") == index
        }
        found.update(_from_index(facts, here, index or None, private))
    return found


def _refused(
    facts: Facts, found: dict[str, _Found], base: str
) -> tuple[dict[str, str], frozenset[str]]:
    """Distributions without a file, each with the reason; and those that the base brings."""
    refused = {name: item.refusal for name, item in found.items() if item.artifact is None}
    seeded = frozenset(refused) & _seeds(facts, base)
    refused = {name: why for name, why in refused.items() if name not in seeded}
    for name in conda.without_digest(facts):
        refused[name] = "conda-meta states no digest of it: install it again with conda"
    return refused, seeded


def _artifacts(found: dict[str, _Found]) -> dict[str, Artifact]:
    return {name: item.artifact for name, item in found.items() if item.artifact}


def _fetched(found: dict[str, _Found]) -> dict[str, Path]:
    """Return the files of private indexes by name, and where they lie."""
    return {item.artifact.file: item.path for item in found.values() if item.artifact and item.path}


def _completed(
    facts: Facts, stated: list[str], find_links: str | None, private: tuple[Index, ...]
) -> uv.Whole:
    """Find what a partial list of distributions needs. Raises InputError."""
    asking.require_python(facts)
    local = frozenset(_from_folder(facts, find_links)) if find_links else frozenset()
    labels = {item.index for item in requirements.pins(facts, local)[0] if item.index}

    def resolved(lines: list[str]) -> uv.Whole:
        return uv.complete(
            lines, facts, find_links=find_links, labelled=sorted(labels), private=private
        )

    whole = resolved(stated)
    old = _built_for_numpy_1(whole.versions)
    if not old or any(line.partition("=")[0] == "numpy" for line in stated):
        return whole
    bounded = resolved([*stated, "numpy<2"])
    why = f"numpy<2, since {old} was built for NumPy 1"
    return replace(bounded, overruled="; ".join(filter(None, (bounded.overruled, why))))


def _built_for_numpy_1(versions: dict[str, str]) -> str:
    """Name a distribution that NumPy 2 breaks, where NumPy 2 was resolved; metadata do not say."""
    if not versions.get("numpy", "").startswith("2."):
        return ""
    for row in table("numpy_abi")["rows"]:
        version = versions.get(row["distribution"])
        if version and is_trusted(row["basis"]) and numbers(version) < numbers(row["first"]):
            return f"{row['distribution']} {version}"
    return ""


def _conda_folder(facts: Facts, folder: str) -> dict[str, Path]:
    try:
        return conda.in_folder(facts, folder)
    except OSError as error:
        raise InputError(f"--find-links {folder}: {error.strerror or error}") from None


def _conda_installer(facts: Facts) -> tuple[str, ...]:
    """The digests of the wheels that install conda's packages in the build."""
    theirs = replace(facts, python=f"{conda.INSTALLER_PYTHON}.0", glibc=conda.INSTALLER_GLIBC)
    answer = uv.ask({conda.INSTALLER: conda.INSTALLER_VERSION}, None, theirs)
    found = answer.candidates.get(conda.INSTALLER, ())
    hashes = tuple(sorted(item.sha256 for item in found if item.wheel and item.sha256))
    if not hashes:
        raise InputError(
            f"the index has no wheel of {conda.INSTALLER} {conda.INSTALLER_VERSION}, which"
            " installs conda's packages"
        )
    return hashes


def _seeds(facts: Facts, base: str) -> frozenset[str]:
    """Name what the distribution's own venv installs, where its Python is the base."""
    try:
        foundation = bases.choose(facts, base)
    except InputError:
        return frozenset()
    return frozenset(requirements.seeds(facts)) if foundation.python.how == "apt" else frozenset()


def _refusal(refused: dict[str, str]) -> str:
    """Name each distribution that has no file, and what to do."""
    named = [f"{path_text(('packages', name))}: {why}" for name, why in sorted(refused.items())]
    more = f"; and {counted(len(named) - MOST_NAMED, 'more')}" if len(named) > MOST_NAMED else ""
    return (
        "; ".join(named[:MOST_NAMED])
        + more
        + "; give their wheels with --find-links FOLDER, or pin them by version only with"
        " --allow-unhashed"
    )


def _record(facts: Facts, package: Package) -> str | None:
    """The digest of the installed RECORD, where a Linux wheel can have that RECORD."""
    return string(package.record_sha256) if facts.system in (None, "linux") else None


def _tags(facts: Facts, package: Package) -> frozenset[str]:
    tags = package.wheel_tags if isinstance(package.wheel_tags, tuple) else ()
    return wheels.expanded(tags) if facts.system in (None, "linux") else frozenset()


def _from_folder(facts: Facts, folder: str) -> dict[str, tuple[Artifact, Path]]:
    """Find the wheels of a folder that were installed, by digest, by RECORD, or as stand-ins."""
    try:
        there = wheels.in_folder(folder)
    except OSError as error:
        raise InputError(f"--find-links {folder}: {error.strerror or error}") from None
    found: dict[str, tuple[Artifact, Path]] = {}
    for name, package in facts.packages.items():
        for named, path in there.get(name, ()):
            proof = _fits(facts, package, named, path)
            if proof is not None:
                validate.matched(named.file, validate.WHEEL, f"--find-links {folder}", "wheel")
                artifact = Artifact(
                    name=name,
                    version=named.version,
                    file=named.file,
                    sha256=sha256_of(path),
                    kind="wheel",
                    source="folder",
                    proof=proof,
                )
                found[name] = artifact, path
                break
    return found


def _fits(facts: Facts, package: Package, named: wheels.Named, path: Path) -> Proof | None:
    """Say what shows that this wheel was installed; None where it is another."""
    version = validate.pinned_version(string(package.version) or "0", "packages")
    if version != named.version:
        return None
    if package.editable is True:
        return "stand-in"
    origin = package.origin if isinstance(package.origin, Origin) else None
    if origin is not None and string(origin.sha256) is not None:
        return "digest" if sha256_of(path) == origin.sha256 else None
    record = _record(facts, package)
    if record is not None and wheels.record_digest(str(path)) == record:
        return "record"
    if origin is not None:
        return "stand-in"  # it was built from a repository or a folder, as this one was
    if record is not None:
        return None
    tags = _tags(facts, package)
    return "tags" if not tags or tags == named.tags else None


def _from_index(
    facts: Facts, pins: dict[str, str], index: str | None, private: tuple[Index, ...]
) -> dict[str, _Found]:
    """Ask one index for the files of these versions, and choose by RECORD."""
    answer = uv.ask(pins, index, facts, private)

    def choose(name: str) -> _Found:
        if name in answer.missing:
            return _Found(refusal=f"the index has no {name} {pins[name]} for this Python")
        package = facts.packages[name]
        candidates = answer.candidates.get(name, ())
        found = _choose(facts, package, (name, pins[name]), candidates, private)
        if found.artifact is None or name not in answer.yanked:
            return found
        return replace(found, artifact=replace(found.artifact, yanked=answer.yanked[name]))

    try:
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            return dict(zip(pins, pool.map(choose, pins), strict=True))
    except OSError as error:
        raise BuildError(f"the package index cannot be read: {error}") from None


def _choose(
    facts: Facts,
    package: Package,
    pin: tuple[str, str],
    candidates: tuple[uv.Candidate, ...],
    private: tuple[Index, ...],
) -> _Found:
    """Choose the file that was installed among those of one version."""
    record, tags = _record(facts, package), _tags(facts, package)
    usable = [item for item in candidates if validate.SHA256.fullmatch(item.sha256 or "")]
    tagged, others = _by_tags([item for item in usable if item.wheel], tags)
    if record is not None:
        found = _with_record([*tagged, *others], record, private)
        if found is not None:
            return _artifact(found, pin, "record", private)
    elif tagged:
        return _artifact(tagged[0], pin, "tags", private)
    source = next((item for item in usable if not item.wheel), None)
    if source is not None and not tagged:
        return _artifact(source, pin, "source", private)
    return _Found(refusal=_why_none(candidates, tagged))


def _by_tags(
    built: list[uv.Candidate], tags: frozenset[str]
) -> tuple[list[uv.Candidate], list[uv.Candidate]]:
    """Return the wheels that have the installed one's tags, and the others."""
    tagged = [item for item in built if not tags or _named_tags(item) == tags]
    return tagged, [item for item in built if item not in tagged]


def _with_record(
    ranked: list[uv.Candidate], record: str, private: tuple[Index, ...]
) -> uv.Candidate | None:
    """Return the wheel whose RECORD is the installed one; those of its tags are asked first."""
    for item in ranked:
        if wheels.record_digest(item.url, indexes.header(private, item.url)) == record:
            return item
    return None


def _named_tags(item: uv.Candidate) -> frozenset[str]:
    try:
        return wheels.Named(item.file).tags
    except ValueError:
        return frozenset()


def _why_none(candidates: tuple[uv.Candidate, ...], tagged: list[uv.Candidate]) -> str:
    if tagged:
        return f"{tagged[0].file} of the index is not what is installed (another RECORD)"
    if any(item.sha256 is None for item in candidates):
        return "the index states no SHA-256 for it"
    return "the index has no file of it that fits"


def _artifact(
    item: uv.Candidate, pin: tuple[str, str], proof: Proof, private: tuple[Index, ...]
) -> _Found:
    """Name the file; one of a private index is fetched, for the image cannot ask for it."""
    name, version = pin
    here = None
    if item.private and item.sha256 and item.wheel:
        here = indexes.fetch(private, item.url, item.file, item.sha256)
    elif item.private:
        return _Found(refusal="a private index has no wheel of it; build one, for --find-links")
    return _Found(
        artifact=Artifact(
            name=name,
            version=version,
            file=item.file,
            sha256=item.sha256 or "",
            kind="wheel" if item.wheel else "sdist",
            source="folder" if here else "index",
            proof=proof,
        ),
        path=here,
        url=None if here else item.url,
        size=item.size,
    )
