"""Framework versions differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from envsnap.changes.change import Change, ChangeKind
from envsnap.knowledge import releases
from envsnap.knowledge.tables import table
from envsnap.knowledge.versions import Distance, distance
from envsnap.model.paths import Path
from envsnap.model.reading import frameworks, is_captured
from envsnap.rules.finding import NOT_PROMISED, Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

# Facts that follow from the version or the build; they need no finding of their own.
FOLLOW = (
    "version",
    "git_version",
    "debug",
    "build_config",
    "distribution",
    "blas",
    "mkl",
    "onednn",
    "openmp",
    "cxx11_abi",
    "mapped_on_import",
    "arch_list",
    "providers",
    "cuda_available",
    "cpu_capability",
    "imported",
)
COMPUTES = (
    "torch",
    "tensorflow",
    "jax",
    "jaxlib",
    "onnxruntime",
    "tensorrt",
    "vllm",
    "sglang",
    "triton",
    "flash_attn",
    "xformers",
    "numpy",
    "torchvision",
    "torchaudio",
    "transformers",
)

# Their patch releases mend what is broken, and compute alike (numpy: measured from 1.17 to 2.4).
STEADY = ("numpy", "torchvision", "torchaudio", "transformers")


class FrameworkVersion(Rule):
    """A framework's version differs, or one side does not have it.

    Releases of a framework change kernels, defaults and random streams. PyTorch promises equal
    results neither across releases nor across commits, platforms or devices.

    Fix: install the reference's version; `envsnap dockerfile` pins it.
    """

    id = "framework-version"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a framework whose version differs."""
        for side in (comparison.reference, comparison.other):
            if not is_captured(side, "frameworks"):
                return
        for change in list(comparison.under("frameworks")):
            if len(change.path) == 2 or change.path[2:] == ("version",):
                yield self._finding(comparison, change)

    def _finding(self, comparison: Comparison, change: Change) -> Finding:
        name = change.path[1]
        reference, other = _version(change.reference), _version(change.other)
        missing = change.kind is not ChangeKind.CHANGED
        how_far = distance(reference, other)
        known = releases.between(distribution_of(name), reference, other)
        return Finding(
            rule=self.id,
            severity=_severity(
                comparison, change, how_far, known=any(row["severity"] != "info" for row in known)
            ),
            effect=Effect.CRASH if missing else Effect.NUMERICS,
            confidence=(
                Confidence.LIKELY if missing or releases.are_sure(known) else Confidence.POSSIBLE
            ),
            path=("frameworks", name, "version"),
            message=_message(name, change, reference, other)
            + (f": {releases.told(known[0], other)}" if known else ""),
            why=_why(missing, known, other),
            fix=_fix(name, change, reference),
            source="https://docs.pytorch.org/docs/stable/notes/randomness.html"
            if name == "torch"
            else "",
            changes=_followers(comparison, change, name),
        )


def distribution_of(name: str) -> str:
    """What is installed as a framework: sklearn is of scikit-learn."""
    known = table("import_names")["names"].get(name) or [name]
    return (known[0] if len(known) == 1 else name).replace("_", "-")


def retold(found: Finding, rows: list[dict[str, Any]]) -> Finding:
    """A finding of this rule that leads with the first of these changes."""
    message = (
        f"{found.path[1]} {found.reference} -> {found.other}: {releases.told(rows[0], found.other)}"
    )
    return replace(found, message=message, why=_why(False, rows, found.other))


def _why(missing: bool, known: list[dict[str, Any]], other: object) -> str:
    if missing:
        return "Code that needs it fails, or falls back to something else."
    return " ".join(
        [
            NOT_PROMISED,
            *(_sentence(releases.since(row, other)) for row in known[1:]),
        ]
    )


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _severity(
    comparison: Comparison, change: Change, how_far: Distance, *, known: bool
) -> Severity:
    """What is missing where it is needed does not run; what is there besides harms seldom."""
    name = change.path[1]
    is_changed = change.kind is ChangeKind.CHANGED
    if change.kind is ChangeKind.ADDED or (name not in COMPUTES and not (is_changed and known)):
        return Severity.INFO
    if change.kind is ChangeKind.REMOVED:
        return Severity.ERROR
    if known:
        return Severity.WARNING
    if how_far is Distance.PATCH and name in STEADY:
        return Severity.INFO
    built = [
        framework.cuda if (framework := frameworks(side).get(name)) else None
        for side in (comparison.reference, comparison.other)
    ]
    if how_far is Distance.BUILD and isinstance(built[0], str) and built[0] == built[1]:
        return Severity.INFO  # one release for one CUDA, spelled otherwise
    return Severity.WARNING


def _version(value: object) -> str | None:
    if isinstance(value, dict):
        value = value.get("version")
    return value if isinstance(value, str) else None


def _message(name: str, change: Change, reference: str | None, other: str | None) -> str:
    if change.kind is ChangeKind.ADDED:
        return f"{name} {other or ''} is installed on the other side only"
    if change.kind is ChangeKind.REMOVED:
        return f"{name} {reference or ''} is missing on the other side"
    return f"{name} {reference} -> {other}"


def _fix(name: str, change: Change, reference: str | None) -> str:
    if change.kind is ChangeKind.ADDED:
        return f"Uninstall {name}, or install it on the reference too."
    name = distribution_of(name)
    return f"Install {name} {reference}." if reference else f"Install the reference's {name}."


def _followers(comparison: Comparison, change: Change, name: str) -> tuple[Path, ...]:
    """The change itself, what follows from it, and the distribution's own changes."""
    found = [change.path]
    for other in comparison.under("frameworks", name):
        if len(other.path) > 2 and other.path[2] in FOLLOW and other.path not in found:
            found.append(other.path)
    for distribution in _distributions(comparison, name):
        found.extend(item.path for item in comparison.under("packages", distribution))
    if name == "torch":  # its wheel pins the CUDA libraries
        found.extend(
            item.path for item in comparison.under("packages") if item.path[1].startswith("nvidia-")
        )
    return tuple(found)


def _distributions(comparison: Comparison, name: str) -> set[str]:
    found = {name.replace("_", "-")}
    for side in (comparison.reference, comparison.other):
        if name in frameworks(side):
            distribution = frameworks(side)[name].distribution
            if isinstance(distribution, str):
                found.add(distribution)
    return found
