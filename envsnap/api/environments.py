"""Environments: captured, read, compared, checked."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from envsnap.errors import InputError, TargetError

if TYPE_CHECKING:
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

Progress = Callable[[int, int], None]


def capture(
    target: Place | None = None,
    *,
    label: str | None = None,
    configs: Mapping[str, str] | None = None,
    weights: Mapping[str, str] | None = None,
    data: Mapping[str, str] | None = None,
    seeds: Mapping[str, str | int] | None = None,
    env: Sequence[str] = (),
    import_frameworks: bool = True,
    verify_files: bool = False,
    deadline: float = DEFAULT_DEADLINE,
    redaction_key: bytes = b"",
    progress: Progress | None = None,
) -> Manifest:
    """Capture an environment; without a target, that of the calling program.

    In the calling program, only modules that are already imported are read, and no random generator
    advances.

    Args:
        target: Where the probe runs; None for the calling program.
        label: Your name for the environment.
        configs: Config files: the name to compare by, and the path.
        weights: Weight files or folders: the name to compare by, and the path.
        data: Data folders: the name to compare by, and the path. Only names, sizes and order of
            files are recorded.
        seeds: Seeds: name and value.
        env: Further environment variables whose values to record.
        import_frameworks: Whether to import frameworks; more facts, but slower.
        verify_files: Whether to compare every installed file with its distribution's RECORD.
        deadline: Time limit in seconds. Hashing of files and weights does not count.
        redaction_key: A key of `api.redaction`. Values that are left out get a keyed digest, so
            that they can still be compared.
        progress: Called with (bytes done, bytes in all) while files are hashed.

    Raises:
        InputError: If a file does not exist.
        TargetError: If the probe returns no facts.

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
    if redaction_key:
        options["redaction_key"] = redaction_key.hex()
    if target is None:
        from envsnap.targets import program

        messages, described = program.run(options), program.describe()
    else:
        messages = _probe(target, options, deadline, progress)
        described = target.describe()
    from envsnap.intake import facts

    seeded = {name: str(value) for name, value in (seeds or {}).items()}
    try:
        return facts.to_manifest(
            messages, described, label, seeded, "the probe's answer",
            redaction_key=redaction_key,
        )  # fmt: skip
    except facts.MalformedError as error:
        raise TargetError(str(error)) from None


def capture_interpreter(path: str, **options: Any) -> Manifest:
    """Capture the environment of another interpreter on this machine.

    `options` are those of `capture`. Raises TargetError.
    """
    from envsnap.targets import interpreter

    return capture(interpreter.named(path), **options)


def _probe(
    target: Place, options: dict[str, object], deadline: float, progress: Progress | None
) -> facts.Messages:
    """Run the probe somewhere; files of ours that were hashed before are not read again."""
    from envsnap.targets import running

    progress = progress or running.silent
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


def load(path: str) -> Manifest:
    """Read a manifest, the output of the probe, or a foreign file; `-` is standard input.

    Raises InputError.
    """
    return load_document(path).manifest


def load_document(path: str) -> Document:
    """Read a manifest and keep the keys that this version does not know. Raises InputError."""
    from envsnap.intake import reader

    return reader.load(path)


def held_against(reference: Manifest, other: Manifest) -> str | None:
    """Return the platform for which a lock or requirements file is compared with an installation.

    None if neither side, or each of them, is such a file.
    """
    from envsnap.model.reading import is_captured

    if not (is_captured(reference, "wanted") or is_captured(other, "wanted")):
        return None
    from envsnap.changes import wanted

    return wanted.told(reference, other)


def formats() -> tuple[str, ...]:
    """The foreign files and folders that can stand in for a manifest, in words."""
    from envsnap.intake.formats import registry

    return tuple(entry.title for entry in (*registry.FORMATS, *registry.FOLDERS))


def seal(path: str) -> Document:
    """Read a manifest that was edited by hand and write its digests again.

    The manifest records that it was sealed, and when. Raises InputError.
    """
    from datetime import UTC, datetime

    from msgspec.structs import replace

    from envsnap.intake import reader
    from envsnap.model import codec

    found = reader.load_unchecked(path)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return replace(found, manifest=codec.resealed(found.manifest, now))


def diff(
    reference: Manifest,
    other: Manifest,
    rules: Sequence[Rule] | None = None,
    policy: Policy | None = None,
    error_text: str = "",
    symptom: str | None = None,
) -> Result:
    """Compare two environments and rank the findings, likeliest cause first.

    Args:
        reference: The environment that counts as right.
        other: The environment that is judged.
        rules: The rules to ask; None for all.
        policy: What to ignore, allow, or give another severity.
        error_text: What the failing side printed. Findings that explain it come first.
        symptom: The kind of failure: crash, wrong, slower, hang or memory. Findings that can cause
            it come next.

    """
    from envsnap.rules import engine

    _require_manifests(reference, other)
    _require_symptom(symptom)
    return _ruled(engine.compare(reference, other, rules, error_text, symptom), other, policy)


def _require_manifests(*values: object) -> None:
    """Raise InputError for what is no manifest, such as the path of one."""
    from envsnap.model.manifest import Manifest

    for value in values:
        _require_kind(value, Manifest, "manifest", "load")


def _require_kind(value: object, kind: type, what: str, reader: str) -> None:
    if not isinstance(value, kind):
        told = type(value).__name__
        raise InputError(f"a {what} is wanted, not {told}: envsnap.{reader}(path) reads one")


def _require_symptom(symptom: str | None) -> None:
    """Raise InputError for a kind of failure that no rule knows."""
    if symptom is None:
        return
    from envsnap.rules.symptoms.trouble import SYMPTOMS  # with many patterns to compile

    if symptom not in SYMPTOMS:
        raise InputError(f"symptom {symptom[:40]!r}: known are {', '.join(SYMPTOMS)}")


def diff_several(
    manifests: Sequence[Manifest],
    *,
    peers: bool = False,
    policy: Policy | None = None,
    error_text: str = "",
    symptom: str | None = None,
) -> list[Result]:
    """Compare each manifest with the first one, or all of them as peers.

    Manifests that differ only in their identity share one result.
    """
    _require_symptom(symptom)
    if peers:
        from envsnap.fleet import peers_of

        return peers_of.results(manifests, policy, error_text, symptom)
    if len(manifests) == 2:
        return [
            diff(manifests[0], manifests[1], policy=policy, error_text=error_text, symptom=symptom)
        ]
    from envsnap.rules import side_by_side as several

    found: dict[int, Result] = {}
    results = []
    for number in several.alike(manifests[1:]):
        if number not in found:
            other = manifests[1 + number]
            found[number] = diff(
                manifests[0], other, policy=policy, error_text=error_text, symptom=symptom
            )
        results.append(found[number])
    return results


def most_alike(manifests: Sequence[Manifest]) -> tuple[int, str]:
    """Return the index of the peer that most others equal, and a sentence that counts them."""
    from envsnap.fleet import peers_of

    return peers_of.most_alike(manifests)


def check(
    manifest: Manifest,
    rules: Sequence[Rule] | None = None,
    policy: Policy | None = None,
    error_text: str = "",
    symptom: str | None = None,
) -> Result:
    """Judge one environment by itself and rank the findings, likeliest cause first.

    Args:
        manifest: The environment.
        rules: The rules to ask; None for all.
        policy: What to ignore, allow, or give another severity.
        error_text: A message, a traceback or a log. Findings that explain it come first.
        symptom: The kind of failure: crash, wrong, slower, hang or memory. Findings that can cause
            it come next.

    """
    from envsnap.rules import engine

    _require_manifests(manifest)
    return _ruled(engine.inspect(manifest, rules, error_text, symptom), manifest, policy)


def _ruled(result: Result, manifest: Manifest, policy: Policy | None) -> Result:
    if policy is None:
        return result
    from envsnap.rules.policy import apply
    from envsnap.rules.ruling import Policy as Kind

    _require_kind(policy, Kind, "policy", "load_policy")
    return apply(policy, result, manifest)


def side_by_side(manifests: Sequence[Manifest], results: Sequence[Result]) -> Table:
    """Build a table of several environments; the first is the reference of all `results`."""
    from envsnap.rules import side_by_side as several

    return several.table(manifests, results)


def load_policy(path: str | None = None) -> Policy | None:
    """Read a policy file; without a path, that of the working folder, if there is one.

    Raises InputError.
    """
    from envsnap.rules import policy_file

    return policy_file.find() if path is None else policy_file.read(path)
