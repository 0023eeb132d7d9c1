"""Everything envsnap does, as functions. Read this file first.

    manifest = envsnap.capture()                   # the running program
    manifest = envsnap.load("dev.json")
    result = envsnap.diff(reference, other)        # ranked findings
    result = envsnap.check(manifest, policy=envsnap.load_policy())
    plan = envsnap.plan(manifest)                  # what a container would be made of

Rooms are imported inside the functions: a capture must have its probe running before it loads
what it needs to read the answer.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from envsnap.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from envsnap.image.announced import Announced
    from envsnap.image.build import Tell
    from envsnap.image.extras import Extras
    from envsnap.image.lock import Lock
    from envsnap.image.make import Switches
    from envsnap.image.plan import Plan
    from envsnap.image.proof import Proof
    from envsnap.intake import facts
    from envsnap.model.codec import Document
    from envsnap.model.manifest import Manifest
    from envsnap.rules.engine import Result
    from envsnap.rules.rule import Rule
    from envsnap.rules.ruling import Policy
    from envsnap.rules.side_by_side import Table
    from envsnap.targets.target import Place

DEFAULT_DEADLINE = 120.0
LONGEST_DEADLINE = 86400.0
PROOF_DEADLINE = 900.0

Progress = Callable[[int, int], None]


def capture(
    target: Place | None = None,
    *,
    label: str | None = None,
    configs: Mapping[str, str] | None = None,
    weights: Mapping[str, str] | None = None,
    data: Mapping[str, str] | None = None,
    seeds: Mapping[str, str] | None = None,
    env: Sequence[str] = (),
    import_frameworks: bool = True,
    verify_files: bool = False,
    deadline: float = DEFAULT_DEADLINE,
    progress: Progress | None = None,
) -> Manifest:
    """Describe an environment; without a target, the program that calls this.

    `configs`, `weights` and `data` (folders, of which names and order are recorded) map the
    names under which files are compared to their paths;
    `seeds` maps names to values; `env` names further variables whose values are wanted;
    `verify_files` compares every installed file with its distribution's RECORD; `deadline` is in
    seconds and leaves out the hashing of files and weights; `progress` is told (bytes done, bytes
    in all) meanwhile.

    In the calling program nothing is imported that it has not imported, and no random
    generator is advanced. Raises InputError for a file that is not there and TargetError where
    the probe gave no facts.
    """
    if not 0 < deadline <= LONGEST_DEADLINE:
        raise InputError(f"deadline {deadline}: name seconds, more than 0 and up to a day")
    shared = target is None or target.shares_files()
    options: dict[str, object] = {
        "configs": _named_paths("config", configs or {}, shared),
        "weights": _named_paths("weights", weights or {}, shared),
        "data": _named_paths("data", data or {}, shared),
        "env": list(env),
        "import": import_frameworks,
        "verify_files": verify_files,
        "deadline": deadline,
    }
    if target is None:
        from envsnap.targets import program

        messages, described = program.run(options), program.describe()
    else:
        messages = _probe(target, options, deadline, progress or _silent)
        described = target.describe()
    from envsnap.intake import facts

    return facts.to_manifest(messages, described, label, dict(seeds or {}), "the probe's answer")


def _probe(
    target: Place, options: dict[str, object], deadline: float, progress: Progress
) -> facts.Messages:
    """Run the probe somewhere; files of ours that were hashed before are not read again."""
    from envsnap.targets import running

    if not options["weights"] or not target.shares_files():
        return running.Run(target, options, deadline).messages(progress)
    from envsnap.targets import known_weights

    options["known_weights"] = known_weights.load()
    messages = running.Run(target, options, deadline).messages(progress)
    if messages.weights is not None:
        fresh = messages.weights.get("fresh")
        known_weights.add(fresh if isinstance(fresh, dict) else {})
    return messages


def _named_paths(what: str, named: Mapping[str, str], shared: bool) -> list[list[str]]:
    """Check files of ours before anything runs; paths of other places are theirs to find."""
    if not shared:
        return [[name, path] for name, path in named.items()]
    for path in named.values():
        if not os.path.exists(path):
            raise InputError(f"{what} {path}: no such file")
    return [[name, os.path.abspath(path)] for name, path in named.items()]


def _silent(done: int, total: int) -> None:
    """Report progress to nobody."""


def load(path: str) -> Manifest:
    """Read a manifest or a probe's facts file; `-` is standard input. Raises InputError."""
    return load_document(path).manifest


def load_document(path: str) -> Document:
    """Read a manifest with the keys that this version does not know. Raises InputError."""
    from envsnap.intake import reader

    return reader.load(path)


def save(manifest: Manifest, path: str) -> None:
    """Write a manifest, readable by its owner only. Raises InputError."""
    from envsnap.model import codec, storage

    storage.write_atomically(path, codec.encode(manifest), 0o600)


def diff(
    reference: Manifest,
    other: Manifest,
    rules: Sequence[Rule] | None = None,
    policy: Policy | None = None,
    error_text: str = "",
) -> Result:
    """Say what differs between two environments, ranked by what it can do.

    What explains `error_text` (what the other side printed) comes first.
    """
    from envsnap.rules import engine

    return _ruled(engine.compare(reference, other, rules, error_text), other, policy)


def check(
    manifest: Manifest,
    rules: Sequence[Rule] | None = None,
    policy: Policy | None = None,
    error_text: str = "",
) -> Result:
    """Say what is wrong with one environment by itself.

    What explains `error_text` (a message, a traceback, a log) comes first.
    """
    from envsnap.rules import engine

    return _ruled(engine.inspect(manifest, rules, error_text), manifest, policy)


def _ruled(result: Result, manifest: Manifest, policy: Policy | None) -> Result:
    if policy is None:
        return result
    from envsnap.rules.policy import apply

    return apply(policy, result, manifest)


def side_by_side(manifests: Sequence[Manifest], results: Sequence[Result]) -> Table:
    """Lay several environments side by side; the first is the reference of all `results`."""
    from envsnap.rules import side_by_side as several

    return several.table(manifests, results)


def load_policy(path: str | None = None) -> Policy | None:
    """Read a policy file; without a name that of the working folder, if it has one.

    Raises InputError.
    """
    from envsnap.rules import policy_file

    return policy_file.find() if path is None else policy_file.read(path)


def plan(manifest: Manifest, base: str = "auto", lock: Lock | None = None) -> Plan:
    """Decide what a container must hold to be this environment. Raises InputError."""
    from envsnap.image.plan import make_plan

    return make_plan(manifest, base, lock)


def lock(
    manifest: Manifest,
    *,
    find_links: str | None = None,
    allow_unhashed: bool = False,
    base: str = "auto",
) -> Lock:
    """Find the one file that each distribution was installed from, and its hash.

    `find_links` names a folder of wheels that no index has. Needs the user's package index and
    uv. Raises InputError for distributions without such a file, unless `allow_unhashed`.
    """
    from envsnap.image import facts
    from envsnap.image.lock import resolve

    known = facts.read(manifest)
    return resolve(known, find_links=find_links, allow_unhashed=allow_unhashed, base=base)


def write_context(
    document: Document,
    folder: Path,
    base: str = "auto",
    lock: Lock | None = None,
    extras: Extras | None = None,
) -> Plan:
    """Write the build context of a manifest into a folder. Raises InputError."""
    from envsnap.image import context as contexts

    made, files = context(document, base, lock, extras)
    contexts.write(files, folder)
    return made


def context(
    document: Document,
    base: str = "auto",
    lock: Lock | None = None,
    extras: Extras | None = None,
) -> tuple[Plan, dict[str, bytes | Path]]:
    """Return the plan of a manifest's image, and the files of its build context.

    With a lock, the base image's digest is asked for, too.
    """
    from envsnap.image import context as contexts
    from envsnap.image.extras import Extras, add
    from envsnap.model import codec

    made = plan(document.manifest, base, lock)
    made, added = add(made, document.manifest, extras or Extras())
    if lock is not None:
        from envsnap.image import digests

        made = digests.pin(made)
    manifest_json = codec.encode(document.manifest, document.unknown)
    return made, contexts.files(made, manifest_json, lock.folder if lock else None, added)


def build(
    manifest: Manifest,
    plan: Plan,
    files: Mapping[str, bytes | Path],
    switches: Switches | None = None,
    tell: Tell | None = None,
) -> str:
    """Build an image on the Docker Engine that DOCKER_HOST names, and return its ID.

    `plan` and `files` are what `context` gives; `tell` hears (step, steps, text), and (0, 0,
    line) for each line of the log. Raises BuildError, and TargetError where no engine answers.
    """
    from envsnap.image import make
    from envsnap.targets import engine

    client = engine.connect()
    try:
        chosen = switches or make.Switches()
        return make.image(client, plan, files, chosen, manifest.created_at, tell or _unheard)
    finally:
        client.close()


def require_engine() -> None:
    """Make sure that an engine answers, before anything slow is done. Raises TargetError."""
    from envsnap.targets import engine

    engine.connect().close()


def name_image(image: str, name: str) -> None:
    """Give an image a name. Raises BuildError."""
    from envsnap.image import make
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


def prove(manifest: Manifest, image: str, plan: Plan, fail_on: str = "info") -> Proof:
    """Capture inside an image and compare it with the manifest that its plan was made from."""
    from envsnap.image import announced, make
    from envsnap.targets.container import Image

    place = Image(image)
    known = announced.by(plan, manifest, make.base_variables(place.client, plan))
    configs = {item.name: item.path for item in plan.files}
    return verify(manifest, place, known, configs=configs, plan=plan, fail_on=fail_on)


def verify(
    manifest: Manifest,
    target: Place,
    announced: Announced | None = None,
    *,
    configs: Mapping[str, str] | None = None,
    weights: Mapping[str, str] | None = None,
    plan: Plan | None = None,
    fail_on: str = "info",
    deadline: float = PROOF_DEADLINE,
) -> Proof:
    """Capture a target and say whether every portable fact of a manifest is reproduced there.

    `announced` holds what may differ, with reasons; `fail_on` is info (every difference counts),
    warning, error or never, as the rules judge each.
    """
    from envsnap.image import announced as announcements
    from envsnap.image import proof, records
    from envsnap.image.plan import make_plan

    plan = plan or make_plan(manifest)
    inside = capture(
        target,
        configs=configs,
        weights=weights,
        env=_captured_variables(manifest),
        verify_files=True,
        deadline=deadline,
    )
    known = announced or announcements.by(plan, manifest)
    name = f"{inside.target.kind} {inside.target.name}"
    found = proof.judge(manifest, inside, name, known, records.digest(plan))
    return found if fail_on == "info" else _judged(found, manifest, inside, fail_on)


def _captured_variables(manifest: Manifest) -> tuple[str, ...]:
    from msgspec import UNSET

    section = manifest.sections.env_vars
    if section is UNSET or section.entries is UNSET:
        return ()
    return tuple(section.entries)


def _judged(found: Proof, manifest: Manifest, inside: Manifest, fail_on: str) -> Proof:
    """Let only those differences count that the rules find at least this severe."""
    from envsnap.image import proof
    from envsnap.model.paths import text
    from envsnap.rules.finding import Severity

    ranks: dict[str, int] = {}
    for finding in diff(manifest, inside).findings:
        for path in (finding.path, *finding.changes):
            rank = min(finding.severity.rank, ranks.get(text(path), finding.severity.rank))
            ranks[text(path)] = rank
    limit = -1 if fail_on == "never" else Severity(fail_on).rank
    return proof.only_at_least(found, ranks, limit)


def _unheard(step: int, steps: int, text: str) -> None:
    """Tell nobody."""
