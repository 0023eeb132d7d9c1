"""Files of layers above the plan's, against what lies below: without an engine, from its archive."""

from __future__ import annotations

import io
import json
import tarfile

import pytest

from envsnap.image.proving import held, settings
from envsnap.image.writing.dockerfile import PLAN_LABEL

HEAD = b"\xa7\r\r\n" + b"\0" * 12


def tar(files: dict[str, tuple[bytes, int]]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, (data, mode) in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), mode
            archive.addfile(member, io.BytesIO(data))
    return made.getvalue()


def strange(*layers: dict[str, tuple[bytes, int]]) -> dict[str, bool]:
    """What is strange in all layers but the first, which is the plan's."""
    history = [
        {"created_by": f"LABEL {PLAN_LABEL}=sha256:1"},
        *({"created_by": "x"},) * (len(layers) - 1),
    ]
    whole = {
        "manifest.json": json.dumps(
            [{"Config": "c.json", "Layers": [f"{number}.tar" for number in range(len(layers))]}]
        ).encode(),
        "c.json": json.dumps({"history": history}).encode(),
        **{f"{number}.tar": tar(layer) for number, layer in enumerate(layers)},
    }
    return held._strange(
        io.BytesIO(tar({name: (data, 0o644) for name, data in whole.items()})), "sha256:1"
    )


def test_the_same_file_is_none() -> None:
    below = {
        "app/a.py": (b"x", 0o644),
        "app/b.py": (b"x", 0o644),
        "app/m.cpython-311.pyc": (HEAD + b"code", 0o644),
        "app/n.cpython-311.pyc": (HEAD + b"code", 0o644),
    }
    above = {
        "app/a.py": (b"x", 0o644),
        "app/b.py": (b"x", 0o755),
        "app/m.cpython-311.pyc": (HEAD[:8] + b"later..." + b"code", 0o644),
        "app/n.cpython-311.pyc": (HEAD + b"other", 0o644),
        "app/new.py": (b"x", 0o644),
    }
    assert set(strange(below, above)) == {"/app/b.py", "/app/n.cpython-311.pyc", "/app/new.py"}


def test_what_is_taken_away_or_hidden_is_told() -> None:
    marks = {"app/.wh.a.py": (b"", 0o644), "lib/.wh..wh..opq": (b"", 0o644)}
    below = {"app/a.py": (b"x", 0o644), "lib/.wh..wh..opq": (b"", 0o644)}
    assert strange(below, marks) == {"/app/a.py": False, "/lib/.wh..wh..opq": True}
    again = {"app/a.py": (b"x", 0o644)}
    assert strange(below, marks, again) == {"/lib/.wh..wh..opq": True}


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("/usr/local/lib/python3.11/__pycache__/argparse.cpython-311.pyc", False),
        ("/usr/lib/python3.11/json/__pycache__/decoder.cpython-311.opt-1.pyc", False),
        ("/opt/venv/lib/python3.11/site-packages/yaml/__pycache__/loader.cpython-311.pyc", False),
        ("/app/pkg/__pycache__/core.cpython-311.pyc", False),
        ("/usr/local/lib/python3.11/test/__pycache__/x.cpython-311.pyc", True),
        ("/usr/local/lib/python3.11/argparse.pyc", True),
        ("/srv/__pycache__/core.cpython-311.pyc", True),
        ("/app/core.py", True),
    ],
)
def test_byte_code_in_a_cache_is_judged_by_its_source_inside(path: str, counts: bool) -> None:
    found, rest = settings.above({path: True})
    assert (len(found), len(rest)) == ((1, 0) if counts else (0, 1))
