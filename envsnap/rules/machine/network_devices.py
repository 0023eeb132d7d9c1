"""RDMA devices, their firmware and libraries, or NCCL's own settings differ."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import Change
from envsnap.knowledge.variables import known, only_tells
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

LIBRARIES = ("rdma_libraries", "rdma_providers")
MOST = 3  # differences in a message


class NetworkDevices(Rule):
    """Network adapters, their firmware or libraries, or NCCL's settings differ.

    NCCL reads /etc/nccl.conf and ~/.nccl.conf as if they were variables, but they do not show in
    the environment. Another firmware or another link makes collectives slower, or hang; a missing
    provider makes NCCL use sockets.

    Fix: set the same values in the files, or in variables, which override them; use one firmware on
    all hosts.
    """

    id = "network-devices"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a setting, one for devices and one for libraries."""
        devices: list[Change] = []
        libraries: list[Change] = []
        for change in comparison.under("system"):
            if change.path[1:2] == ("nccl_conf",):
                yield self._setting(change)
            elif change.path[1:2] == ("rdma",):
                devices.append(change)
            elif change.path[1] in LIBRARIES:
                libraries.append(change)
        yield from self._of(
            devices,
            f"RDMA devices differ: {_listed(devices)}",
            "Links and firmware decide how fast, and whether, NCCL uses them.",
        )
        yield from self._of(
            libraries,
            f"RDMA's libraries differ: {_listed(libraries)}",
            "Without a provider for the adapter, NCCL uses sockets.",
        )

    def _setting(self, change: Change) -> Finding:
        name = change.path[2] if len(change.path) > 2 else "nccl.conf"
        row = known(name)
        does = str(row.get("does", "")) if row else ""
        return Finding(
            rule=self.id,
            severity=Severity.INFO if only_tells(name) else Severity.WARNING,
            effect=Effect(row["effect"]) if row else Effect.BEHAVIOR,
            confidence=Confidence.POSSIBLE,
            path=change.path,
            message=f"{name} of nccl.conf: {change.told}",
            why=f"{does[0].upper()}{does[1:]}." if does else "NCCL reads it as a variable.",
            fix="Make the files equal, or set the variable.",
            changes=(change.path,),
        )

    def _of(self, found: list[Change], message: str, why: str) -> Iterator[Finding]:
        if found:
            yield Finding(
                rule=self.id,
                severity=Severity.WARNING,
                effect=Effect.PERFORMANCE,
                confidence=Confidence.POSSIBLE,
                path=found[0].path,
                message=message,
                why=why,
                fix="Give the hosts the same adapters, firmware and packages.",
                changes=tuple(change.path for change in found),
            )


def _listed(changes: list[Change]) -> str:
    """What differs, and how; of many the first."""
    told = [f"{' '.join(change.path[2:] or change.path[1:])} {_told(change)}" for change in changes]
    rest = [f"{len(told) - MOST} more"] if len(told) > MOST else []
    return ", ".join([*told[:MOST], *rest])


def _told(change: Change) -> str:
    """Both sides in a word; of a device that one side lacks not all that is known of it."""
    both = (change.reference, change.other)
    is_device = any(isinstance(side, dict) for side in both)
    here, there = ("absent" if side is None else "there" for side in both)
    return f"{here} -> {there}" if is_device else change.told
