"""What is to be proven, and by which plan: an image, a container, or a place that carries none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from envsnap.changes.change import ChangeKind
from envsnap.errors import InputError
from envsnap.image import records
from envsnap.image.planning import environment
from envsnap.image.planning.plan import make_plan
from envsnap.image.proving import announced, carried_files, held, python_files, settings, steps
from envsnap.image.proving.fact import Fact
from envsnap.image.proving.proof import Seen
from envsnap.image.records import File, Plan, WeightFile
from envsnap.image.writing.dockerfile import APP, PLAN_LABEL
from envsnap.model import reading
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path, text

if TYPE_CHECKING:
    from envsnap.targets.target import Place

# Stands for the base of an image that nobody makes.
NO_BASE = "localhost/no-base:0"
BY_ITSELF = (
    "what may differ is taken from the image's own plan; use --plan FILE to check against yours"
)
NO_PLAN = "the image carries no plan: its configuration and its layers were not compared"
NO_STEPS = "the history does not show the steps above the base image: they were not compared"
OF_APP = f"{APP}/"
MOST_ASKED = 200  # files whose owners are asked for
NO_HISTORY = "the image's history does not show its plan: its layers were not compared"


class Subject(Struct, frozen=True, kw_only=True):
    """The plan that counts, what it announces, and what the engine saw."""

    plan: Plan
    announced: announced.Announced
    seen: Seen
    configs: Mapping[str, str] = {}  # files that the plan put into the image: name, path
    weights: Mapping[str, str] = {}
    by_plan: bool = False  # whether the place is an image of a plan, which answers for all in it


def require(manifest: Manifest, configs: Iterable[str], weights: Iterable[str]) -> None:
    """Refuse the name of a file that the manifest does not have. Raises InputError."""
    for section, option, names in (
        ("configs", "--config", configs),
        ("weights", "--weights", weights),
    ):
        for name in names:
            if not _keys(manifest, section, name):
                known = ", ".join(sorted(reading.entries(manifest, section))[:6])
                raise InputError(
                    f"{option} {name}: the manifest has no file of this name to compare with"
                    f" (it has: {known or 'none'})"
                )


def named(
    manifest: Manifest,
    configs: Iterable[str],
    weights: Iterable[str],
    facts: Manifest | None = None,
) -> tuple[Path, ...]:
    """Return the paths of what was named, here or when the facts were gathered."""
    found: list[Path] = []
    for section, names in (("configs", configs), ("weights", weights)):
        described = reading.entries(facts, section) if facts is not None else {}
        for name in (*names, *described):
            found += [(section, key) for key in _keys(manifest, section, name)]
    return tuple(found)


def _keys(manifest: Manifest, section: str, name: str) -> list[str]:
    """Return the entries that a name stands for: itself, or the files of a folder."""
    there = reading.entries(manifest, section)
    return [key for key in there if key == name or key.startswith(f"{name}/")]


def judging_plan(manifest: Manifest) -> Plan:
    """Make the plan that says what may be otherwise where no plan is at hand.

    A place has the Python of a manifest although no listed image has it: then nothing follows from
    a base. Raises InputError.
    """
    try:
        return make_plan(manifest)
    except InputError:
        made = make_plan(manifest, NO_BASE)
        return replace(made, base=replace(made.base, kind="slim"))


def look(manifest: Manifest, target: Place | None, plan: Plan | None) -> Subject:
    """Find the plan that counts, and look at the target from outside where an engine holds it."""
    from envsnap.targets.container import Container, Image

    if not isinstance(target, Container | Image):
        chosen = plan or judging_plan(manifest)
        return Subject(
            plan=chosen,
            announced=announced.by(chosen, manifest),
            seen=Seen(),
            by_plan=plan is not None,
        )
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
    label = described.labels.get(PLAN_LABEL)
    chosen = plan or own
    known_base = make.base_settings(client, chosen or judging_plan(manifest))
    digest = label or "" if chosen is None else records.digest(chosen)
    files, harmless, notes = _files(client, image, container, plan, digest)
    differs = [*files]
    if chosen is not None:
        found, further = _steps(client, image, chosen, digest)
        own_files, unread = carried_files.compare(client, image, container, chosen)
        of_python, unasked = python_files.compare(client, image, container, chosen)
        differs = [*differs, *found, *own_files, *of_python]
        notes += [*further, *unread, *unasked]
        differs += settings.differences(chosen, described, known_base)
        if label != digest:
            differs.append(_another_plan(digest, label))
        below = list(chosen.base.layers)
        if held.layers(image)[: len(below)] != below:
            differs.append(_another_base(chosen.base.reference))
        held_by_it = held.carried_fingerprint(client, image)
        if held_by_it is not None and held_by_it != chosen.fingerprint:
            differs.append(_another_manifest(chosen.fingerprint, held_by_it))
        notes += settings.beneath(known_base)
        notes += [] if plan is not None else [BY_ITSELF]
    else:
        notes = [NO_PLAN]
    if container is not None:
        notes += settings.around(container, described)
        differs += settings.started(container, described, chosen) if chosen is not None else []
    counting = chosen or judging_plan(manifest)
    configs, weights = carried(manifest, counting)
    return Subject(
        plan=counting,
        announced=announced.by(counting, manifest, known_base),
        seen=Seen(differs=tuple(differs), announced=tuple(harmless), not_covered=tuple(notes)),
        configs=configs,
        weights=weights,
        by_plan=chosen is not None,
    )


def carried(manifest: Manifest, plan: Plan) -> tuple[dict[str, str], dict[str, str]]:
    """Name and place in the image of config files and of weights that a plan carries."""
    return (
        _in_manifest(manifest, "configs", plan.files),
        _by_folder(_in_manifest(manifest, "weights", plan.weights)),
    )


def _in_manifest(
    manifest: Manifest, section: str, files: Iterable[File | WeightFile]
) -> dict[str, str]:
    """Return name and place of the files that the plan carries and the manifest knows."""
    there = reading.entries(manifest, section)
    return {item.name: item.path for item in files if item.name in there}


def _by_folder(places: dict[str, str]) -> dict[str, str]:
    """Names with their places, of a folder that is carried as one the folder's alone.

    An index of shards in it would be asked for its shards, under names that nobody captured.
    """
    found: dict[str, str] = {}
    for name, place in places.items():
        head, _, rest = name.partition("/")
        folder = place.removesuffix(f"/{rest}")
        is_of_one = rest and head not in places and folder not in (place, "/app")
        found[head if is_of_one else name] = folder if is_of_one else place
    return found


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


def _another_base(reference: str) -> Fact:
    return Fact(
        path=text(("image", "base")),
        kind=ChangeKind.CHANGED,
        captured=reference,
        inside="other layers",
        reason="it does not stand on the base that its plan was made with",
    )


def _another_manifest(wanted: str, found: str) -> Fact:
    return Fact(
        path=text(("image", "manifest")),
        kind=settings.kind_of(wanted, found),
        captured=wanted,
        inside=found or "edited",
        reason="the manifest that the image carries is not the one of its plan",
    )


def _steps(client: Any, image: Any, plan: Plan, digest: str) -> tuple[list[Fact], list[str]]:
    """The steps below the plan's end that are not the plan's, where the history shows them."""
    from envsnap.image.building import make

    below, start = list(plan.base.layers), plan.base.steps
    base = None if below else make.known_base(client, plan)
    if base is not None:
        below, start = held.layers(base), len(base.history())
    lines = held.steps(image, below, start, digest)
    if lines is None:
        return [], [NO_STEPS]
    return list(steps.strange(plan, lines)), []


def _files(
    client: Any, image: Any, container: Any, plan: Plan | None, digest: str
) -> tuple[list[Fact], list[Fact], list[str]]:
    """Return the files that came after the plan's last line, and what could not be told."""
    found: list[Fact] = []
    harmless: list[Fact] = []
    extended = held.is_extended(image, digest)
    if extended:
        found, harmless = settings.above(held.strange_files(client, image, digest))
    if container is not None:
        written = held.written_since(container)
        beside = [path for path, there in written.items() if there and path.startswith(OF_APP)]
        own = held.runs_as(container)
        owners = held.owners(container, beside[:MOST_ASKED]) if own is not None else {}
        owners = {path: user for path, user in owners.items() if user != own}
        changed, of_run = settings.since_start(written, plan, owners)
        found, harmless = [*found, *changed], [*harmless, *of_run]
    return found, harmless, [NO_HISTORY] if extended is None else []
