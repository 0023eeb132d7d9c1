"""Everything envsnap does, as functions. Read this file first.

    manifest = envsnap.capture()                   # the running program
    manifest = envsnap.load("dev.json")
    result = envsnap.diff(reference, other)        # ranked findings
    result = envsnap.check(manifest, policy=envsnap.load_policy())
    plan = envsnap.plan(manifest)                  # what a container would be made of
    with envsnap.record("golden.esr"):             # the layers of the model that is called
        model(x)

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

    from envsnap.image.plan import Plan
    from envsnap.intake import facts
    from envsnap.model.codec import Document
    from envsnap.model.manifest import Manifest
    from envsnap.replay.archive import Recording
    from envsnap.replay.program import Recording as ProgramRecording
    from envsnap.replay.recording import Record
    from envsnap.replay.spooled import Spooled
    from envsnap.replay.verdict import Verdict
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
) -> Result:
    """Say what differs between two environments, ranked by what it can do."""
    from envsnap.rules import engine

    return _ruled(engine.compare(reference, other, rules), other, policy)


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


def plan(manifest: Manifest, base: str = "auto") -> Plan:
    """Decide what a container must hold to be this environment. Raises InputError."""
    from envsnap.image.plan import make_plan

    return make_plan(manifest, base)


def write_context(document: Document, folder: Path, base: str = "auto") -> Plan:
    """Write the build context of a manifest into a folder. Raises InputError."""
    from envsnap.image import context
    from envsnap.model import codec

    made = plan(document.manifest, base)
    context.write(context.files(made, codec.encode(document.manifest, document.unknown)), folder)
    return made


def record(
    path: str,
    *,
    label: str | None = None,
    full: bool | None = None,
    calls: int = 1,
    repeat: int = 0,
    golden: Recording | None = None,
) -> ProgramRecording:
    """Record the first calls of models in a `with` block. Raises InputError.

    `full` keeps every input of a layer; by default they are kept up to 256 MiB. `repeat` calls
    the model again so many times, for latency. With `golden`, each layer is also run alone on the
    inputs recorded there, which is what `compare` judges best by.
    """
    from envsnap.replay import archive
    from envsnap.replay.program import Recording

    def described() -> Manifest:
        import warnings

        with warnings.catch_warnings():
            # A child that has answered may not have ended yet: no concern of the program's tests.
            warnings.simplefilter("ignore", ResourceWarning)
            return capture(label=label, import_frameworks=False)

    task = None if golden is None else archive.as_task(golden, os.path.abspath(golden.name))
    return Recording(path, described, label=label, full=full, calls=calls, repeat=repeat, task=task)


def record_command(
    command: Sequence[str],
    path: str,
    *,
    label: str | None = None,
    full: bool | None = None,
    calls: int = 1,
    repeat: int = 0,
) -> tuple[int, Record]:
    """Run a command and record the first calls of its model; the command's exit code comes first.

    Raises CommandError where it cannot be run or no Python in it could be reached, and
    InputError for a path that cannot be written.
    """
    from envsnap.model import storage
    from envsnap.replay import launch, spooled

    storage.require_place(path)
    with launch.recorded(
        command, full=full, calls=calls, repeat=repeat, probe=_portable_probe()
    ) as ended:
        chosen = launch.reached(ended, command)
        return ended.code, spooled.save(path, chosen, _facts_of(chosen), label, ended.notes())


def _portable_probe() -> str:
    from envsnap.targets import script

    options: dict[str, object] = {
        "configs": [], "weights": [], "data": [], "env": [], "seeds": {}, "travels": True,
        "import": False, "verify_files": False, "deadline": DEFAULT_DEADLINE,
    }  # fmt: skip
    return script.build(options, script.new_marker())


def _facts_of(left: Spooled) -> Manifest | None:
    return load(left.facts) if left.facts is not None else None


def load_recording(path: str) -> Recording:
    """Read a recording. Raises InputError."""
    from envsnap.replay import archive

    return archive.read(path)


def compare(golden: Recording, other: Recording, *, strict: bool = False) -> Verdict:
    """Say whether two recorded runs are the same, and where they part if not."""
    from envsnap.replay import ladder

    return ladder.compare(golden, other, strict=strict)


def compare_command(
    golden: Recording,
    command: Sequence[str],
    *,
    strict: bool = False,
    keep: str | None = None,
    repeat: int = 0,
) -> Verdict:
    """Run a command, replay the golden layers in it, and compare; `keep` its recording there.

    What the command prints goes to standard error. Raises CommandError and InputError.
    """
    import tempfile

    from envsnap.replay import archive, launch, spooled

    task = archive.as_task(golden, os.path.abspath(golden.name))
    with (
        tempfile.TemporaryDirectory(prefix="envsnap-") as folder,
        launch.recorded(
            command, task=task, repeat=repeat, probe=_portable_probe(), stdout=2
        ) as ended,
    ):
        chosen = launch.reached(ended, command)
        path = keep or os.path.join(folder, "here.esr")
        spooled.save(path, chosen, _facts_of(chosen), "here", ended.notes())
        return compare(golden, archive.read(path), strict=strict)
