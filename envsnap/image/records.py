"""The plan: what the image is made of, and why. It is published as `dockerfile.json`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct, ValidationError, to_builtins

from envsnap.errors import InputError

Certainty: TypeAlias = Literal["exact", "nearest", "unknown"]
Kind: TypeAlias = Literal["slim", "cuda", "distribution", "custom"]
How: TypeAlias = Literal["image", "apt", "copy", "conda", "standalone"]
Place: TypeAlias = Literal["installer", "index", "folder", "address", "git", "source", "unhashed"]
Proof: TypeAlias = Literal["record", "digest", "tags", "source", "stand-in"]

PLAN_VERSION = 1


class Decision(Struct, frozen=True, kw_only=True):
    """One choice, its reason, and how sure it is."""

    subject: Annotated[str, Meta(description="What was decided: a manifest path or a topic.")]
    choice: Annotated[str, Meta(description="What was chosen.")]
    why: Annotated[str, Meta(description="The evidence, and what differs where it is not exact.")]
    certainty: Annotated[
        Certainty,
        Meta(description="exact, nearest (something differs) or unknown (nothing to go by)."),
    ]


class BaseSettings(Struct, frozen=True, kw_only=True):
    """What the base image hands down: an image made from it has it, too."""

    variables: Annotated[dict[str, str], Meta(description="Variables that it sets.")]
    entrypoint: Annotated[tuple[str, ...], Meta(description="Its entrypoint; empty for none.")] = ()
    user: Annotated[str, Meta(description="Its user; empty for root.")] = ""
    further: Annotated[
        dict[str, str],
        Meta(description="What else it sets (ports, volumes, stop signal …), each as JSON."),
    ] = {}


class Base(Struct, frozen=True, kw_only=True):
    """The base image."""

    reference: Annotated[str, Meta(description="Image reference, as FROM names it.")]
    kind: Annotated[
        Kind, Meta(description="slim Python, nvidia/cuda, a distribution's own, or the user's.")
    ]
    status: Annotated[
        str,
        Meta(description="supported, listed (maybe gone), or unknown; by the image's publisher."),
    ]
    platform: Annotated[str, Meta(description="Platform to build for, for example linux/amd64.")]
    stands_in_for: Annotated[
        str | None, Meta(description="The image that was decided for, where another was named.")
    ] = None
    digest: Annotated[
        str | None, Meta(description="Digest that names it for good; null where none is known.")
    ] = None
    system: Annotated[
        str | None,
        Meta(description="Its operating system, for example debian 12; null where not known."),
    ] = None
    settings: Annotated[
        BaseSettings | None,
        Meta(description="What images based on it inherit; null if no engine was asked."),
    ] = None
    layers: Annotated[
        tuple[str, ...],
        Meta(description="SHA-256 of its layers, from the lowest on, if an engine was asked."),
    ] = ()
    steps: Annotated[
        int, Meta(ge=0, description="How many lines its history has, if an engine was asked.")
    ] = 0


class PythonSource(Struct, frozen=True, kw_only=True):
    """The interpreter, and how it gets into the image."""

    version: Annotated[str | None, Meta(description="Version; null for what the base has.")]
    how: Annotated[
        How,
        Meta(
            description="image: the base has it; apt; copy: from another image; conda; "
            "standalone: a"
            " build that needs nothing of the system."
        ),
    ]
    executable: Annotated[str, Meta(description="The interpreter that makes the environment.")]
    image: Annotated[str | None, Meta(description="The image it is copied from.")] = None
    without_pip: Annotated[
        bool, Meta(description="Whether the environment has no pip of its own.")
    ] = False
    system_site: Annotated[
        bool, Meta(description="Whether the environment sees the packages of its base.")
    ] = False
    libraries: Annotated[
        tuple[str, ...], Meta(description="Shared libraries copied with it: paths in that image.")
    ] = ()
    installer: Annotated[
        str | None, Meta(description="Version of pip that installs; null for the base's own.")
    ] = None
    removed: Annotated[
        tuple[str, ...],
        Meta(description="What venv adds by itself and the captured environment lacks."),
    ] = ()
    archive: Annotated[str | None, Meta(description="Address of a standalone build.")] = None
    archive_sha256: Annotated[str | None, Meta(description="Its SHA-256, which is checked.")] = None


class Artifact(Struct, frozen=True, kw_only=True):
    """The one file that a distribution is installed from."""

    name: Annotated[str, Meta(description="Canonical name of the distribution.")]
    version: Annotated[str, Meta(description="Its version.")]
    file: Annotated[str, Meta(description="Name of the file.")]
    sha256: Annotated[str, Meta(description="SHA-256 of the file.")]
    kind: Literal["wheel", "sdist"]
    source: Annotated[
        Literal["index", "folder"],
        Meta(description="index: fetched in the build; folder: it lies in the build context."),
    ]
    proof: Annotated[
        Proof,
        Meta(
            description="record: its RECORD is the installed one; digest: pip noted this digest;"
            " tags: only its tags fit; source: built in the image; stand-in: of an editable "
            "install."
        ),
    ]
    yanked: Annotated[
        str | None, Meta(description="Why its author withdrew it; null where nobody did.")
    ] = None


class Lock(Struct, frozen=True, kw_only=True):
    """The files, by distribution; where they are; and what has none."""

    artifacts: dict[str, Artifact]
    urls: dict[str, str]
    sizes: dict[str, int]
    folder: dict[str, Path]
    unhashed: dict[str, str]
    seeded: frozenset[str] = frozenset()  # what the base's own venv puts there
    conda: dict[str, Path] = {}  # packages of conda in the user's folder, by file name
    resolved: dict[str, str] = {}  # what a partial list lacked: version by name
    overruled: str = ""  # what stated versions require otherwise
    conda_installer: tuple[str, ...] = ()  # SHA-256 of what installs conda's packages


class Requirements(Struct, frozen=True, kw_only=True):
    """Distributions that one pip run installs."""

    file: Annotated[str, Meta(description="Name of the file in the build context.")]
    index: Annotated[str | None, Meta(description="Package index; null for pip's default.")]
    lines: Annotated[tuple[str, ...], Meta(description="Requirements, sorted.")]
    heavy: Annotated[
        bool, Meta(description="Whether they are large and rarely change: a layer of their own.")
    ] = False
    sizable: Annotated[
        bool, Meta(description="Whether they go between what is large and the rest: a layer, too.")
    ] = False
    needs_git: Annotated[bool, Meta(description="Whether pip must clone repositories.")] = False
    hashed: Annotated[bool, Meta(description="Whether pip must check each file's hash.")] = False
    build: Annotated[bool, Meta(description="Whether pip builds them from source.")] = False
    wheels: Annotated[
        tuple[str, ...], Meta(description="Wheels in the build context that they come from.")
    ] = ()
    place: Annotated[
        Place | None,
        Meta(
            description="Where they come from: installer (pip itself), index, folder (of the"
            " context), address, git, source (built in the image), unhashed; null in older plans."
        ),
    ] = None


class CondaStage(Struct, frozen=True, kw_only=True):
    """The stage that installs conda's packages, and nothing else."""

    image: Annotated[str, Meta(description="The image with the Python that installs them.")]
    installer: Annotated[str, Meta(description="Requirement of the program that installs them.")]
    lines: Annotated[
        tuple[str, ...], Meta(description="The explicit list: addresses with digests, sorted.")
    ]
    files: Annotated[
        tuple[str, ...], Meta(description="Packages that lie in the build context.")
    ] = ()
    has_pip: Annotated[bool, Meta(description="Whether the environment has a pip.")] = True
    hashed: Annotated[
        bool, Meta(description="Whether pip must check the hash of the program that installs.")
    ] = False


class File(Struct, frozen=True, kw_only=True):
    """A config file that the image carries."""

    name: Annotated[str, Meta(description="Name that it is compared by.")]
    file: Annotated[str, Meta(description="Its file in the build context.")]
    path: Annotated[str, Meta(description="Its path in the image.")]
    sha256: Annotated[str, Meta(description="SHA-256 of the file.")]


class WeightFile(Struct, frozen=True, kw_only=True):
    """A file of weights that the image carries, in a layer of its own."""

    name: Annotated[str, Meta(description="Name that it is compared by.")]
    file: Annotated[str, Meta(description="Its file in the build context.")]
    path: Annotated[str, Meta(description="Its path in the image.")]
    sha256: Annotated[str, Meta(description="SHA-256 of the file.")]


class HostRequirement(Struct, frozen=True, kw_only=True):
    """What the machine must offer: no image can carry it."""

    subject: Annotated[str, Meta(description="Manifest path of the fact.")]
    needs: Annotated[str | None, Meta(description="What is needed; null where nothing is known.")]
    captured: Annotated[str | None, Meta(description="What the captured machine had.")]
    why: Annotated[str, Meta(description="The reason, or the source of the number.")]


class NotCarried(Struct, frozen=True, kw_only=True):
    """A fact that the image does not carry."""

    path: Annotated[str, Meta(description="Manifest path.")]
    reason: Annotated[str, Meta(description="Why, and what to do.")]


class Plan(Struct, frozen=True, kw_only=True):
    """The generator's decision, complete: the same plan always gives the same files."""

    plan_version: Annotated[int, Meta(ge=1)]
    fingerprint: Annotated[str, Meta(description="Fingerprint of the manifest.")]
    base: Base
    python: PythonSource
    requirements: Annotated[
        tuple[Requirements, ...], Meta(description="pip's runs, in their order.")
    ]
    artifacts: Annotated[
        tuple[Artifact, ...], Meta(description="The files that were resolved, by distribution.")
    ]
    unhashed: Annotated[
        tuple[str, ...],
        Meta(
            description="Distributions that are installed without a hash, because it was allowed."
        ),
    ]
    conda: Annotated[
        CondaStage | None, Meta(description="Conda's packages; null where conda installed none.")
    ] = None
    apt: Annotated[
        tuple[str, ...],
        Meta(description="apt packages of the image, sorted; NAME=VERSION where it is pinned."),
    ]
    apt_archive: Annotated[
        str | None,
        Meta(description="Date or address of the frozen archive that apt takes them from."),
    ] = None
    files: Annotated[tuple[File, ...], Meta(description="Config files of the image.")] = ()
    weights: Annotated[
        tuple[WeightFile, ...], Meta(description="Weights of the image, each a layer.")
    ] = ()
    ports: Annotated[tuple[int, ...], Meta(description="Ports that a container listens on.")] = ()
    command: Annotated[
        tuple[str, ...], Meta(description="What a container runs; empty for Python itself.")
    ] = ()
    healthcheck: Annotated[
        tuple[str, ...], Meta(description="What tells that a container is well; empty for nothing.")
    ] = ()
    any_user: Annotated[
        bool, Meta(description="Whether any user of group 0 may run it, as OpenShift wants.")
    ] = False
    app: Annotated[
        str | None, Meta(description="SHA-256 of the application's archive; null for none.")
    ] = None
    app_files: Annotated[
        dict[str, str],
        Meta(description="SHA-256 of each file of the application, by its path below /app."),
    ] = {}
    app_programs: Annotated[
        tuple[str, ...],
        Meta(
            description="Files of the application that may be executed, by their paths below /app."
        ),
    ] = ()
    extra_ca: Annotated[
        bool, Meta(description="Whether the build, not the image, trusts a CA of the context.")
    ] = False
    environment: Annotated[dict[str, str], Meta(description="Variables that the image sets.")]
    host: Annotated[tuple[HostRequirement, ...], Meta(description="What the host must offer.")]
    dropped: Annotated[
        tuple[NotCarried, ...],
        Meta(description="Environment variables that are left out on purpose."),
    ]
    not_carried: Annotated[
        tuple[NotCarried, ...],
        Meta(description="What the captured environment had and the image lacks."),
    ]
    decisions: tuple[Decision, ...]


def encode(plan: Plan) -> bytes:
    """Write a plan as indented ASCII JSON that ends with a newline.

    A field that came later is not written where it says nothing, so that digests stay.
    """
    tree = to_builtins(plan)
    parts = (
        (tree, "app_files"),
        (tree, "app_programs"),
        (tree["base"], "layers"),
        (tree["base"], "steps"),
        (tree["base"]["settings"], "further"),
        (tree["conda"], "hashed"),
        (tree["python"], "archive"),
        (tree["python"], "archive_sha256"),
        *((group, name) for group in tree["requirements"] for name in ("place", "sizable")),
    )
    for part, name in parts:
        if part is not None and not part[name]:
            del part[name]
    return (json.dumps(tree, indent=2, ensure_ascii=True) + "\n").encode("ascii")


def digest(plan: Plan) -> str:
    """Return the SHA-256 of a plan's JSON, as the image's label states it."""
    return "sha256:" + hashlib.sha256(encode(plan)).hexdigest()


def load(path: str) -> Plan:
    """Read a plan's file. Raises InputError, in one line that names the place."""
    from envsnap.model import scan

    try:
        with open(path, "rb") as stream:
            data = stream.read(scan.LARGEST_FILE + 1)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    return decode(data, path)


def decode(data: bytes, name: str) -> Plan:
    """Read a plan's bytes. Raises InputError, in one line that starts with `name`."""
    from envsnap.model import scan, typed

    tree = scan.parse(data, name)
    try:
        return typed.convert(tree, Plan)
    except ValidationError as error:
        raise InputError(f"{name}: not a plan: {' '.join(str(error).split())[:200]}") from None
