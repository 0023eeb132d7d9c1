"""What a changed pin costs: the layer of the framework stays, and most bytes with it."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests import engine as engines
from tests.conftest import Run, lacking
from tests.image.test_build_and_prove import (
    TORCH,
    TORCH_NEEDS,
    base,
    engine,
    environment,
    image_of,
    trust,
)

__all__ = ["base", "engine"]
pytestmark = [
    pytest.mark.full,
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
    ),
]
SERVER = """import torch
from fastapi import FastAPI

app = FastAPI()
model = torch.nn.Linear(4, 2)
torch.nn.init.ones_(model.weight)
torch.nn.init.zeros_(model.bias)


@app.get("/predict")
def predict():
    return {"outputs": model(torch.ones(4)).tolist(), "torch": torch.__version__}
"""
FASTAPI = (
    "fastapi==0.115.4", "uvicorn==0.32.0", "starlette==0.41.2", "pydantic==2.9.2",
    "pydantic-core==2.23.4", "annotated-types==0.7.0", "anyio==4.6.2", "sniffio==1.3.1", "idna==3.10",
    "click==8.1.7", "h11==0.14.0",
)  # fmt: skip
LARGEST_SHARE = 0.25  # of the image's bytes that a changed pin writes anew


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:",
         "--platform", "manylinux_2_28_x86_64", "--python-version", "3.11", "-d", str(folder), TORCH],
        capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        lacking(f"no wheel of {TORCH} can be had")
    return folder


def rewritten(engine: Any, first: str, second: str) -> tuple[int, int]:
    """Bytes that the second image has above the layers it shares with the first, and in all."""
    before, after = (engine.images.get(name).attrs["RootFS"]["Layers"] for name in (first, second))
    shared = 0
    while shared < len(before) and before[shared] == after[shared]:
        shared += 1
    # No layer is empty but that of WORKDIR, which comes after all that may be shared.
    sizes = [item["Size"] for item in reversed(engine.images.get(second).history()) if item["Size"]]
    return sum(sizes[shared:]), sum(sizes)


def test_a_torch_service_answers_and_a_changed_pin_is_cheap(
    engine: Any, base: str, wheels: Path, envsnap: Run, tmp_path: Path
) -> None:
    (wheel,) = wheels.iterdir()
    image = environment(
        engine, base, [TORCH, *TORCH_NEEDS, *FASTAPI], {wheel.name: wheel.read_bytes()}
    )
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "serve.py").write_text(SERVER)
    other = image_of(
        engine,
        [f"FROM {image}", "COPY ca.crt /tmp/ca.crt",
         "RUN PIP_CERT=/tmp/ca.crt /srv/venv/bin/pip install -q --no-deps h11==0.13.0"],
        {"ca.crt": Path(engines.CERTIFICATES).read_bytes()},
    )  # fmt: skip
    for name, source in (("one", image), ("two", other)):
        made = envsnap("capture", "--image", source, "-o", f"{name}.json")
        assert made.returncode == 0, made.stderr
        done = envsnap(
            "build", f"{name}.json", "-t", f"envsnap-test:{name}", "-o", name, "--find-links", wheels,
            "--app", "app", "--cmd", "uvicorn --host 0.0.0.0 --port 8000 serve:app", "--port", "8000",
            *trust(), timeout=1200,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    new, whole = rewritten(engine, "envsnap-test:one", "envsnap-test:two")
    assert new < LARGEST_SHARE * whole
    with engines.running(engine, "envsnap-test:two") as container:
        container.exec_run(["uvicorn", "--host", "0.0.0.0", "serve:app"], detach=True)  # noqa: S104 -- in a container
        container.reload()
        address = container.attrs["NetworkSettings"]["IPAddress"]
        answer = _answer(f"http://{address}:8000/predict")
    assert answer == {"outputs": [4.0, 4.0], "torch": TORCH.partition("==")[2]}
    for name in ("envsnap-test:one", "envsnap-test:two"):
        engine.images.remove(name, force=True)


def _answer(url: str) -> Any:
    import time

    for _ in range(120):
        try:
            with urllib.request.urlopen(url, timeout=5) as stream:  # noqa: S310 -- http
                return json.load(stream)
        except OSError:
            time.sleep(1)
    return None
