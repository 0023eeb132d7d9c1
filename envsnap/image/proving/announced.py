"""What will be otherwise in an image, said by the plan before it is built, and why.

Whatever is not here and differs fails the proof: lost packages are announced, too, but are no
less lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from envsnap.changes.change import ChangeKind
from envsnap.image.facts import PACKAGE_FOLDERS, SYSTEM_FOLDERS, string
from envsnap.image.planning import apt, carried, foundations
from envsnap.image.records import BaseSettings, Plan
from envsnap.model import reading
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path, text

# What a decision that is not exact changes besides the fact it names.
CONSEQUENCES = {
    "system.os": ("system.os_id", "system.os_version"),
    "system.glibc": ("system.libstdcxx", "system.musl"),
    "env_vars.LANG": ("system.locale", "system.locale_installed", "system.encoding"),
    "env_vars.LC_ALL": ("system.locale", "system.locale_installed", "system.encoding"),
    "env_vars.TZ": ("system.timezone",),
}  # fmt: skip
# What every program of the image runs with, whoever set it: no base excuses these.
SHAPES_PYTHON = re.compile(
    r"LD_PRELOAD|LD_AUDIT|PYTHON(?:HASHSEED|PATH|HOME|STARTUP|OPTIMIZE|WARNINGS|MALLOC)"
)
# What another build of the same release of Python brings otherwise; the same build does not.
OF_A_BUILD = ("python.interpreter", "python.library")
BASE_SETS = "the base image sets it"
# What may be missing, but never another: it belonged to the captured place or its tools.
LOST = {
    "python.startup_code": "start-up code of the captured environment is not carried",
    "python.loose_modules": "no distribution answers for it; carry it with --app, or as a wheel",
    "packages.unclaimed": "no distribution answers for it; carry it with --app, or as a wheel",
    "python.shadows": "the captured working folder is not carried",
    "python.library.ensurepip": "the distribution packs it on its own",
    **{
        f"python.library.{part}": "the distribution packs it on its own"
        for part in ("distutils", "lib2to3", "tkinter", "idlelib", "turtledemo", "_tkinter", "_gdbm",
                     "_dbm", "venv", "sitecustomize")
    },
}  # fmt: skip
# Facts of the place that was captured rather than of the environment.
PLACES = (
    ("git", "the image holds no repository"),
    ("tools", "programs beside Python are not carried"),
    ("process", "it was captured of a running process"),
    ("determinism", "it was captured of a running program"),
    ("seeds", "a program sets it, not an image"),
    ("system.timezone", "an image keeps UTC unless TZ is set"),
)
CUDA = ("cuda.toolkit", "the wheels bring their CUDA; no toolkit is carried")
FILES = ("configs", "weights")
BUILT_THERE = ("egg-info", "egg")  # installed from source, by setuptools itself


class Announced(Struct, frozen=True):
    """Reasons by path; a path stands for everything below it.

    What may be `lost` may not be another instead; what is `brought` may only be there in addition.
    """

    reasons: Mapping[str, str] = {}
    lost: Mapping[str, str] = {}
    brought: Mapping[str, str] = {}
    inherited: re.Pattern[str] | None = None  # variables of a base that no engine was asked about

    def reason(self, path: Path, kind: ChangeKind = ChangeKind.CHANGED) -> str | None:
        """Return why a fact may be otherwise, or None if nobody said so."""
        tables = [self.reasons]
        if kind is ChangeKind.REMOVED:
            tables.append(self.lost)
        if kind is ChangeKind.ADDED:
            tables.append(self.brought)
        for length in range(len(path), 0, -1):
            named = text(path[:length])
            for table in tables:
                if named in table:
                    return table[named]
        if kind is ChangeKind.ADDED and path[0] == "env_vars" and self.inherited is not None:
            return BASE_SETS if self.inherited.fullmatch(path[-1]) else None
        return None

    def of_one_build(self, captured: Manifest, inside: Manifest) -> Announced:
        """Return the same, without the excuse of another build where both are one build of Python."""
        if None in (one := build_of(captured)) or one != build_of(inside):
            return self
        kept = {path: why for path, why in self.reasons.items() if path not in OF_A_BUILD}
        return replace(self, reasons=kept)

    def only_named(self, manifest: Manifest, named: Iterable[Path]) -> Announced:
        """Return the same for a comparison in which these files were named.

        Nothing excuses what was named; what was not is not looked at.
        """
        asked = {text(path) for path in named}
        kept = {
            path: why
            for path, why in self.reasons.items()
            if not any(path == name or path.startswith((name + ".", name + "[")) for name in asked)
        }
        for section in (*FILES, "data", "files"):
            for name in reading.entries(manifest, section):
                if text((section, name)) not in asked:
                    kept[text((section, name))] = "it was not asked for"
        return replace(self, reasons=kept)


def by(plan: Plan, manifest: Manifest, base: BaseSettings | None = None) -> Announced:
    """Collect what a plan announces; `base` is what its base image hands down, where known."""
    base = base or plan.base.settings
    found: dict[str, str] = {**dict(PLACES), **dict(_system_libraries(plan, manifest))}
    for name in base.variables if base is not None else ():
        if name not in plan.environment and _may_set(plan, name):
            found.update(dict.fromkeys(_with_consequences(text(("env_vars", name))), BASE_SETS))
    for name in plan.environment:
        if name.startswith("NVIDIA_"):
            found[text(("env_vars", name))] = "the image asks for its GPU with it"
    if plan.python.system_site:
        found["python.system_site_packages"] = "the image's environment sees the system's packages"
    if plan.base.kind != "cuda":
        found[CUDA[0]] = CUDA[1]
    found.update(_interpreter(plan))
    found.update(_of_base(plan))
    found.update(_decided(plan))
    found.update(_left(plan))
    found.update(_packages(plan))
    inherited = foundations.INHERITED.get(plan.base.kind) if base is None else None
    if inherited is not None and inherited.fullmatch("LANG") and "LANG" not in plan.environment:
        found.update(dict.fromkeys(_with_consequences("env_vars.LANG")[1:], BASE_SETS))
    return Announced(found, lost=LOST, brought=dict(_brought(plan, manifest)), inherited=inherited)


def _may_set(plan: Plan, name: str) -> bool:
    """Whether a base excuses a variable: of published images it is known what they set."""
    if plan.base.kind in foundations.PUBLISHED:
        return foundations.publishes(plan.base.kind, name)
    return not SHAPES_PYTHON.fullmatch(name)


def build_of(manifest: Manifest) -> tuple[object, ...]:
    """What tells one build of Python from another: release, date and compiler; None where not stated."""
    return tuple(
        reading.stated(manifest, "python", key) for key in ("version", "build", "compiler")
    )


def _of_base(plan: Plan) -> Iterator[tuple[str, str]]:
    """Files that a base of the user's may have changed, and Python's own that were copied."""
    if plan.base.kind == "custom":
        why = "the base that was named has it"
        yield "system.altered_files", why
        yield "system.unowned_libraries", why
    for path in plan.python.libraries:
        place = f"/usr/local/lib/{path.rpartition('/')[2]}"
        yield text(("system", "unowned_libraries", place)), "it was copied with Python"


def _with_consequences(path: str) -> tuple[str, ...]:
    return (path, *CONSEQUENCES.get(path, ()))


def _interpreter(plan: Plan) -> Iterator[tuple[str, str]]:
    """Say whose build of Python the image has; the captured host may have had another."""
    if plan.python.how == "apt":
        return  # the captured release's own, which is the same everywhere
    why = "the base brings its own build of this Python release"
    for path in OF_A_BUILD:
        yield path, why


def _brought(plan: Plan, manifest: Manifest) -> Iterator[tuple[str, str]]:
    packages = reading.packages(manifest)
    for part in ("distutils", "lib2to3", "tkinter", "idlelib", "_tkinter", "_gdbm", "_dbm", "venv"):
        yield f"python.library.{part}", "the distribution packs it on its own"
    for artifact in plan.artifacts:
        captured = packages.get(artifact.name)
        was_built = captured is not None and captured.format in BUILT_THERE
        if was_built and not artifact.file.endswith("-none-any.whl"):
            continue  # machine code that was compiled there: another's build of it proves nothing
        if artifact.proof == "tags":  # an old kind of install, or a report, states no RECORD
            for field in ("record_sha256", "wheel_tags"):
                yield (
                    text(("packages", artifact.name, field)),
                    "nothing was captured to compare it with",
                )
    if carried.asks_the_hub(plan):
        yield text(("env_vars", carried.HUB_CACHE)), "the image keeps there what it fetches"
    yield "system.certificates", "the image has certificates to trust servers by"
    if plan.base.kind in ("distribution", "cuda") or plan.python.how == "apt":
        yield "python.library.sitecustomize", "the distribution's Python has it"
        yield 'python.startup_code["sitecustomize.py"]', "the distribution's Python has it"


def _decided(plan: Plan) -> Iterator[tuple[str, str]]:
    """Decisions on the system and on variables that say what will differ.

    An unknown one says nothing, so it excuses nothing; and another Python is never excused.
    """
    for item in plan.decisions:
        if item.certainty != "nearest" or not item.subject.startswith(("system.", "env_vars.")):
            continue
        yield item.subject, item.why
        for path in CONSEQUENCES.get(item.subject, ()):
            yield path, item.why


def _left(plan: Plan) -> Iterator[tuple[str, str]]:
    for item in plan.dropped:
        yield item.path, item.reason
        for path in CONSEQUENCES.get(item.path, ()):
            yield path, item.reason
    there = {text(("configs", file.name)) for file in plan.files}
    there |= {text(("weights", file.name)) for file in plan.weights}
    for item in plan.not_carried:
        if item.path.startswith(FILES) and item.path not in there:
            yield item.path, item.reason


def _system_libraries(plan: Plan, manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Libraries of the system itself: the image has those of its base, at its patch level.

    Their versions are still compared, where the base is of the captured release.
    """
    pinned = apt.pinned(plan)
    same = all(item.certainty == "exact" for item in plan.decisions if item.subject == "system.os")
    changed = ("build_id",) if same else ("build_id", "version")
    for name, framework in reading.entries(manifest, "frameworks").items():
        libraries = framework.mapped_on_import
        for soname, library in (libraries if isinstance(libraries, dict) else {}).items():
            path = string(library.path) or ""
            if string(library.package) in pinned:
                continue  # the very same is installed, so it has to be the same
            if SYSTEM_FOLDERS.match(path) and not PACKAGE_FOLDERS.search(path):
                for field in changed:
                    place = ("frameworks", name, "mapped_on_import", soname, field)
                    yield text(place), "the system's own library comes at the base's patch level"


def _packages(plan: Plan) -> Iterator[tuple[str, str]]:
    """What building from source, or a wheel in the place of an editable install, changes."""
    built = "built from source in the image; what building needs is not pinned"
    stands = "a wheel stands in for what was installed from a folder or a repository"
    for artifact in plan.artifacts:
        changed: tuple[str, ...] = ()
        why = built
        if artifact.proof == "source":
            changed = ("record_sha256", "wheel_tags")
        elif artifact.proof == "stand-in":
            changed, why = ("record_sha256", "wheel_tags", "editable", "origin", "shadowed"), stands
        elif artifact.source == "folder" and artifact.proof in ("record", "tags"):
            changed, why = ("origin",), "the same files, from a wheel in the build context"
        for field in changed:
            yield text(("packages", artifact.name, field)), why
    for group in plan.requirements:
        if group.needs_git:
            for line in group.lines:
                for field in ("record_sha256", "wheel_tags"):
                    yield text(("packages", line.partition(" ")[0], field)), built
