"""How a container is run, and what an image says of itself: both against the plan, on a real engine."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests import engine as engines
from tests.conftest import Run
from tests.image.test_build_and_prove import base, engine
from tests.image.test_sabotage import NAMED, proven

__all__ = ["base", "engine", "proven"]
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def test_where_and_by_what_a_container_was_started(
    engine: Any, proven: tuple[str, Path], envsnap: Run
) -> None:
    image, folder = proven
    words = ["verify", str(folder / "dev.json"), *NAMED, "--container"]
    with engines.running(engine, image, dns=["10.9.9.9"], privileged=True) as container:
        as_it_is = envsnap(*words, container.name)
    assert as_it_is.returncode == 0, as_it_is.stderr
    assert "servers of names from outside: 10.9.9.9" in as_it_is.stderr
    assert "rights from outside: privileged" in as_it_is.stderr
    with engines.running(
        engine, image, working_dir="/tmp", entrypoint=["/usr/bin/env"]
    ) as container:
        elsewhere = envsnap(*words, container.name)
    assert elsewhere.returncode == 5, elsewhere.stderr
    assert "differs: image.working_folder" in elsewhere.stderr
    assert "differs: image.entrypoint" in elsewhere.stderr


def test_the_manifest_that_an_image_carries_is_the_plans(
    engine: Any, proven: tuple[str, Path], envsnap: Run, tmp_path: Path
) -> None:
    _, folder = proven
    context = tmp_path / "context"
    shutil.copytree(folder / "context", context)
    text = (context / "manifest.json").read_text()
    (context / "manifest.json").write_text(
        text.replace('"architecture": "x86_64"', '"architecture": "z80"')
    )
    assert (context / "manifest.json").read_text() != text
    made, _ = engine.images.build(path=str(context), rm=True)
    try:
        done = envsnap("verify", str(folder / "dev.json"), "--image", made.id, *NAMED)
    finally:
        engine.images.remove(made.id, force=True)
    assert done.returncode == 5, done.stderr
    assert "differs: image.manifest" in done.stderr
