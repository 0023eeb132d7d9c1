"""Settings of equal GPUs differ."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import Change
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.gpus.gpu_model import MODEL
from envsnap.rules.rule import Comparison, Rule

MODES = {
    "ecc": "ECC takes some memory and bandwidth of cards with GDDR, and corrects what would be a wrong bit.",
    "mig": "A slice has fewer multiprocessors and less memory: work is split otherwise.",
    "compute_mode": "It decides how many processes may use the GPU.",
}


# They come with the card and the driver, or only shorten the start of programs.
MINOR = ("vbios", "gsp_firmware", "firmware", "inforom", "persistence")
# What is told first of the rest: it decides how fast a GPU may run.
NEAREST = ("power", "clock", "pcie", "nvlink")


OF_THE_SLOT = (
    "Look at the slot, the riser and the fabric of the host (nvidia-smi topo -m, nvidia-smi nvlink -s):"
    " no setting changes them."
)


class GpuSettings(Rule):
    """A GPU's settings differ: ECC, MIG, clocks, power, firmware.

    ECC and MIG change how much memory there is, MIG also how many multiprocessors. Clocks, power
    limits and PCIe change speed, not results; firmware and persistence mode hardly do. A VBIOS difference is worth knowing where one of
    several equal cards behaves otherwise.

    Fix: set the same modes on both sides with nvidia-smi.
    """

    id = "gpu-settings"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a mode, and one for all that concerns speed."""
        rest: list[Change] = []
        modes: dict[str, list[Change]] = {}
        for change in comparison.under("gpus"):
            if len(change.path) != 3 or change.path[2] in MODEL:
                continue
            if change.path[2] in MODES:
                modes.setdefault(change.path[2], []).append(change)
            else:
                rest.append(change)
        for key, changes in modes.items():
            yield self._mode(key, changes)
        speed = [change for change in rest if change.path[2] not in MINOR]
        if speed:
            yield self._speed(sorted(speed, key=_nearness))
        minor = [change for change in rest if change.path[2] in MINOR]
        if minor:
            yield self._minor(minor)

    def _mode(self, key: str, changes: list[Change]) -> Finding:
        first = changes[0]
        who = f"GPU {first.path[1]}" if len(changes) == 1 else f"{len(changes)} GPUs"
        return Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.BEHAVIOR,
            confidence=Confidence.POSSIBLE,
            path=first.path,
            message=f"{who}: {key}: {first.told}",
            why=MODES[key],
            fix="Set the same mode on both sides with nvidia-smi.",
            changes=tuple(change.path for change in changes),
        )

    def _speed(self, changes: list[Change]) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.INFO,
            effect=Effect.PERFORMANCE,
            confidence=Confidence.POSSIBLE,
            path=changes[0].path,
            message=_listed(changes),
            why="They change speed, not results.",
            fix=OF_THE_SLOT
            if any(word in changes[0].path[2] for word in ("pcie", "nvlink"))
            else "Set the same on both sides with nvidia-smi.",
            changes=tuple(change.path for change in changes),
        )

    def _minor(self, changes: list[Change]) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.INFO,
            effect=Effect.NONE,
            confidence=Confidence.POSSIBLE,
            path=changes[0].path,
            message=_listed(sorted(changes, key=lambda change: change.path[2])),
            why="Firmware comes with the card and the driver; persistence mode shortens the start of programs.",
            changes=tuple(change.path for change in changes),
        )


def _listed(changes: list[Change]) -> str:
    """Which settings of which card differ, and how; of several cards the first one's values."""
    told: dict[str, str] = {}
    for change in changes:
        told.setdefault(change.path[2], change.told)
    is_one = len({change.path[1] for change in changes}) == 1
    who = f"GPU {changes[0].path[1]}: settings differ" if is_one else "GPU settings differ"
    return f"{who}: " + ", ".join(f"{key} {how}" for key, how in told.items())


def _nearness(change: Change) -> int:
    """How near a setting is to a GPU's speed: the nearest first."""
    key = change.path[2]
    return next((at for at, word in enumerate(NEAREST) if word in key), len(NEAREST))
