"""Every loader of models and data is seen, by whichever witness can see it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import lacking

TORCH = "import torch; torch.save({'w': torch.ones(3)}, 'x.pt')"
ARRAY = "import numpy as np; np.save('x.npy', np.ones(3)); np.ones(3).tofile('x.raw')"
IMAGE = "from PIL import Image; Image.new('RGB', (4, 4)).save('x.png')"
TABLE = (
    "import pandas as p; d = p.DataFrame({'a': [1]}); d.to_parquet('x.parquet'); d.to_csv('x.csv')"
)
ONNX = (
    "import onnx; from onnx import helper as h, TensorProto as t\n"
    "i = h.make_tensor_value_info('i', t.FLOAT, [1]); o = h.make_tensor_value_info('o', t.FLOAT, [1])\n"
    "g = h.make_graph([h.make_node('Relu', ['i'], ['o'])], 'g', [i], [o])\n"
    "onnx.save(h.make_model(g, opset_imports=[h.make_opsetid('', 13)], ir_version=8), 'x.onnx')"
)
WORDS = "from tokenizers import Tokenizer, models; Tokenizer(models.BPE()).save('x.tok.json')"
TENSORS = "import torch, safetensors.torch as s; s.save_file({'w': torch.ones(3)}, 'x.safetensors')"
SCRIPTED = (
    "import torch, warnings; warnings.simplefilter('ignore')\n"
    "torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), 'x.pt')"
)
HIERARCHY = "import h5py\nwith h5py.File('x.h5', 'w') as f: f['a'] = [1, 2]"
SAFE_OPEN = (
    "from safetensors import safe_open\n"
    "f = safe_open('x.safetensors', 'np'); assert isinstance(f, safe_open); f.keys()"
)
TEXTS = "open('x.yaml', 'w').write('a: 1'); open('x.txt', 'w').write('text')"

# What makes the file, what reads it, modules that it needs, name, section, who sees it in the process.
LOADERS: dict[str, tuple[str, str, tuple[str, ...], str, str, set[str]]] = {
    "torch.load": (TORCH, "import torch; torch.load('x.pt')", ("torch",), "x.pt", "weights", {"audit"}),
    "np.load": (ARRAY, "import numpy; numpy.load('x.npy')", ("numpy",), "x.npy", "files", {"audit"}),
    "np.fromfile": (ARRAY, "import numpy; numpy.fromfile('x.raw')", ("numpy",), "x.raw", "files", {"audit"}),
    "np.memmap": (
        ARRAY, "import numpy; a = numpy.memmap('x.raw')", ("numpy",), "x.raw", "files", {"audit", "maps"},
    ),
    "yaml": (TEXTS, "import yaml; yaml.safe_load(open('x.yaml'))", ("yaml",), "x.yaml", "configs", {"audit"}),
    "pathlib": (TEXTS, "import pathlib; pathlib.Path('x.txt').read_text()", (), "x.txt", "files", {"audit"}),
    "os.open": (TEXTS, "import os; os.open('x.txt', os.O_RDONLY)", (), "x.txt", "files", {"audit"}),
    "onnx.load": (ONNX, "import onnx; onnx.load('x.onnx')", ("onnx",), "x.onnx", "weights", {"audit"}),
    "PIL": (IMAGE, "from PIL import Image; Image.open('x.png').load()", ("PIL",), "x.png", "files", {"audit"}),
    "pandas.read_csv": (
        TABLE, "import pandas; pandas.read_csv('x.csv')", ("pandas", "pyarrow"), "x.csv", "files", {"audit"},
    ),
    "safetensors": (
        TENSORS, "import safetensors.torch as s; s.load_file('x.safetensors')",
        ("safetensors", "torch"), "x.safetensors", "weights", {"loader"},
    ),
    "safe_open": (
        TENSORS,
        SAFE_OPEN,
        ("safetensors", "torch"), "x.safetensors", "weights", {"loader"},
    ),
    "torch.from_file": (
        ARRAY, "import torch; t = torch.from_file('x.raw', size=3)", ("torch", "numpy"), "x.raw",
        "files", {"loader", "maps"},
    ),
    "torch.jit.load": (
        SCRIPTED, "import torch, warnings; warnings.simplefilter('ignore'); torch.jit.load('x.pt')",
        ("torch",), "x.pt", "weights", {"loader"},
    ),
    "onnxruntime": (
        ONNX, "import onnxruntime as o; o.InferenceSession('x.onnx', providers=['CPUExecutionProvider'])",
        ("onnxruntime", "onnx"), "x.onnx", "weights", {"loader"},
    ),
    "tokenizers": (
        WORDS, "from tokenizers import Tokenizer; Tokenizer.from_file('x.tok.json')",
        ("tokenizers",), "x.tok.json", "configs", {"loader"},
    ),
    "cv2.imread": (
        IMAGE, "import cv2; assert cv2.imread('x.png') is not None", ("cv2", "PIL"), "x.png", "files",
        {"loader"},
    ),
    "pyarrow.parquet": (
        TABLE, "import pyarrow.parquet as q; q.read_table('x.parquet')", ("pyarrow", "pandas"),
        "x.parquet", "files", {"loader"},
    ),
    "pandas.read_parquet": (
        TABLE, "import pandas; pandas.read_parquet('x.parquet')", ("pyarrow", "pandas"),
        "x.parquet", "files", {"loader"},
    ),
    "h5py": (
        HIERARCHY, "import h5py; h5py.File('x.h5', 'r')['a'][:]", ("h5py",), "x.h5", "files",
        {"loader"},
    ),
    "sqlite3": (
        "import sqlite3; c = sqlite3.connect('x.db'); c.execute('create table t (a)'); c.commit()",
        "import sqlite3; sqlite3.connect('x.db').execute('select * from t')", ("sqlite3",), "x.db",
        "files", {"audit"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOADERS)
def test_a_loader_is_seen(name: str, run, tmp_path: Path) -> None:
    """In a folder that is watched, and in one that is not; the files were made beforehand."""
    made, read, needed, file, section, witnesses = LOADERS[name]
    missing = [module for module in needed if importlib.util.find_spec(module) is None]
    if missing:
        lacking(f"{', '.join(missing)} not installed (the extra is called test-replay)")
    for folder in ("project", "elsewhere"):
        (tmp_path / folder).mkdir()
        subprocess.run([sys.executable, "-c", made], cwd=tmp_path / folder, check=True)
    found = run(
        f"import os\none, two = {{}}, {{}}\nexec({read!r}, one)\n"
        f"os.chdir({str(tmp_path / 'elsewhere')!r})\nexec({read!r}, two)\n"
    )
    assert found.code == 0, found.stderr
    assert {file, f"elsewhere/{file}"} <= found.names(section), found.sections[section]
    assert {*witnesses, "inotify"} <= set(found.seen_by(section, file))
    assert witnesses <= set(found.seen_by(section, f"elsewhere/{file}"))
    for place in (file, f"elsewhere/{file}"):
        entry = found.sections[section]["entries"][place]
        assert len(entry["sha256"]) == 64
        if file.endswith(("x.pt", ".safetensors")):
            assert entry["tensor_count"] >= 1


def test_a_library_of_ctypes_is_seen_as_mapped(run) -> None:
    found = run("import ctypes; ctypes.CDLL('libssl.so.3')")
    assert found.sections["process"]["loaded"]["libssl.so.3"]["build_id"]


def test_a_cache_of_models_is_watched_and_named(run, tmp_path: Path) -> None:
    """The kernel sees a blob; the manifest names the repository and the file."""
    hub = tmp_path / "hub"
    snapshot = hub / "models--org--name" / "snapshots" / "0123abc"
    snapshot.mkdir(parents=True)
    (hub / "models--org--name" / "blobs").mkdir()
    blob = hub / "models--org--name" / "blobs" / ("ab" * 32)
    blob.write_bytes(b"\x80\x02.")
    (snapshot / "model.bin").symlink_to(blob)
    found = run(command=["sh", "-c", f"wc -c {snapshot}/model.bin"], env={"HF_HUB_CACHE": str(hub)})
    assert found.names("weights") == {"models--org--name/model.bin"}
    assert found.seen_by("weights", "models--org--name/model.bin") == ["inotify"]


def test_folders_to_watch(run, tmp_path: Path) -> None:
    """Named on the command line, by --watch, behind a link, or made during the run."""
    for name in ("named", "asked", "behind"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.bin").write_bytes(b"x")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "link.bin").symlink_to(tmp_path / "behind" / "behind.bin")
    script = (
        f"cat link.bin {tmp_path}/asked/asked.bin; mkdir new; sleep 0.3; echo x > new/new.bin;"
        ' cat new/new.bin; cat "$1"'
    )
    found = run(
        command=["sh", "-c", script, "sh", str(tmp_path / "named" / "named.bin")],
        options=("--watch", str(tmp_path / "asked")),
    )
    assert found.names("weights") == {"behind.bin", "asked.bin", "new/new.bin", "named.bin"}
