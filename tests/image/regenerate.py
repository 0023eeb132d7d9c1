"""Writes the golden build contexts anew: python -m tests.image.regenerate."""

from __future__ import annotations

from pathlib import Path

from envsnap.image.planning.asked import Asked
from envsnap.image.planning.extras import Extras, add
from envsnap.image.planning.plan import make_plan
from envsnap.image.writing import context
from envsnap.image.writing.forms import registry
from envsnap.model import codec
from envsnap.model.manifest import Manifest
from tests.image.image_cases import ASKED, CASES, EXTRAS, FORMS, LOCKS

GOLDENS = Path(__file__).parents[2] / "dockerfiles"


def build_context(manifest: Manifest, name: str) -> dict[str, bytes | Path]:
    """Return the files of a case's build context."""
    plan, added = add(
        make_plan(manifest, "auto", LOCKS.get(name), ASKED.get(name, Asked())),
        manifest,
        EXTRAS.get(name, Extras()),
    )
    files = context.files(plan, codec.encode(manifest), None, added)
    return {**files, **registry.files(plan, FORMS.get(name, ()), "app:1")}


def main() -> None:
    """Write every case."""
    for name, make in CASES.items():
        context.write(build_context(make(), name), GOLDENS / name)


if __name__ == "__main__":
    main()
