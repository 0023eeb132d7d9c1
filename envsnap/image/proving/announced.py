"""What will be otherwise in an image, said by the plan before it is built, and why.

Whatever is not here and differs fails the proof: lost packages are announced, too, but are no
less lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from envsnap.image.facts import PACKAGE_FOLDERS, SYSTEM_FOLDERS, entries, string
from envsnap.image.planning import apt
from envsnap.image.records import Plan
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


class Announced(Struct, frozen=True):
    """Reasons by path; a path stands for everything below it."""

    reasons: Mapping[str, str] = {}

    def reason(self, path: Path) -> str | None:
        """Return why a fact may be otherwise, or None if nobody said so."""
        for length in range(len(path), 0, -1):
            found = self.reasons.get(text(path[:length]))
            if found is not None:
                return found
        return None


def by(plan: Plan, manifest: Manifest, base_variables: Iterable[str] = ()) -> Announced:
    """Collect what a plan announces; `base_variables` are those that the base image sets."""
    found: dict[str, str] = {**dict(PLACES), **dict(_system_libraries(plan, manifest))}
    for name in base_variables:
        found[text(("env_vars", name))] = "the base image sets it"
        for further in CONSEQUENCES.get(text(("env_vars", name)), ()):
            found[further] = "the base image sets it"
    for name in plan.environment:
        if name.startswith("NVIDIA_"):
            found[text(("env_vars", name))] = "the image asks for its GPU with it"
    if plan.base.kind != "cuda":
        found[CUDA[0]] = CUDA[1]
    found.update(_decided(plan))
    found.update(_left(plan))
    found.update(_packages(plan))
    return Announced(found)


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
    carried = {text(("configs", file.name)) for file in plan.files}
    for item in plan.not_carried:
        if item.path.startswith(FILES) and item.path not in carried:
            yield item.path, item.reason


def _system_libraries(plan: Plan, manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Libraries of the system itself: the image has those of its base, at its patch level.

    Their versions are still compared, where the base is of the captured release.
    """
    pinned = apt.pinned(plan)
    same = all(item.certainty == "exact" for item in plan.decisions if item.subject == "system.os")
    changed = ("build_id",) if same else ("build_id", "version")
    for name, framework in entries(manifest.sections.frameworks).items():
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
    stands = "a wheel stands in for the editable install"
    for artifact in plan.artifacts:
        changed: tuple[str, ...] = ()
        why = built
        if artifact.proof == "source":
            changed = ("record_sha256", "wheel_tags")
        elif artifact.proof == "stand-in":
            changed, why = ("record_sha256", "wheel_tags", "editable", "origin"), stands
        for field in changed:
            yield text(("packages", artifact.name, field)), why
    for group in plan.requirements:
        if group.needs_git:
            for line in group.lines:
                for field in ("record_sha256", "wheel_tags"):
                    yield text(("packages", line.partition(" ")[0], field)), built
