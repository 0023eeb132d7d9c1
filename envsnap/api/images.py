"""Images: planned, locked, built, proven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from envsnap.api.environments import capture, diff
from envsnap.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from envsnap.api.trials import Trial
    from envsnap.image.building.build import Tell
    from envsnap.image.building.make import Switches
    from envsnap.image.planning.asked import Asked
    from envsnap.image.planning.extras import Extras
    from envsnap.image.planning.plan import Plan
    from envsnap.image.proving.proof import Proof
    from envsnap.image.records import Lock
    from envsnap.model.codec import Document
    from envsnap.model.manifest import Manifest
    from envsnap.rules.engine import Result
    from envsnap.rules.ruling import Policy
    from envsnap.targets.target import Place

PROOF_DEADLINE = 900.0
IMAGE_NAME = "app:1"  # what forms call the image until somebody names it


def plan(
    manifest: Manifest,
    base: str = "auto",
    lock: Lock | None = None,
    asked: Asked | None = None,
) -> Plan:
    """Decide what a container must hold to reproduce an environment.

    Args:
        manifest: The environment.
        base: The base image, or `auto` to derive it from the manifest.
        lock: The files that `lock` found.
        asked: What the user wants beyond the manifest.

    Raises:
        InputError: If the manifest does not say enough, or holds a value that no Dockerfile may hold.

    """
    from envsnap.image.planning.asked import Asked
    from envsnap.image.planning.plan import make_plan

    return make_plan(manifest, base, lock, asked or Asked())


def lock(
    manifest: Manifest,
    *,
    find_links: str | None = None,
    allow_unhashed: bool = False,
    base: str = "auto",
    asked: Asked | None = None,
    indexes: Mapping[str, str] | None = None,
) -> Lock:
    """Find the one file that each distribution was installed from, and its hash.

    Needs the user's package index and uv. A partial list of packages is completed.

    Args:
        manifest: The environment.
        find_links: A folder of wheels that no index has.
        allow_unhashed: Pin a distribution by version alone if no such file is found.
        base: The base image that the files must fit.
        asked: What the user wants beyond the manifest.
        indexes: Private indexes by name. They are asked with the user's credentials, and their
            wheels are downloaded.

    Raises:
        InputError: If no such file is found for a distribution, unless `allow_unhashed` is set.

    """
    from envsnap.image import facts
    from envsnap.image.locking import indexes as private
    from envsnap.image.locking.lock import resolve
    from envsnap.image.planning import asked as asking

    known = asking.add(facts.read(manifest), asked or asking.Asked())
    return resolve(
        known,
        find_links=find_links,
        allow_unhashed=allow_unhashed,
        base=base,
        stated=None if known.packages_complete else asking.lines(manifest, known),
        private=private.read(indexes or {}),
    )


def prepared(document: Document, lock: Lock, asked: Asked | None = None) -> Document:
    """Return a manifest of what will be installed, if the document only states what is wanted."""
    from msgspec.structs import replace

    from envsnap.image.planning import asked as asking

    made = asking.described(document.manifest, lock.resolved, asked or asking.Asked())
    return document if made is document.manifest else replace(document, manifest=made)


def write_context(
    document: Document,
    folder: Path,
    base: str = "auto",
    lock: Lock | None = None,
    extras: Extras | None = None,
    asked: Asked | None = None,
    *,
    forms: Sequence[str] = (),
) -> Plan:
    """Write the build context of a manifest into a folder. Raises InputError.

    `forms` names further files of the same plan: compose, kubernetes, devcontainer, apptainer.
    """
    from envsnap.image.writing import context as contexts
    from envsnap.image.writing.forms import registry

    made, files = context(document, base, lock, extras, asked)
    files.update(registry.files(made, forms, IMAGE_NAME))
    contexts.write(files, folder)
    return made


def context(
    document: Document,
    base: str = "auto",
    lock: Lock | None = None,
    extras: Extras | None = None,
    asked: Asked | None = None,
    *,
    tell: Tell | None = None,
) -> tuple[Plan, dict[str, bytes | Path]]:
    """Return the plan of a manifest's image, and the files of its build context.

    With a lock, the base image is pinned by its digest. With `tell`, which is called when an image is
    pulled, the plan also records what the base image provides; that needs a Docker Engine.
    """
    from envsnap.image import facts
    from envsnap.image.planning import asked as asking
    from envsnap.image.planning.extras import Extras, add
    from envsnap.image.writing import context as contexts
    from envsnap.model import codec

    if lock is None:
        known = asking.add(facts.read(document.manifest), asked or asking.Asked())
        asking.require_complete(document.manifest, known)
    made = plan(document.manifest, base, lock, asked)
    made, added = add(made, document.manifest, extras or Extras())
    if lock is not None:
        from envsnap.image.locking import digests

        made = digests.pin(made)
    if tell is not None:
        made = _with_base(made, tell)
    manifest_json = codec.encode(document.manifest, document.unknown)
    return made, contexts.files(
        made, manifest_json, {**lock.folder, **lock.conda} if lock else None, added
    )


def _with_base(plan: Plan, tell: Tell) -> Plan:
    from envsnap.image.building import make
    from envsnap.targets import engine

    client = engine.connect()
    try:
        return make.with_base(client, plan, tell)
    finally:
        client.close()


def build(
    manifest: Manifest,
    plan: Plan,
    files: Mapping[str, bytes | Path],
    switches: Switches | None = None,
    tell: Tell | None = None,
) -> str:
    """Build an image on the Docker Engine that DOCKER_HOST names, and return its ID.

    Args:
        manifest: The environment.
        plan: The plan that `context` returns.
        files: The files that `context` returns.
        switches: Builder, cache and reproducibility.
        tell: Called with (step, steps, text), and with (0, 0, line) for each line of the log.

    Raises:
        BuildError: If the build fails.
        TargetError: If no Docker Engine answers.

    """
    from envsnap.image.building import make
    from envsnap.targets import engine

    client = engine.connect()
    try:
        chosen = switches or make.Switches()
        return make.image(client, plan, files, chosen, manifest.created_at, tell or _unheard)
    finally:
        client.close()


def require_engine() -> None:
    """Check that a Docker Engine answers, before anything slow starts. Raises TargetError."""
    from envsnap.targets import engine

    engine.connect().close()


def name_image(image: str, name: str) -> None:
    """Give an image a name. Raises BuildError."""
    from envsnap.image.building import make
    from envsnap.targets import engine

    client = engine.connect()
    try:
        make.tag(client, image, name)
    finally:
        client.close()


def load_plan(path: str) -> Plan:
    """Read a plan (dockerfile.json). Raises InputError."""
    from envsnap.image import records

    return records.load(path)


def prove(
    manifest: Manifest,
    image: str,
    plan: Plan,
    fail_on: str = "info",
    trial: Trial | None = None,
) -> Proof:
    """Capture inside an image and compare with the manifest that its plan was made from."""
    from envsnap.targets.container import Image

    return verify(manifest, Image(image), plan=plan, fail_on=fail_on, trial=trial)


def verify(
    manifest: Manifest,
    target: Place | None,
    *,
    facts: Manifest | None = None,
    configs: Mapping[str, str] | None = None,
    weights: Mapping[str, str] | None = None,
    plan: Plan | None = None,
    fail_on: str = "info",
    policy: Policy | None = None,
    trial: Trial | None = None,
    deadline: float = PROOF_DEADLINE,
) -> Proof:
    """Check that a target reproduces every portable fact of a manifest.

    Args:
        manifest: The environment to reproduce.
        target: What to capture, or None with `facts`.
        facts: The output of the probe on the target, instead of a capture.
        configs: Config files of the target: name in the manifest, and path. They must be equal.
        weights: Weights of the target: name in the manifest, and path. They must be equal.
        plan: The plan that announces what may differ. Without it, the plan in the image is used, or
            else the one that would be made from the manifest.
        fail_on: Which differences fail the proof, by the severity that rules give them: info (every
            one), warning, error or never.
        policy: Differences that it ignores or allows count as announced. What it does not allow
            fails, even for host facts.
        trial: A command that must also pass in the image.
        deadline: Time limit in seconds.

    Raises:
        InputError: If the manifest does not have a file of that name.

    """
    from msgspec import structs

    from envsnap.api import trials
    from envsnap.image import records
    from envsnap.image.proving import proof, subjects
    from envsnap.rules.finding import Severity

    known = (*Severity, "never")
    if fail_on not in known:
        raise InputError(f"fail_on {fail_on[:40]!r}: known are {', '.join(known)}")
    subjects.require(manifest, configs or {}, weights or {})
    subject = subjects.look(manifest, target, plan)
    places = {**subject.configs, **(configs or {})}, {**subject.weights, **(weights or {})}
    named = subjects.named(manifest, *places, facts)
    inside = facts or capture(
        target,
        configs=places[0],
        weights=places[1],
        env=_captured_variables(manifest),
        verify_files=True,
        deadline=deadline,
    )
    name = f"{inside.target.kind} {inside.target.name}"
    tried = trials.run(target, subject.plan, trial) if trial is not None else ()
    found = proof.judge(
        manifest,
        inside,
        name,
        subject.announced.only_named(manifest, named),
        records.digest(subject.plan),
        structs.replace(subject.seen, differs=(*subject.seen.differs, *tried)),
        by_plan=subject.by_plan,
    )
    if policy is None and fail_on == "info":
        return found
    result = diff(manifest, inside, policy=policy)
    if policy is not None:
        found = _ruled(found, manifest, result, policy)
    return found if fail_on == "info" else _judged(found, result, fail_on)


def comparison(
    manifest: Manifest,
    configs: Mapping[str, str] | None = None,
    weights: Mapping[str, str] | None = None,
    plan: Plan | None = None,
) -> dict[str, object]:
    """Return the probe options with which it compares a target with a manifest by itself.

    Files that the plan carries are compared where it puts them, unless another place is named.
    Raises InputError if the manifest does not have a file of that name.
    """
    from envsnap.image.proving import announced, expected, subjects

    subjects.require(manifest, configs or {}, weights or {})
    there = subjects.carried(manifest, plan) if plan is not None else ({}, {})
    files = {**there[0], **(configs or {})}, {**there[1], **(weights or {})}
    named = subjects.named(manifest, *files)
    known = announced.by(plan or subjects.judging_plan(manifest), manifest).only_named(
        manifest, named
    )
    return {
        "job": "verify",
        "configs": [list(item) for item in files[0].items()],
        "weights": [list(item) for item in files[1].items()],
        "env": list(_captured_variables(manifest)),
        "verify_files": True,
        "import": True,
        "expected": expected.tree(
            manifest, known, frozenset(path[1] for path in named), by_plan=plan is not None
        ),
    }


def _captured_variables(manifest: Manifest) -> tuple[str, ...]:
    from envsnap.model.reading import entries

    return tuple(entries(manifest, "env_vars"))


def _ruled(found: Proof, manifest: Manifest, result: Result, policy: Policy) -> Proof:
    """Excuse what a policy silences, each with its reason, and add what it does not allow."""
    from envsnap.image.proving import proof
    from envsnap.model import reading
    from envsnap.model.paths import text
    from envsnap.rules.ruling import RULE

    excuses = {
        text(path): f"{policy.file}: {ruling.entry.reason}"
        for ruling in result.ruled.rulings
        if ruling.severity is None
        for path in (ruling.finding.path, *ruling.finding.changes)
    }
    outside = [
        proof.outside(
            text(finding.path),
            reading.fact(manifest, finding.path).value,
            finding.other,
            finding.message,
        )
        for finding in result.findings
        if finding.rule == RULE
    ]
    return proof.ruled(found, excuses, outside)


def _judged(found: Proof, result: Result, fail_on: str) -> Proof:
    """Let only those differences count that the rules find at least this severe."""
    from envsnap.image.proving import proof
    from envsnap.model.paths import text
    from envsnap.rules.finding import Severity

    ranks: dict[str, int] = {}
    for finding in result.findings:
        for path in (finding.path, *finding.changes):
            rank = min(finding.severity.rank, ranks.get(text(path), finding.severity.rank))
            ranks[text(path)] = rank
    limit = -1 if fail_on == "never" else Severity(fail_on).rank
    return proof.only_at_least(found, ranks, limit)


def _unheard(step: int, steps: int, text: str) -> None:
    """Tell nobody."""
