"""Hosts of one job: nobody is the reference, everyone should be alike.

What two environments may differ in, peers may not: a variable that one launcher did not pass on,
another serialisation library, one GPU fewer. So a difference among peers weighs at least a
warning, except for what differs between equal machines too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from envsnap.changes import walk
from envsnap.changes.change import Change, ChangeKind
from envsnap.knowledge.roles import role
from envsnap.knowledge.variables import INSTALLERS, PLACE
from envsnap.model import reading
from envsnap.model.host import EnvVars
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.rules import engine
from envsnap.rules.finding import Confidence, Effect, Finding, Severity

ID = "peers"
# Bytes that equal machines state differently: firmware takes another share.
QUANTITIES = ("memory_total", "shm_size")
TOLERANCE = 0.02
# Processes exchange data or objects through these: what differs is refused, hangs, or is misread.
SPEAKING = re.compile(r"(?:NCCL|RCCL|UCX|FI|GLOO|NVSHMEM|MPI|OMPI|UCC|SHARP)_\w+")
VISIBLE = re.compile(r"(?:CUDA|NVIDIA|HIP|ROCR|GPU|ZE|ASCEND)_(?:VISIBLE_DEVICES|DEVICE_ORDINAL)")
# Set to what holds without them, they change nothing; Slurm sets the first for some tasks of a node.
DEFAULTS = {"TMPDIR": "/tmp"}  # noqa: S108 - a value to compare with
# They say from where, and by whom, a process was started, not how it works.
SESSION = re.compile(
    r"_|SHLVL|PWD|OLDPWD|HOME|USER|LOGNAME|USERNAME|MAIL|SHELL|EDITOR|VISUAL|PAGER|TERM\w*|COLORTERM"
    r"|LS_COLORS|LESS\w*|DISPLAY|WAYLAND_\w+|LINES|COLUMNS|WINDOWID|STY|TMUX\w*|SUDO_\w+|SSH_\w+"
    r"|XDG_\w+|DBUS_\w+|VTE_\w+|GPG_\w+|INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_\w+|NOTIFY_SOCKET|PS\d"
    r"|(?:SLURM|SRUN|PMI|PMIX|PRTE|OMPI_MCA|RAY|DASK|FLUX|PBS|LSB|SGE|PALS)\w*"
    r"|\w+_(?:SERVICE_HOST|SERVICE_PORT\w*|PORT(?:_\d+_TCP\w*)?)"
)


def compare(
    reference: Manifest, other: Manifest, error_text: str = "", symptom: str | None = None
) -> engine.Result:
    """Judge what differs between two peers; `reference` is only the one that is like most.

    A text of the other, or a symptom, orders what is equally grave.
    """
    difference = walk.compare(reference, other)
    result = engine.compare(
        reference, other, error_text=error_text, symptom=symptom, difference=difference
    )
    changes = {change.path: change for change in difference.changes}
    findings = [_weighed(finding, changes) for finding in result.findings]
    findings.extend(_one_sided(reference, other))
    findings.sort(key=lambda item: (item.severity.rank, not item.changes, item.confidence.rank))
    return replace(result, findings=tuple(findings))


def _weighed(finding: Finding, changes: dict[Path, Change]) -> Finding:
    """A finding as grave as it is among peers."""
    mine = [changes[path] for path in finding.changes if path in changes]
    if any(_is_lost_gpu(change) for change in mine):
        return replace(
            finding, severity=Severity.ERROR, effect=Effect.CRASH, confidence=Confidence.CERTAIN
        )
    if mine and all(_is_soft(change) for change in mine):
        return replace(finding, severity=Severity.INFO)
    if finding.severity is not Severity.INFO or not mine:
        return finding
    speaks = any(_speaks(change.path) for change in mine)
    return replace(
        finding,
        severity=Severity.WARNING,
        effect=Effect.BEHAVIOR if finding.effect is Effect.NONE else finding.effect,
        confidence=Confidence.LIKELY if speaks else finding.confidence,
        why=f"{finding.why} Peers should be alike.",
    )


def _is_lost_gpu(change: Change) -> bool:
    return change.path[0] == "gpus" and len(change.path) == 2


def _speaks(path: Path) -> bool:
    return path[0] == "env_vars" and SPEAKING.fullmatch(path[-1]) is not None


def is_soft(path: Path) -> bool:
    """Whether this is a fact in which equal machines of one job may differ, by its name."""
    if path[0] == "system":
        return path[1] in QUANTITIES
    if path[0] != "env_vars":
        return False
    name = path[-1]
    return (
        name in DEFAULTS
        or bool(VISIBLE.fullmatch(name) or PLACE.fullmatch(name))
        or name.startswith(INSTALLERS)
    )


def is_own(path: Path, value: Any = None) -> bool:
    """Whether each rank may have its own: a seed with the rank in it, a default that is spelled out."""
    if path[0] == "env_vars":
        return path[-1] in DEFAULTS and value == DEFAULTS[path[-1]]
    return path == ("seeds", "torch_initial_seed")


def softened(path: Path, value: Any) -> Any:
    """What of such a fact counts: of visible devices their number, of the rest all of it."""
    if path[0] == "env_vars" and VISIBLE.fullmatch(path[-1]) and isinstance(value, str):
        return len([name for name in value.split(",") if name.strip()])
    return value


def _is_soft(change: Change) -> bool:
    """Whether a change is one that equal machines may show."""
    path, sides = change.path, (change.reference, change.other)
    if path[0] == "packages":
        return len(path) > 2 and role(path[1]) == "tooling"
    if is_own(path) or (path[0] == "env_vars" and _is_default(path[-1], sides)):
        return True
    if not is_soft(path):
        return False
    if path[0] == "system":
        return is_near(*sides)
    if path[0] == "env_vars" and VISIBLE.fullmatch(path[-1]):
        return bool(softened(path, sides[0]) == softened(path, sides[1]))
    return change.kind is ChangeKind.CHANGED


def _is_default(name: str, sides: tuple[Any, Any]) -> bool:
    """Whether a variable is not set on one side, and set to what holds without it on the other."""
    return name in DEFAULTS and None in sides and DEFAULTS[name] in sides


def is_near(reference: object, other: object) -> bool:
    """Whether two quantities are as near as those of equal machines."""
    if not isinstance(reference, int) or not isinstance(other, int):
        return False
    return abs(reference - other) <= TOLERANCE * max(abs(reference), abs(other))


def variables(section: EnvVars) -> frozenset[str] | None:
    """Names of all variables that are set, with or without a value here; None where unknown.

    Left out are those that only say which process this is, and who started it from where.
    """
    if section.others is UNSET or section.others is None:
        return None
    return frozenset(name for name in reading.variables_set(section) if not SESSION.fullmatch(name))


def _one_sided(reference: Manifest, other: Manifest) -> Iterator[Finding]:
    """Variables that one side alone has, and whose values no capture reads."""
    # What has a value on a side is a change, and has its finding.
    here, there = reading.set_alone(reference, other)
    alone = sorted(here | there)
    session = [name for name in alone if SESSION.fullmatch(name)]
    for name in alone:
        if name not in session:
            yield _set_alone(name, gone=name in here)
    if session:
        yield Finding(
            rule=ID,
            severity=Severity.INFO,
            effect=Effect.NONE,
            confidence=Confidence.POSSIBLE,
            path=("env_vars", session[0]),
            message=f"variables of session and scheduler differ: {', '.join(session[:8])}",
            why="They say who started a process and from where, not how it works.",
            fix="Start all peers in the same way, if it matters.",
        )


def _set_alone(name: str, *, gone: bool) -> Finding:
    return Finding(
        rule=ID,
        severity=Severity.WARNING,
        effect=Effect.BEHAVIOR,
        confidence=Confidence.LIKELY if SPEAKING.fullmatch(name) else Confidence.POSSIBLE,
        path=("env_vars", name),
        message=f"{name}: {'set -> not set' if gone else 'not set -> set'}",
        why="Its value was not recorded. A launcher that passes a variable to some of the"
        " processes only leaves the others at their defaults.",
        fix=f"{'Set' if gone else 'Unset'} {name}, as on the other peers.",
    )
