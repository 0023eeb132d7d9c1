"""Weights: real files, real checkpoints, damaged ones, and the cache."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import struct
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from envsnap.intake import reader
from envsnap.model.inputs import Weight
from envsnap.probe.readers import checkpoints, pickles, tensors
from tests.conftest import Run


def safetensors(path: Path, header: dict[str, Any] | None = None, cut: int = 0) -> Path:
    """Write a safetensors file of two tensors, maybe cut short."""
    table = header or {
        "__metadata__": {"format": "pt"},
        "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
        "b": {"dtype": "BF16", "shape": [4], "data_offsets": [24, 32]},
    }
    text = json.dumps(table).encode()
    data = struct.pack("<Q", len(text)) + text + bytes(32)
    path.write_bytes(data[: len(data) - cut])
    return path


def captured(
    envsnap: Run, tmp_path: Path, *options: str
) -> tuple[dict[str, Weight], dict[str, str]]:
    """Capture with weights and return entries and gaps."""
    done = envsnap("capture", "--no-import", "-o", "it.json", *options)
    assert done.returncode == 0, done.stderr
    section = reader.load(str(tmp_path / "it.json")).manifest.sections.weights
    return section.entries, section.gaps


def test_digest_size_and_tensors(envsnap: Run, tmp_path: Path) -> None:
    path = safetensors(tmp_path / "model.safetensors")
    entries, gaps = captured(envsnap, tmp_path, "--weights", "model.safetensors")
    weight = entries["model.safetensors"]
    assert weight.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert weight.size == path.stat().st_size
    assert {name: (tensor.dtype, tensor.shape) for name, tensor in weight.tensors.items()} == {
        "a": ("F32", (2, 3)),
        "b": ("BF16", (4,)),
    }
    assert gaps == {}


def test_a_folder_and_links(envsnap: Run, tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    (tmp_path / "model" / "inner").mkdir(parents=True)
    (store / "blob").write_bytes(b"weights")
    (tmp_path / "model" / "inner" / "w.bin").symlink_to(store / "blob")
    (tmp_path / "model" / ".hidden").write_text("x")
    entries, _ = captured(envsnap, tmp_path, "--weights", "m=model")
    assert set(entries) == {"m/inner/w.bin"}
    assert entries["m/inner/w.bin"].sha256 == hashlib.sha256(b"weights").hexdigest()
    assert entries["m/inner/w.bin"].resolved == str(store / "blob")


def test_what_a_file_names_beside_it_is_read_too(envsnap: Run, tmp_path: Path) -> None:
    """ONNX keeps the values of a large model in a file beside it; an index, in its shards."""
    folder = tmp_path / "model"
    folder.mkdir()
    place = b"decoder.weights"
    location = b"\n\x08location\x12" + bytes([len(place)]) + place
    (folder / "net.onnx").write_bytes(b"\x08\x08\x12\x02pt" + location + b"/app/train.py")
    for name in ("decoder.weights", "net.onnx.data", "other.weights", "train.py"):
        (folder / name).write_bytes(name.encode())
    (folder / "net.xml").write_text("<net/>")
    (folder / "net.bin").write_bytes(b"openvino")
    safetensors(folder / "part-1.safetensors")
    shards = {"a": "part-1.safetensors", "b": "part-1.safetensors"}
    (folder / "m.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    named = {"o": "net.onnx", "x": "net.xml", "i": "m.safetensors.index.json"}
    options = [
        part for name, file in named.items() for part in ("--weights", f"{name}=model/{file}")
    ]
    entries, gaps = captured(envsnap, tmp_path, *options)
    assert gaps == {}
    beside = {"i/part-1.safetensors", "o/decoder.weights", "o/net.onnx.data", "x/net.bin"}
    assert set(entries) == {*named, *beside}


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_a_truncated_file_is_an_entry_with_damage(cut: int, envsnap: Run, tmp_path: Path) -> None:
    safetensors(tmp_path / "model.safetensors", cut=cut)
    entries, _ = captured(envsnap, tmp_path, "--weights", "model.safetensors")
    assert entries["model.safetensors"].damage
    assert entries["model.safetensors"].sha256
    report = envsnap("check", "it.json")
    assert report.returncode == 1
    assert "damaged" in report.stdout


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04broken", b"garbage that is no checkpoint"])
def test_damaged_checkpoints(data: bytes, envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(data)
    entries, _ = captured(envsnap, tmp_path, "--weights", "model.pt")
    assert entries["model.pt"].damage


def test_a_missing_file_is_refused_before_anything_runs(envsnap: Run) -> None:
    done = envsnap("capture", "--weights", "nothing.bin")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing.bin" in done.stderr


def test_an_unchanged_file_is_not_read_twice(envsnap: Run, tmp_path: Path) -> None:
    path = tmp_path / "w.bin"
    path.write_bytes(os.urandom(1 << 20))
    old = time.time() - 100
    os.utime(path, (old, old))
    while time.time() - path.stat().st_ctime < 2.2:  # a file this young is not cached
        time.sleep(0.2)
    first, _ = captured(envsnap, tmp_path, "--weights", "w.bin")
    cache = tmp_path / "cache" / "envsnap" / "weights-sha256-v2.json"
    known = json.loads(cache.read_text())
    assert len(known) == 1
    # The second capture believes the cache: it says what the cache says, so it did not read.
    (identity,) = known
    known[identity]["sha256"] = "f" * 64
    cache.write_text(json.dumps(known))
    second, _ = captured(envsnap, tmp_path, "--weights", "w.bin")
    assert second["w.bin"].sha256 == "f" * 64
    path.write_bytes(os.urandom(1 << 20))
    os.utime(path, (old, old))  # restores mtime, but not ctime
    third, _ = captured(envsnap, tmp_path, "--weights", "w.bin")
    assert third["w.bin"].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert third["w.bin"].sha256 != first["w.bin"].sha256


def test_a_damaged_cache_knows_nothing(envsnap: Run, tmp_path: Path) -> None:
    cache = tmp_path / "cache" / "envsnap"
    cache.mkdir(parents=True)
    (cache / "weights-sha256-v2.json").write_text("{broken")
    safetensors(tmp_path / "model.safetensors")
    entries, _ = captured(envsnap, tmp_path, "--weights", "model.safetensors")
    assert entries["model.safetensors"].sha256


def test_a_malicious_checkpoint_is_read_and_not_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.system, (f"touch {tmp_path / 'pwned'}",)

    path = tmp_path / "evil.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("evil/data.pkl", pickle.dumps({"w": Evil()}))
    found = tensors.describe(str(path), path.stat().st_size)
    assert not (tmp_path / "pwned").exists()
    assert found["foreign_symbols"] == [f"{os.system.__module__}.system"]


def test_a_pickle_that_doubles_itself_ends(tmp_path: Path) -> None:
    bomb: list[Any] = []
    for _ in range(200):
        bomb = [bomb, bomb]
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("bomb/data.pkl", pickle.dumps(bomb))
    assert checkpoints.tensors(str(path)) == ({}, {})


MAKE_CHECKPOINTS = """
import sys, torch
folder = sys.argv[1]
model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
tied = torch.nn.Linear(2, 2)
state = {"model": model.state_dict(), "epoch": 3, "half": torch.zeros(2, 5, dtype=torch.bfloat16),
         "tied": {"a": tied.weight, "b": tied.weight}, "list": [torch.ones(7, dtype=torch.int64)]}
torch.save(state, folder + "/nested.pt")
torch.save(model, folder + "/whole.pt")
torch.jit.script(model).save(folder + "/script.pt")
torch.save(model.state_dict(), folder + "/legacy.pt", _use_new_zipfile_serialization=False)
torch.save({"m": model.state_dict()}, folder + "/a1.pt")
torch.save({"m": model.state_dict()}, folder + "/a2.pt")
"""


def test_real_checkpoints_are_read_without_unpickling(
    torch_python: str, envsnap: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    subprocess.run([torch_python, "-W", "ignore", "-c", MAKE_CHECKPOINTS, str(folder)], check=True)
    entries, gaps = captured(envsnap, tmp_path, "--weights", "w=made")
    assert gaps == {}
    assert not [name for name, weight in entries.items() if weight.damage]
    nested = {
        name: (tensor.dtype, tensor.shape)
        for name, tensor in entries["w/nested.pt"].tensors.items()
    }
    assert nested["model.0.weight"] == ("F32", (3, 4))
    assert nested["model.1.num_batches_tracked"] == ("I64", ())
    assert nested["half"] == ("BF16", (2, 5))
    assert nested["tied.a"] == nested["tied.b"] == ("F32", (2, 2))
    assert nested["list.0"] == ("I64", (7,))
    assert "0.weight" in entries["w/whole.pt"].tensors
    assert entries["w/script.pt"].tensor_count == 7
    assert entries["w/legacy.pt"].sha256
    assert entries["w/a1.pt"].sha256 != entries["w/a2.pt"].sha256
    assert entries["w/a1.pt"].tensors_sha256 == entries["w/a2.pt"].tensors_sha256


def test_the_probe_hashes_where_it_runs(envsnap: Run, tmp_path: Path) -> None:
    safetensors(tmp_path / "model.safetensors")
    assert (
        envsnap(
            "probe", "--no-import", "--weights", tmp_path / "model.safetensors", "-o", "probe.py"
        ).returncode
        == 0
    )
    with (tmp_path / "prod.facts").open("wb") as stream:
        subprocess.run([sys.executable, "probe.py"], cwd=tmp_path, stdout=stream, check=True)
    weights = reader.load(str(tmp_path / "prod.facts")).manifest.sections.weights.entries
    assert weights["model.safetensors"].tensor_count == 2


FIT = """
import pickle, sys
import joblib
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
folder = sys.argv[1]
rows, labels = [[index, index % 7] for index in range(60)], [index % 2 for index in range(60)]
pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, labels)
for protocol in (2, 4, 5):
    with open("%s/p%d.pkl" % (folder, protocol), "wb") as stream:
        pickle.dump(pipeline, stream, protocol)
joblib.dump(RandomForestClassifier(5).fit(rows, labels), folder + "/forest.joblib")
with open(folder + "/none.pkl", "wb") as stream:
    pickle.dump({"a text with _sklearn_version in it": [1.0]}, stream)
"""


def test_a_model_says_which_scikit_learn_wrote_it(
    libraries_python: str, envsnap: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    subprocess.run([libraries_python, "-c", FIT, str(folder)], check=True)
    program = "import sklearn; print(sklearn.__version__)"
    version = subprocess.run(
        [libraries_python, "-c", program], check=True, capture_output=True, text=True
    ).stdout.strip()
    entries, _ = captured(envsnap, tmp_path, "--weights", "m=made")
    for name in ("p2.pkl", "p4.pkl", "p5.pkl", "forest.joblib"):
        assert entries[f"m/{name}"].written_by == {"scikit-learn": version}, name
    assert not entries["m/none.pkl"].written_by


@pytest.mark.parametrize("protocol", range(6))
def test_the_writer_is_read_from_opcodes(protocol: int, tmp_path: Path) -> None:
    path = tmp_path / "it.pkl"
    state = {"note": "_sklearn_version is a key", "w": [1.5], "_sklearn_version": "1.2.2"}
    path.write_bytes(pickle.dumps(state, protocol))
    assert pickles.written_by(str(path)) == {"scikit-learn": "1.2.2"}
    for wrong in (7, "not a version", ["1.2.2"], None):
        path.write_bytes(pickle.dumps({"_sklearn_version": wrong}, protocol))
        assert pickles.written_by(str(path)) == {}
    path.write_bytes(b"\x80\x04_sklearn_version")
    assert pickles.written_by(str(path)) == {}


@pytest.mark.parametrize(
    ("offsets", "why"),
    [
        (([0, 24], [20, 32]), "overlap"),
        (([0, 24], [25, 32]), "leave a hole"),
        (([0, 20], [20, 32]), "than its shape needs"),
    ],
)
def test_a_header_that_no_library_loads(
    tmp_path: Path, offsets: tuple[list[int], list[int]], why: str
) -> None:
    header = {
        "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": offsets[0]},
        "b": {"dtype": "I8", "shape": [offsets[1][1] - offsets[1][0]], "data_offsets": offsets[1]},
    }
    path = safetensors(tmp_path / "m.safetensors", header)
    with pytest.raises(ValueError, match=why):
        tensors.describe(str(path), path.stat().st_size)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("pytorch_model.bin", b"<!DOCTYPE html><html>"),
        ("m.gguf", b"<html>" + bytes(20)),
        ("m.gguf", bytes(1000)),
        ("m.onnx", bytes(1000)),
        ("adapter_model.bin", bytes(1000)),
        ("m.safetensors", b"PK\x03\x04" + bytes(30)),
    ],
)
def test_what_is_not_what_its_name_says(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"HTML|begin|neither|zip archive"):
        tensors.describe(str(path), len(data))


def test_any_other_binary_file_is_nobodys_to_judge(tmp_path: Path) -> None:
    path = tmp_path / "openvino_model.bin"
    path.write_bytes(bytes(1000))
    assert tensors.describe(str(path), 1000) == {}


class Runs:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("true",)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_plain_pickle_that_runs_a_program_is_told(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(pickle.dumps([1, "x", Runs()], protocol=protocol))
    assert pickles.commands(str(path)) == ["posix.system"]
    path.write_bytes(pickle.dumps({"a": [1.5, "os", "system"]}, protocol=protocol))
    assert pickles.commands(str(path)) == []


def sharded(folder: Path, places: dict[str, str]) -> None:
    folder.mkdir()
    for name, tensor in (("model-1.safetensors", "a"), ("model-2.safetensors", "b")):
        header = {tensor: {"dtype": "F32", "shape": [8], "data_offsets": [0, 32]}}
        safetensors(folder / name, header)
    index = {"metadata": {}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


@pytest.mark.parametrize(
    ("places", "damage"),
    [
        ({"a": "model-1.safetensors", "b": "model-2.safetensors"}, None),
        ({"a": "model-2.safetensors", "b": "model-1.safetensors"}, "does not hold a"),
        (
            {"a": "model-1.safetensors", "b": "model-3.safetensors"},
            "model-3.safetensors, which is not",
        ),
        ({"a": "../model-1.safetensors"}, "outside its folder"),
    ],
)
def test_an_index_is_held_against_its_shards(
    envsnap: Run, tmp_path: Path, places: dict[str, str], damage: str | None
) -> None:
    sharded(tmp_path / "m", places)
    entries, _ = captured(envsnap, tmp_path, "--weights", "m")
    found = entries["m/model.safetensors.index.json"].damage
    assert (damage is None and not isinstance(found, str)) or damage in found


@pytest.mark.torch
def test_a_checkpoint_without_its_values_is_damaged(torch_python: str, tmp_path: Path) -> None:
    whole = tmp_path / "m.pt"
    made = "import sys, torch; torch.save({'w': torch.arange(100.0)}, sys.argv[1])"
    subprocess.run([torch_python, "-W", "ignore", "-c", made, str(whole)], check=True)
    assert checkpoints.tensors(str(whole))[0]["w"]["shape"] == [100]
    for name, kept in (("lost.pt", None), ("cut.pt", 396)):
        with zipfile.ZipFile(whole) as one, zipfile.ZipFile(tmp_path / name, "w") as two:
            for info in one.infolist():
                data = one.read(info)
                if info.filename.endswith("data/0"):
                    if kept is None:
                        continue
                    data = data[:kept]
                two.writestr(info.filename, data)
        with pytest.raises(ValueError, match="storage 0"):
            checkpoints.tensors(str(tmp_path / name))
