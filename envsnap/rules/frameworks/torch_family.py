"""torchvision, torchaudio, triton, xformers or vllm do not belong to the installed torch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from envsnap.knowledge.releases import version
from envsnap.knowledge.tables import is_trusted, source, table
from envsnap.knowledge.versions import Distance, distance, numbers
from envsnap.model.manifest import Manifest
from envsnap.model.reading import packages
from envsnap.rules.finding import Confidence, Effect, Finding, Remedy, Severity
from envsnap.rules.rule import Rule

CLOSE = (Distance.PATCH, Distance.BUILD)
EXACT = (Distance.BUILD,)
LABEL = re.compile(r"\+(cpu|cu\d+)")


class TorchFamily(Rule):
    """A companion of torch was built for another torch.

    torchvision's, torchaudio's, xformers' and vLLM's wheels require one exact torch, since they
    call its C++ interfaces (torchaudio from 2.11 on works with every later torch). The triton that
    torch.compile uses is required by torch's own wheel. Another one fails at import ("undefined
    symbol", "operator torchvision::nms does not exist") or at the first compiled kernel. Local
    labels (+cu121, +cpu) must agree, too.

    Fix: install the companion's release that was built for this torch, from the same index.
    """

    id = "torch-family"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding a companion that does not fit."""
        installed = packages(manifest)
        if "torch" not in installed:
            return
        torch = installed["torch"].version
        if not isinstance(torch, str):
            return
        for name in ("torchvision", "torchaudio", "torchtext"):
            companion = installed.get(name)
            if companion is not None and isinstance(companion.version, str):
                yield from self._labels(torch, name, companion.version)
        for row in table("torch_family")["rows"]:
            package = installed.get(row["distribution"])
            if package is None or not isinstance(package.version, str):
                continue
            if _is_early(torch) or _is_early(package.version):
                continue  # nightly builds belong to nightly builds, which no table lists
            wanted = self._torch_for(row, package.version)
            if wanted is None or distance(torch, wanted) in (EXACT if row.get("exact") else CLOSE):
                continue
            yield Finding(
                rule=self.id,
                severity=_severity(row),
                effect=Effect.CRASH,
                confidence=Confidence.LIKELY,
                path=("packages", row["distribution"], "version"),
                message=f"{row['distribution']} {package.version} belongs to torch "
                f"{_shown(row)}, not {torch}",
                why=_why(row["distribution"]),
                fix=_fix(row["distribution"], package.version, torch, wanted),
                remedy=_remedy(row["distribution"], torch, wanted),
                source=source("torch_family", row["source"]) if is_trusted(row["basis"]) else "",
                expected=f"torch {wanted}",
                cites=(("packages", "torch", "version"),),
            )

    @staticmethod
    def _torch_for(row: dict[str, Any], installed: str) -> str | None:
        """The torch that a companion's release belongs to; None where the row is of another."""
        if row.get("exact"):
            same = version(installed) == version(row["release"])
        else:
            same = numbers(installed)[:2] == numbers(row["release"])[:2]
        return str(row["torch"]) if same else None

    def _labels(self, torch: str, name: str, installed: str) -> Iterator[Finding]:
        """Builds for other devices: +cpu beside +cu121, or another CUDA major release."""
        mine, theirs = (LABEL.search(text) for text in (torch, installed))
        if mine is None or theirs is None or mine[1][:4] == theirs[1][:4]:
            return
        yield Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.CRASH,
            confidence=Confidence.LIKELY,
            path=("packages", name, "version"),
            message=f"{name} {installed} is built for another device than torch {torch}",
            why="Its operations are compiled for one CUDA major release, or for the CPU alone.",
            fix=f"Install {name} from the index that torch came from (+{mine[1]}).",
            cites=(("packages", "torch", "version"),),
        )


def _why(name: str) -> str:
    if "triton" in name:
        return "torch.compile calls into it, and each release of torch knows one release of it."
    return "It calls torch's C++ interfaces, which change with every release."


def _severity(row: dict[str, Any]) -> Severity:
    """Another triton stops compiled kernels; the other companions do not even import."""
    sure = is_trusted(row["basis"]) and row["distribution"] != "triton"
    return Severity.ERROR if sure else Severity.WARNING


def _is_early(installed: str) -> bool:
    """Whether this is a development or pre-release."""
    found = version(installed)
    return found is None or bool(found.is_prerelease)


def _shown(row: dict[str, Any]) -> str:
    """The torch of a row: a minor release, unless the row is exact."""
    return str(row["torch"]) if row.get("exact") else ".".join(str(row["torch"]).split(".")[:2])


def _remedy(name: str, torch: str, wanted: str) -> Remedy:
    """The companion's release for this torch, where the table has it; else the other torch."""
    release = _companion(name, torch)
    return Remedy(install=(f"{name}=={release}" if release else f"torch=={wanted}",))


def _companion(name: str, torch: str) -> str | None:
    for row in table("torch_family")["rows"]:
        exact = bool(row.get("exact"))
        if row["distribution"] != name or distance(torch, row["torch"]) not in (
            EXACT if exact else CLOSE
        ):
            continue
        return str(row["release"]) if exact else ".".join(row["release"].split(".")[:2]) + ".*"
    return None


def _fix(name: str, installed: str, torch: str, wanted: str) -> str:
    """Name both ways out: the companion's other release, where the table has it, or its torch."""
    back = f"install torch {wanted}, which {name} {installed} was built for"
    for row in table("torch_family")["rows"]:
        if row["distribution"] != name or distance(torch, row["torch"]) not in CLOSE:
            continue
        exact = bool(row.get("exact"))
        if exact and distance(torch, row["torch"]) not in EXACT:
            continue
        release = row["release"] if exact else ".".join(row["release"].split(".")[:2])
        return f"Install {name} {release}, which belongs to torch {_shown(row)}, or {back}."
    return f"Install a {name} that was built for torch {torch}, or {back}."
