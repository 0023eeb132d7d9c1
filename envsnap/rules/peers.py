"""Hosts of one job: nobody is the reference, everyone should be alike.

What two environments may differ in, peers may not: a variable that one launcher did not pass on,
another serialisation library, one GPU fewer. So a difference among peers weighs at least a
warning, except for what differs between equal machines too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import UNSET
from msgspec.structs import replace

from envsnap.changes import walk
from envsnap.changes.change import Change, ChangeKind
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.model.ranks import is_rank_fact
from envsnap.rules import engine
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.machine.env_var import INSTALLERS, PLACE
from envsnap.rules.package_roles import role

ID = "peers"
# Bytes that equal machines state differently: firmware takes another share.
QUANTITIES = ("memory_total", "shm_size")
TOLERANCE = 0.02
# Processes exchange data or objects through these: what differs is refused, hangs, or is misread.
SPEAKING = re.compile(r"(?:NCCL|RCCL|UCX|FI|GLOO|NVSHMEM|MPI|OMPI|UCC|SHARP)_\w+")
VISIBLE = re.compile(r"(?:CUDA|NVIDIA|HIP|ROCR|GPU|ZE|ASCEND)_(?:VISIBLE_DEVICES|DEVICE_ORDINAL)")
# They say from where, and by whom, a process was started, not how it works.
SESSION = re.compile(
    r"_|SHLVL|PWD|OLDPWD|HOME|USER|LOGNAME|USERNAME|MAIL|SHELL|EDITOR|VISUAL|PAGER|TERM\w*|COLORTERM"
    r"|LS_COLORS|LESS\w*|DISPLAY|WAYLAND_\w+|LINES|COLUMNS|WINDOWID|STY|TMUX\w*|SUDO_\w+|SSH_\w+"
    r"|XDG_\w+|DBUS_\w+|VTE_\w+|GPG_\w+|INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_\w+|NOTIFY_SOCKET|PS\d"
    r"|(?:SLURM|SRUN|PMI|PMIX|PRTE|OMPI_MCA|RAY|DASK|FLUX|PBS|LSB|SGE|PALS)\w*"
    r"|\w+_(?:SERVICE_HOST|SERVICE_PORT\w*|PORT(?:_\d+_TCP\w*)?)"
)


def compare(reference: Manifest, other: Manifest, error_text: str = "") -> engine.Result:
    """Judge what differs between two peers; `reference` is only the one that is like most."""
    result = engine.compare(reference, other, error_text=error_text)
    changes = {change.path: change for change in walk.compare(reference, other).changes}
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


def _is_soft(change: Change) -> bool:
    """Whether equal machines of one job may differ in it."""
    path, sides = change.path, (change.reference, change.other)
    if path[0] == "system" and path[1] in QUANTITIES:
        return is_near(*sides)
    if path == ("seeds", "torch_initial_seed"):
        return True  # seeded with the rank, as training code does
    if change.kind is not ChangeKind.CHANGED:
        return False
    if path[0] == "packages":
        return role(path[1]) == "tooling"
    if path[0] != "env_vars":
        return False
    name = path[1]
    if VISIBLE.fullmatch(name):
        counts = [str(side).count(",") for side in sides]
        return counts[0] == counts[1] and all(sides)
    return bool(PLACE.fullmatch(name)) or name.startswith(INSTALLERS)


def is_near(reference: object, other: object) -> bool:
    """Whether two quantities are as near as those of equal machines."""
    if not isinstance(reference, int) or not isinstance(other, int):
        return False
    return abs(reference - other) <= TOLERANCE * max(abs(reference), abs(other))


def variables(manifest: Manifest) -> frozenset[str] | None:
    """Names of all variables that are set, with or without a value here; None where unknown.

    Left out are those that only say which process this is, and who started it from where.
    """
    section = manifest.sections.env_vars
    if section is UNSET or section.others is UNSET or section.others is None:
        return None
    named = {*(section.entries or ()), *section.others} if section.entries else {*section.others}
    hidden = {path for path, why in section.gaps.items() if why.startswith("redacted")}
    return frozenset(
        name for name in named | hidden if not (SESSION.fullmatch(name) or is_rank_fact(name))
    )


def _one_sided(reference: Manifest, other: Manifest) -> Iterator[Finding]:
    """Variables that one side alone has, and whose values no capture reads."""
    names = variables(reference), variables(other)
    if names[0] is None or names[1] is None:
        return
    for name in sorted(names[0] ^ names[1]):
        entries = [_entries(side) for side in (reference, other)]
        if any(name in found for found in entries):
            continue  # its value is known: that is a change, and has its finding
        gone = name in names[0]
        yield Finding(
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


def _entries(manifest: Manifest) -> dict[str, str]:
    section = manifest.sections.env_vars
    return {} if section is UNSET or section.entries is UNSET else section.entries
