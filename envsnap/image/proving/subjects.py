"""What is to be proven, and by which plan: an image, a container, or a place that carries none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from envsnap.errors import InputError
from envsnap.image import records
from envsnap.image.facts import entries
from envsnap.image.planning import environment
from envsnap.image.planning.plan import make_plan
from envsnap.image.proving import announced, held, settings
from envsnap.image.proving.proof import Fact, Seen
from envsnap.image.records import Plan
from envsnap.image.writing.dockerfile import PLAN_LABEL
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path, text

if TYPE_CHECKING:
    from envsnap.targets.target import Place

BY_ITSELF = (
    "what may be otherwise is as the image's own plan states it; --plan FILE holds it to yours"
)
NO_PLAN = "the image carries no plan: its configuration and its layers were not compared"
NO_HISTORY = "the image's history does not show its plan: its layers were not compared"


class Subject(Struct, frozen=True, kw_only=True):
    """The plan that counts, what it announces, and what the engine saw."""

    plan: Plan
    announced: announced.Announced
    seen: Seen


def named(
    manifest: Manifest,
    configs: Iterable[str],
    weights: Iterable[str],
    facts: Manifest | None = None,
) -> tuple[Path, ...]:
    """Return the paths of what was named. Raises InputError where the manifest has none."""
    found: list[Path] = []
    for section, names in (("configs", configs), ("weights", weights)):
        there = entries(getattr(manifest.sections, section))
        described = entries(getattr(facts.sections, section)) if facts is not None else {}
        for name in (*names, *(name for name in described if name in there)):
            whole = [key for key in there if key == name or key.startswith(f"{name}/")]
            if not whole:
                known = ", ".join(sorted(there)[:6]) or "none"
                raise InputError(
                    f"--{section.removesuffix('s') if section == 'configs' else section} {name}:"
                    f" the manifest has no file of this name to compare with (it has: {known})"
                )
            found += [(section, key) for key in whole]
    return tuple(found)


def look(manifest: Manifest, target: Place | None, plan: Plan | None) -> Subject:
    """Find the plan that counts, and look at the target from outside where an engine holds it."""
    from envsnap.targets.container import Container, Image

    if not isinstance(target, Container | Image):
        chosen = plan or make_plan(manifest)
        return Subject(plan=chosen, announced=announced.by(chosen, manifest), seen=Seen())
    image = target.image if isinstance(target, Image) else target.container.image
    container = target.container if isinstance(target, Container) else None
    return _of_engine(manifest, target.client, image, container, plan)


def _of_engine(
    manifest: Manifest, client: Any, image: Any, container: Any, plan: Plan | None
) -> Subject:
    from envsnap.image.building import make

    described = held.of_image(image)
    own = held.carried_plan(client, image)
    if own is not None and not _fits(own, manifest):
        own = None
    chosen = plan or own
    if chosen is None:
        made = make_plan(manifest)
        known = announced.by(made, manifest, make.base_settings(client, made))
        return Subject(plan=made, announced=known, seen=Seen(not_covered=(NO_PLAN,)))
    base = make.base_settings(client, chosen)
    known = announced.by(chosen, manifest, base)
    differs = list(settings.differences(chosen, described, base))
    digest = records.digest(chosen)
    if described.labels.get(PLAN_LABEL) != digest:
        differs.append(_another_plan(digest, described.labels.get(PLAN_LABEL)))
    files, harmless, notes = _files(client, image, container, digest)
    seen = Seen(
        differs=(*differs, *files),
        announced=tuple(harmless),
        not_covered=(*notes, *(() if plan is not None else (BY_ITSELF,))),
    )
    return Subject(plan=chosen, announced=known, seen=seen)


def _fits(plan: Plan, manifest: Manifest) -> bool:
    """Tell whether an image's own plan is of this manifest, and excuses no variable by itself."""
    sorted_ = environment.sort(manifest)
    excused = {item.path for item in plan.dropped} - {item.path for item in sorted_.dropped}
    return plan.fingerprint == manifest.fingerprint and not excused


def _another_plan(wanted: str, found: str | None) -> Fact:
    return Fact(
        path=text(("image", "plan")),
        kind=settings.kind_of(wanted, found),
        captured=wanted,
        inside=found,
        reason="the image was not made by this plan",
    )


def _files(
    client: Any, image: Any, container: Any, digest: str
) -> tuple[list[Fact], list[Fact], list[str]]:
    """Return the files that came after the plan's last line, and what could not be told."""
    found: list[Fact] = []
    harmless: list[Fact] = []
    extended = held.is_extended(image, digest)
    if extended:
        found, harmless = settings.above(held.strange_files(client, image, digest))
    if container is not None:
        changed, of_run = settings.since_start(held.written_since(container))
        found, harmless = [*found, *changed], [*harmless, *of_run]
    return found, harmless, [NO_HISTORY] if extended is None else []
