"""What torch here was built for: as it said itself, else as its local version label says.

A freeze or a bug report has `torch 2.7.1+cu126` and nothing that torch was asked. The label is
the build's own name; a release without a label says nothing.
"""

from __future__ import annotations

import re

from msgspec import UNSET
from msgspec.structs import replace

from envsnap.knowledge import torch_builds
from envsnap.model.compute import Framework
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.model.reading import frameworks, version

LABEL = re.compile(r"cu(\d{1,2})(\d)")
TORCH = "torch"
RELEASE: Path = ("packages", TORCH, "version")


def built(manifest: Manifest) -> dict[str, Framework]:
    """The frameworks by import name; torch with the CUDA of its label where nothing states it."""
    stated = frameworks(manifest)
    torch = stated.get(TORCH)
    if torch is not None and torch.cuda is not UNSET:
        return stated
    installed = version(manifest, TORCH)
    if installed is None and torch is not None and isinstance(torch.version, str):
        installed = torch.version
    cuda = _cuda(installed) if installed else None
    if installed is None or cuda is None:
        return stated
    known = replace(torch, cuda=cuda) if torch else Framework(version=installed, cuda=cuda)
    return {**stated, TORCH: known}


def told_by(manifest: Manifest, name: str, field: str) -> Path:
    """The fact that says what a framework was built for: its own, or the release with the label."""
    asked = frameworks(manifest).get(name)
    is_asked = asked is not None and not (asked.cuda is getattr(asked, field) is UNSET)
    return ("frameworks", name, field) if is_asked or name != TORCH else RELEASE


def labelled(label: str) -> str | None:
    """The CUDA that a local version label names: 12.4 for cu124; None for another label."""
    found = LABEL.fullmatch(label)
    return f"{found[1]}.{found[2]}" if found else None


def _cuda(installed: str) -> str | None:
    release, _, label = installed.partition("+")
    named = labelled(label)
    return torch_builds.cuda(release, label) or named if named else None
