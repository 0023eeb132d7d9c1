"""Writes the golden build contexts anew: python tests/image/regenerate.py."""

from __future__ import annotations

from pathlib import Path

from image_cases import CASES

from envsnap.image import context
from envsnap.image.plan import make_plan
from envsnap.model import codec
from envsnap.model.manifest import Manifest

GOLDENS = Path(__file__).parents[2] / "dockerfiles"


def build_context(manifest: Manifest) -> dict[str, bytes]:
    """Return the files of a manifest's build context."""
    return context.files(make_plan(manifest), codec.encode(manifest))


def main() -> None:
    """Write every case."""
    for name, make in CASES.items():
        context.write(build_context(make()), GOLDENS / name)


if __name__ == "__main__":
    main()
