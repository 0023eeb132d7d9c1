"""Folders and archives: files that belong together, and what is known without reading weights."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from envsnap import api
from envsnap.errors import InputError
from envsnap.model.manifest import Manifest
from envsnap.model.reading import fact

COMMIT = "0cf864870cf29f4738d3ade893e6fd13fbd7cdb5"
DIGEST = "4ec71fd53e99766de38f24753b30c9e8942630e9e576a1ba27b0ec531e87be41"
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{DIGEST}\nsize 9976578928\n"
MLMODEL = (
    "flavors:\n  python_function:\n    python_version: 3.10.12\n  sklearn:\n"
    "    sklearn_version: 1.4.2\nmlflow_version: 2.14.1\n"
)


def value(manifest: Manifest, path: str) -> object:
    """The fact at a path, whose names may hold dots: parts are split at slashes."""
    return fact(manifest, tuple(path.split("/"))).value


def model(folder: Path) -> Path:
    """A folder as a clone of a model has it."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", "vocab_size": 10}))
    (folder / "model.safetensors").write_text(POINTER)
    (folder / "tokenizer.json").write_text("{}")
    (folder / "README.md").write_text("words\n")
    return folder


def test_a_clone_without_lfs_states_what_it_points_to(tmp_path: Path) -> None:
    found = api.load(str(model(tmp_path / "m")))
    assert value(found, "weights/model.safetensors/sha256") == DIGEST
    assert value(found, "weights/model.safetensors/size") == 9976578928
    assert value(found, "configs/config.json/vocab_size") == 10
    assert fact(found, ("weights", "tokenizer.json", "sha256")).unknown
    assert [finding.path[-1] for finding in api.check(found).findings] == ["damage"]


def test_the_hubs_cache_names_revision_and_digests(tmp_path: Path) -> None:
    cache = tmp_path / "models--org--name"
    snapshot = cache / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (cache / "refs").mkdir()
    (cache / "blobs").mkdir()
    (cache / "refs" / "main").write_text(COMMIT)
    (cache / "blobs" / DIGEST).write_bytes(b"x" * 4000)
    (cache / "blobs" / "0a1b").write_text('{"model_type": "llama"}')
    (snapshot / "model.safetensors").symlink_to(f"../../blobs/{DIGEST}")
    (snapshot / "config.json").symlink_to("../../blobs/0a1b")
    for folder in (cache, snapshot):
        found = api.load(str(folder))
        assert value(found, "git/commit") == COMMIT
        assert value(found, "weights/model.safetensors/sha256") == DIGEST
    clone = api.load(str(model(tmp_path / "clone")))
    assert not [
        finding
        for finding in api.diff(found, clone).findings
        if finding.path[:2] == ("weights", "model.safetensors") and finding.path[-1] == "sha256"
    ]


def test_a_download_names_its_revision_beside_the_files(tmp_path: Path) -> None:
    folder = model(tmp_path / "m")
    (folder / "model.safetensors").write_bytes(b"x" * 4000)
    notes = folder / ".cache/huggingface/download"
    notes.mkdir(parents=True)
    for name, etag in (("model.safetensors", DIGEST), ("config.json", "0a1b")):
        (notes / f"{name}.metadata").write_text(f"{COMMIT}\n{etag}\n1700000000.1\n")
    found = api.load(str(folder))
    assert value(found, "git/commit") == COMMIT
    assert value(found, "weights/model.safetensors/sha256") == DIGEST
    (notes / "config.json.metadata").write_text(f"{COMMIT[::-1]}\n0a1b\n1.0\n")
    assert fact(api.load(str(folder)), ("git", "commit")).unknown


def mlflow(folder: Path) -> Path:
    """A model's folder as MLflow writes it, but for the last line's end."""
    folder.mkdir()
    (folder / "MLmodel").write_text(MLMODEL)
    (folder / "requirements.txt").write_text("mlflow==2.14.1\nscikit-learn==1.4.2\nnumpy<2\n")
    (folder / "model.pkl").write_bytes(b"\x80\x04.")
    return folder


@pytest.mark.parametrize(
    ("conda", "version"),
    [("- numpy==2.10\n", None), ("- numpy==2.1\n- pip\n", "2.1"), ("- numpy==2.1", None)],
)
def test_a_last_line_without_an_end_is_whole_where_mlflow_says_it_twice(
    tmp_path: Path, conda: str, version: str | None
) -> None:
    """MLflow writes its requirements without a last line end; a cut file looks the same."""
    folder = mlflow(tmp_path / "m")
    (folder / "requirements.txt").write_text("mlflow==2.14.1\nnumpy==2.1")
    (folder / "conda.yaml").write_text(f"dependencies:\n- pip:\n  {conda}")
    found = fact(api.load(str(folder)), ("wanted", "numpy", "version"))
    assert (found.unknown is not None) == (version is None)
    assert version is None or found.value == version


@pytest.mark.parametrize("packed", ["folder", "a.tar.gz"])
def test_a_model_of_mlflow(tmp_path: Path, packed: str) -> None:
    folder = mlflow(tmp_path / "m")
    if packed != "folder":
        with tarfile.open(tmp_path / packed, "w:gz") as package:
            package.add(folder, "m")
        folder = tmp_path / packed
    found = api.load(str(folder))
    assert value(found, "wanted/scikit-learn/version") == "1.4.2"
    assert value(found, "wanted/numpy/specifier") == "<2"
    assert value(found, "wanted/requires_python") == "==3.10.12"


def test_the_files_of_a_run_of_wandb(tmp_path: Path) -> None:
    case = Path(__file__).parent / "formats" / "wandb-metadata" / "input.json"
    files = tmp_path / "run" / "files"
    files.mkdir(parents=True)
    (files / "wandb-metadata.json").write_bytes(case.read_bytes())
    (files / "requirements.txt").write_text("numpy==1.26.4\ntorch==2.4.0\n")
    found = api.load(str(tmp_path / "run"))
    assert value(found, "packages/torch/version") == "2.4.0"
    assert value(found, "python/version") == "3.10.14"
    assert fact(found, ("packages", "pandas")).unknown is None


def test_a_folder_with_several_known_files_asks_which(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Package Version\n------- -------\nnumpy   1.26.4\n")
    (tmp_path / "b.txt").write_text("Package Version\n------- -------\nnumpy   1.26.4\n")
    with pytest.raises(InputError, match=r"a\.txt, b\.txt"):
        api.load(str(tmp_path))


def test_a_bomb_is_no_folder(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("requirements.txt", b"\n" * (40 << 20))
    with pytest.raises(InputError):
        api.load(str(tmp_path / "a.zip"))


def test_an_onnx_model_is_read_without_its_weights(tmp_path: Path) -> None:
    onnx = pytest.importorskip(
        "onnx", reason="onnx is not installed (the extra is called test-replay)"
    )
    from onnx import TensorProto, helper

    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3])]
    inputs.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, [2]))
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT16, [None, 10])]
    weights = [helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0])]
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])], "g", inputs, outputs, weights
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph, producer_name="pytorch", opset_imports=opsets), str(path))
    tree = fact(api.load(str(path)), ("configs", "onnx")).value["tree"]
    assert tree["opset"] == {"ai.onnx": 17, "com.microsoft": 1}
    assert tree["producer"] == "pytorch"
    assert tree["inputs"] == {"x": "float32[batch, 3]"}
    assert tree["outputs"] == {"y": "float16[?, 10]"}
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(InputError, match="ONNX"):
        api.load(str(path))
