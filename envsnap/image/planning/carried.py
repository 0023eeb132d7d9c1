"""What else the user adds: weights, packages of the system, variables, ports, another user."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import UNSET
from msgspec.structs import replace

from envsnap.errors import InputError
from envsnap.image import validate
from envsnap.image.facts import string
from envsnap.image.planning import environment
from envsnap.image.records import Decision, File, NotCarried, Plan, WeightFile
from envsnap.model import reading
from envsnap.model.inputs import Weight
from envsnap.model.manifest import Manifest
from envsnap.model.paths import text as path_text
from envsnap.redact import decision
from envsnap.wording import few

FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
# What torch.compile and triton call at run time: a C compiler, and the C library's headers.
COMPILER = ("gcc", "libc6-dev")
COMPILED_AT_RUN_TIME = ("triton", "pytorch-triton", "pytorch-triton-rocm")
# Where the hub's own client keeps what it fetched: a folder of the image's user.
HUB_CACHE, HUB_FOLDER, OF_THE_HUB = "HF_HOME", "/app/.cache/huggingface", "huggingface-hub"
LARGEST_PORT = 65535
MOST_HELD = 4
SCRIPT = re.compile(r"[A-Za-z0-9_./-]+\.py")


def add_weights(
    plan: Plan, manifest: Manifest, named: Mapping[str, str]
) -> tuple[Plan, dict[str, bytes | Path]]:
    """Carry files of weights, each in a layer of its own. Raises InputError."""
    added: list[WeightFile] = []
    files: dict[str, bytes | Path] = {}
    decisions: list[Decision] = []
    single, places = _of_folders(manifest, named)
    for name, path in sorted({**_beside(manifest, single), **single}.items()):
        file, decision = _weight(manifest, name, path, places.get(name))
        added.append(file)
        files[file.file] = Path(path)
        decisions += [decision] if decision else []
    if len({item.path for item in added}) != len(added):
        raise InputError("--weights: two files would lie at one place; rename one")
    there = {path_text(("weights", item.name)) for item in added}
    left = tuple(item for item in plan.not_carried if item.path not in there)
    told = (*plan.decisions, *decisions)
    return replace(plan, weights=tuple(added), not_carried=left, decisions=told), files


def _of_folders(
    manifest: Manifest, named: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Each file of the folders that are named, as it was captured, and where it is to lie.

    A folder keeps its name, and its files the names that they have below it. Raises InputError.
    """
    single, places = {}, {}
    captured = reading.entries(manifest, "weights")
    for name, path in named.items():
        if not os.path.isdir(path):
            single[name] = path
            continue
        members = [key for key in captured if key.startswith(f"{name}/")]
        if not members:
            known = ", ".join(sorted(captured)[:6]) or "none"
            raise InputError(
                f"--weights {name}={path}: a folder, and the manifest states no weights of that name"
                f" (it has {known})"
            )
        folder = os.path.basename(os.path.abspath(path))
        for key in members:
            rest = key.removeprefix(f"{name}/")
            single[key] = os.path.join(path, *rest.split("/"))
            places[key] = f"{folder}/{rest}"
    return single, places


def _beside(manifest: Manifest, named: Mapping[str, str]) -> dict[str, str]:
    """Return the files that a named one names in turn: each lies beside it, as it did when captured."""
    captured = reading.entries(manifest, "weights")
    return {
        key: os.path.join(os.path.dirname(path), key.removeprefix(f"{name}/"))
        for name, path in named.items()
        for key in captured
        if name in captured and key.startswith(f"{name}/")
    }


def _weight(
    manifest: Manifest, name: str, path: str, place_inside: str | None
) -> tuple[WeightFile, Decision | None]:
    """Take a file that is, by its digest, the one that was captured, if one was."""
    place = path_text(("weights", name))
    digest = _sha256(path)
    captured = reading.entries(manifest, "weights").get(name)
    inside, decision = os.path.basename(path), None
    if isinstance(captured, Weight):
        if string(captured.sha256) != digest:
            raise InputError(
                f"{place}: {path} is not the file that was captured (its SHA-256 differs)"
            )
        inside = posixpath.basename(string(captured.path) or "") or inside
    elif reading.entries(manifest, "weights"):
        known = ", ".join(sorted(reading.entries(manifest, "weights"))[:6])
        raise InputError(
            f"--weights {name}={path}: the manifest has no such weights (it has {known})"
        )
    else:
        why = "carried as it is; the manifest states no weights to compare it with"
        decision = Decision(subject=place, choice=digest, why=why, certainty="unknown")
    inside = place_inside or inside
    for part in inside.split("/"):
        validate.matched(part, FILE_NAME, place, "plain file name")
    file = WeightFile(name=name, file=f"weights-{digest}", path=f"/app/{inside}", sha256=digest)
    return file, decision


def _sha256(path: str) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise InputError(f"--weights {path}: not a regular file; name each file")
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"--weights {path}: {error.strerror or error}") from None


def add_packages(plan: Plan, named: tuple[str, ...], *, compiler: bool) -> Plan:
    """Add packages of the system, and a compiler where one is wanted. Raises InputError."""
    packages = {item.partition("=")[0]: item for item in plan.apt}
    decisions = list(plan.decisions)
    for value in named:
        name, equals, version = value.partition("=")
        validate.matched(name, validate.APT_PACKAGE, "--apt-package", "name of a Debian package")
        if equals:
            validate.matched(
                version, validate.APT_VERSION, "--apt-package", "version of a Debian package"
            )
        packages[name] = value
        why = "as asked" if equals else "as asked; the day of the build decides its version"
        certainty = "exact" if equals else "nearest"
        decisions.append(Decision(subject="apt", choice=value, why=why, certainty=certainty))  # type: ignore[arg-type]
    if compiler:
        packages.update({name: name for name in COMPILER if name not in packages})
        decisions.append(_with_compiler())
    elif needs_compiler(plan) and not packages.keys() & {"gcc", "clang", "build-essential"}:
        decisions.append(_without_compiler())
    apt = tuple(packages[name] for name in sorted(packages))
    return replace(plan, apt=apt, decisions=tuple(decisions))


def needs_compiler(plan: Plan) -> bool:
    """Tell whether something in the image compiles C when it runs."""
    return any(name in COMPILED_AT_RUN_TIME for name in _distributions(plan))


def _distributions(plan: Plan) -> Iterator[str]:
    """Name the distributions that pip installs into the image."""
    for group in plan.requirements:
        for line in group.lines:
            yield re.split(r"[ =@]", line, maxsplit=1)[0]


def _with_compiler() -> Decision:
    return Decision(
        subject="tools.gcc",
        choice=", ".join(COMPILER),
        why="torch.compile and triton compile C at run time",
        certainty="nearest",
    )


def _without_compiler() -> Decision:
    return Decision(
        subject="tools.gcc",
        choice="none",
        why="triton is installed: torch.compile needs a C compiler at run time; --compiler adds it",
        certainty="unknown",
    )


READABLE = (
    "as asked; it looks like a secret, and whoever has the image can read it: leave it out,"
    " and set it when the container starts"
)


def with_warning(plan: Plan, subject: str, words: Sequence[str]) -> Plan:
    """The plan, with a decision where a command that was asked for has what looks like a secret."""
    shown, why = decision.part(" ".join(words))
    if why is None:
        return plan
    told = Decision(subject=subject, choice=shown, why=READABLE, certainty="nearest")
    return replace(plan, decisions=(*plan.decisions, told))


HELD = (
    "carried as asked; the manifest left out what looks like a secret in it, and whoever has the image"
    " can read it: mount the file when the container starts"
)


def with_secret_file(plan: Plan, manifest: Manifest, file: File) -> Plan:
    """The plan, with a decision where a config that was asked for has what was left out as a secret."""
    section = manifest.sections.configs
    gaps = (section.gaps or {}) if section is not UNSET else {}
    of_file = path_text((file.name,))
    held = [
        key
        for key, reason in gaps.items()
        if reason.startswith("redacted") and key.startswith((f"{of_file}.", f"{of_file}["))
    ]
    if not held:
        return plan
    subject = path_text(("configs", file.name))
    told = Decision(subject=subject, choice=few(held, MOST_HELD), why=HELD, certainty="nearest")
    return replace(plan, decisions=(*plan.decisions, told))


def add_settings(
    plan: Plan, variables: Mapping[str, str], ports: tuple[int, ...], *, any_user: bool
) -> Plan:
    """Set variables and ports, and let any user run it, as asked. Raises InputError."""
    decisions = list(plan.decisions)
    found = dict(plan.environment)
    for name, value in variables.items():
        validate.matched(name, validate.VARIABLE, "--env", "name of an environment variable")
        refused = environment.refusal(name)
        if refused:
            raise InputError(f"--env {name}: {refused}")
        place = path_text(("env_vars", name))
        found[name] = validate.variable_value(value, f"--env {name}")
        shown, secret = decision.value(name, value, variable=True)
        decisions.append(
            Decision(
                subject=place,
                choice=value if secret is None else shown or decision.REDACTED,
                why="as asked" if secret is None else READABLE,
                certainty="nearest",
            )
        )
    named = set(variables)
    if HUB_CACHE not in found and asks_the_hub(plan):
        found[HUB_CACHE] = HUB_FOLDER
        named.add(HUB_CACHE)
        decisions.append(_hub_cache())
    dropped = tuple(item for item in plan.dropped if not _is_set(item, named))
    return replace(
        plan,
        environment=dict(sorted(found.items())),
        dropped=dropped,
        ports=tuple(sorted(set(ports))),
        any_user=any_user,
        decisions=tuple(decisions),
    )


def asks_the_hub(plan: Plan) -> bool:
    """Tell whether something in the image keeps models that it fetches when it runs."""
    return any(name == OF_THE_HUB for name in _distributions(plan))


def _hub_cache() -> Decision:
    return Decision(
        subject=path_text(("env_vars", HUB_CACHE)),
        choice=HUB_FOLDER,
        why="models that the program fetches are kept there; mount a volume on it to keep them",
        certainty="nearest",
    )


def _is_set(item: NotCarried, variables: set[str]) -> bool:
    return any(item.path == path_text(("env_vars", name)) for name in variables)


def require_file(plan: Plan, names: frozenset[str], *, given: bool) -> None:
    """Refuse a command that names a script which the image would not hold."""
    there = names | {item.path.removeprefix("/app/") for item in plan.files}
    for word in plan.command[1:]:
        if word.startswith("-"):
            if word in ("-c", "-m"):
                return
            continue
        inside = word.removeprefix("/app/").removeprefix("./")
        if SCRIPT.fullmatch(word) and not inside.startswith("/") and inside not in there:
            more = "is not in it" if given else "is in the image only if --app carries its folder"
            raise InputError(f"--cmd names {word}, which {more}")
        return
