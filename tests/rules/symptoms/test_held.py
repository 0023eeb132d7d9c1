"""Variables that a complaint is about without their names."""

from __future__ import annotations

import pytest

from envsnap.model.manifest import Manifest
from envsnap.rules import engine
from tests import examples

CASES = [
    ("KERAS_BACKEND", "theano", "ValueError: Unable to import backend : theano"),
    ("BNB_CUDA_VERSION", "118", "RuntimeError: Configured CUDA binary not found at /v/libx_cuda118.so"),
    ("CUDA_HOME", "/usr/local/cuda-11.8", "OSError: cannot access '/usr/local/cuda-11.8/lib64/x.so'"),
    ("GOOGLE_APPLICATION_CREDENTIALS", "/secrets/gcp.json", "auth.Error: File /secrets/gcp.json was not found."),
    ("HF_HUB_CACHE", "/nvme9/hub", "PermissionError: [Errno 13] Permission denied: '/nvme9'"),
    ("PYTORCH_MPS_HIGH_WATERMARK_RATIO", "0.7", "RuntimeError: low watermark ratio 1.4 cannot be above"),
]  # fmt: skip


def host(**variables: str) -> Manifest:
    return examples.manifest({"env_vars": {"entries": {"EDITOR": "vi", **variables}}})


@pytest.mark.parametrize(("name", "value", "text"), CASES)
def test_it_comes_first_alone_and_where_it_differs(name: str, value: str, text: str) -> None:
    alone = engine.inspect(host(**{name: value}), error_text=text).findings
    assert alone[0].path == ("env_vars", name)
    other = engine.compare(host(OMP_NUM_THREADS="4"), host(**{name: value}), error_text=text)
    assert other.findings[0].path == ("env_vars", name)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("KERAS_BACKEND", "torch", "ValueError: cannot import torch here"),  # a plain word
        ("HF_HOME", "/models", "OSError: No such file: '/models/sp/m.model'"),  # a file of its own
        ("OMP_NUM_THREADS", "16", "ValueError: expected 16 rows"),
        ("CUDA_VISIBLE_DEVICES", "0", "RuntimeError: CUDA error: invalid device function"),
    ],
)
def test_what_stands_there_by_chance_names_none(name: str, value: str, text: str) -> None:
    found = engine.inspect(host(**{name: value}), error_text=text).findings
    assert all(item.path != ("env_vars", name) for item in found)


def test_a_note_of_a_log_names_none() -> None:
    text = (
        "INFO OMP_NUM_THREADS=16\nTraceback (most recent call last):\n"
        '  File "/srv/app/run.py", line 4, in <module>\n    rows[9]\nIndexError: list index out of range\n'
    )
    found = engine.compare(
        host(OMP_NUM_THREADS="8"), host(OMP_NUM_THREADS="16"), error_text=text
    ).findings
    assert all("The text says" not in item.why for item in found)
