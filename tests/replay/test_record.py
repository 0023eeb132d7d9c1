"""`envsnap record` on unmodified scripts: nothing of theirs changes, and the file says what ran."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import pytest

import envsnap
from envsnap.replay.esr import archive
from tests.conftest import Run


def bare(python: str, *arguments: str | Path, **settings: object) -> subprocess.CompletedProcess:
    """A script as it runs without envsnap."""
    return subprocess.run(
        [python, *map(str, arguments)], capture_output=True, text=True, check=False, **settings
    )


def test_the_script_does_what_it_did(
    envsnap: Run, torch_python: str, script, tmp_path: Path
) -> None:
    tail = (
        "\n    import os, random\n"
        "    print(sys.argv[1:], os.environ.get('PYTHONPATH'), random.random())\n"
        "    print(torch.rand(3).tolist(), np.random.rand(2).tolist(), sys.path[0])\n"
        "    np.save('out.npy', model(x).detach().numpy())\n"
        "    sys.exit(7)\n"
    )
    path = script(
        "torch.manual_seed(3); np.random.seed(4); __import__('random').seed(5)", tail=tail
    )
    alone = bare(torch_python, path, "a", "-b", cwd=tmp_path)
    before = (tmp_path / "out.npy").read_bytes()
    done = envsnap("record", "-o", "it.esr", "--", torch_python, path, "a", "-b")
    assert (done.returncode, alone.returncode) == (7, 7)
    assert before == (tmp_path / "out.npy").read_bytes()
    theirs, ours = alone.stdout.splitlines(), done.stdout.splitlines()
    assert theirs[0] == ours[0]
    assert theirs[2] == ours[2]  # the generators were not advanced
    assert archive.read(str(tmp_path / "it.esr")).record.complete


def test_what_a_recording_holds(golden: Path) -> None:
    found = archive.read(str(golden))
    (call,), (root,) = found.record.calls, found.record.roots
    assert [leaf.name for leaf in call.leaves] == ["conv", "norm", "act", "drop", "fc"]
    assert [leaf.replay.state for leaf in call.leaves] == ["exact"] * 5
    rounding = {leaf.name: leaf.replay.rounding[0] for leaf in call.leaves}
    assert rounding["act"] == rounding["drop"] == 0
    assert 1e-8 < rounding["conv"] < 1e-6
    assert root.modules["norm"].settings["eps"] == 1e-5
    assert not root.modules[""].training
    assert root.modules[""].settings == {"scale": 1.0}
    assert len(root.parameters) == 9
    assert len(next(iter(call.pictures.values())).rows) == 3
    assert found.record.framework.startswith("torch ")
    assert found.manifest is not None
    assert "torch" in found.manifest.sections.frameworks.entries
    assert found.manifest.sections.determinism.threads >= 1


def test_the_recorder_leaves_no_trace_in_the_manifest(golden: Path) -> None:
    data = zipfile.ZipFile(golden).read("manifest.json").decode()
    assert "observe/site" not in data
    assert "ENVSNAP_RUN" not in data


def test_the_public_function_may_be_called_twice(tmp_path: Path, torch) -> None:
    layer = torch.nn.Linear(2, 2)
    for number in range(2):
        with envsnap.record(str(tmp_path / f"{number}.esr")):
            layer(torch.ones(1, 2))
    first, second = (envsnap.load_recording(str(tmp_path / f"{n}.esr")) for n in range(2))
    assert envsnap.compare(first, second).outcome == "same"


def test_recordings_satisfy_their_schema(golden: Path) -> None:
    from jsonschema import Draft202012Validator

    from envsnap.cli.schema import render

    tree = json.loads(zipfile.ZipFile(golden).read("record.json"))
    Draft202012Validator(json.loads(render("recording"))).validate(tree)


def test_other_readers_open_the_tensors(golden: Path, torch) -> None:
    """The values are those that the layer was given, at the place that the header names."""
    found = archive.read(str(golden))
    number = found.record.calls[0].inputs()[0]
    entry = found.record.tensors[number]
    place = archive.values_place(found, entry.stored)
    data = bytearray(golden.read_bytes()[place : place + 2 * 3 * 16 * 16 * 4])
    values = torch.frombuffer(data, dtype=torch.float32)
    import numpy as np

    expected = np.random.default_rng(2).random((2, 3, 16, 16)).astype("float32")
    assert (values.numpy() == expected.reshape(-1)).all()


def test_an_existing_sitecustomize_still_runs(
    envsnap: Run, torch_python: str, script, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("import sys\nsys.theirs = __name__, __file__\n")
    path = script(tail="\n    print(sys.theirs, sys.modules['sitecustomize'].__file__)\n")
    done = envsnap(
        "record", "-o", "it.esr", "--", torch_python, path, env={"PYTHONPATH": str(folder)}
    )
    theirs = str(folder / "sitecustomize.py")
    assert done.stdout.splitlines()[-1] == f"{('sitecustomize', theirs)} {theirs}"
    assert len(archive.read(str(tmp_path / "it.esr")).record.calls) == 1


@pytest.mark.parametrize("program", ["print(1)", "import torch; print(1)"])
def test_a_script_without_a_model(
    program: str, envsnap: Run, torch_python: str, tmp_path: Path
) -> None:
    """Nothing is written: what lies there may be a good recording."""
    (tmp_path / "it.esr").write_bytes(b"precious")
    for more, code in (("", 125), ("; raise SystemExit(3)", 3)):
        done = envsnap("record", "-o", "it.esr", "--", torch_python, "-c", program + more)
        assert done.returncode == code
        assert done.stdout == "1\n"
        assert "no model of torch was called" in done.stderr
        assert torch_python in done.stderr
        assert (tmp_path / "it.esr").read_bytes() == b"precious"


@pytest.mark.parametrize(
    ("command", "code", "word"),
    [
        (["no-such-command-here"], 127, "no such command"),
        (["/etc/passwd"], 126, "cannot be run"),
        (["true"], 125, "no Python"),
        ([sys.executable, "-I", "-c", "pass"], 125, "-I"),
        ([sys.executable, "-S", "-c", "pass"], 125, "-S"),
    ],
)
def test_own_failures(
    command: list[str], code: int, word: str, envsnap: Run, tmp_path: Path
) -> None:
    done = envsnap("record", "-o", "it.esr", "--", *command)
    assert done.returncode == code
    assert word in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "it.esr").exists()


def test_an_output_that_cannot_be_is_refused_before_the_command_runs(
    envsnap: Run, tmp_path: Path
) -> None:
    done = envsnap("record", "-o", "missing/it.esr", "--", "touch", "ran")
    assert done.returncode == 2
    assert not (tmp_path / "ran").exists()


def test_a_process_that_dies_leaves_its_model_behind(
    envsnap: Run, torch_python: str, script, tmp_path: Path
) -> None:
    path = script(tail="\n    import os\n    os.kill(os.getpid(), 9)\n")
    done = envsnap("record", "-o", "it.esr", "--", torch_python, path)
    assert done.returncode == 128 + 9
    record = archive.read(str(tmp_path / "it.esr")).record
    assert not record.complete
    assert len(record.calls[0].leaves) == 5


def test_a_model_that_raises(envsnap: Run, torch_python: str, script, tmp_path: Path) -> None:
    path = script("model.fc = nn.Linear(9, 10)")
    done = envsnap("record", "-o", "it.esr", "--", torch_python, path)
    assert done.returncode == 1
    assert "mat1 and mat2" in done.stderr
    (call,) = archive.read(str(tmp_path / "it.esr")).record.calls
    assert call.raised is not None
    assert call.raised.type


def test_a_model_in_another_process(
    envsnap: Run, torch_python: str, script, tmp_path: Path
) -> None:
    outer = tmp_path / "outer.py"
    outer.write_text(
        "import subprocess, sys, torch\n"
        f"sys.exit(subprocess.call([sys.executable, {str(script())!r}]))\n"
    )
    done = envsnap("record", "-o", "it.esr", "--", torch_python, outer)
    assert done.returncode == 0
    assert "one of 2 processes" in done.stderr
    assert len(archive.read(str(tmp_path / "it.esr")).record.calls[0].leaves) == 5


def test_more_calls_and_less_kept(envsnap: Run, torch_python: str, script, tmp_path: Path) -> None:
    path = script(tail="\n        model(x * 2); model(x * 3)\n")
    for options in (["--calls", "2"], ["--no-full"], ["--full"]):
        done = envsnap("record", *options, "-o", "it.esr", "--", torch_python, path)
        assert done.returncode == 0, done.stderr
        found = archive.read(str(tmp_path / "it.esr"))
        detailed = [call.detailed for call in found.record.calls]
        assert detailed == [True, "--calls" in options, False]
        assert [call.nth for call in found.record.calls] == [0, 1, 2]
        assert found.record.roots[0].calls == 3
        assert found.record.full is ("--no-full" not in options)
        assert bool(found.stored) is found.record.full


def test_what_looks_like_a_secret_in_a_module_is_not_recorded(
    envsnap: Run, torch_python: str, script, tmp_path: Path
) -> None:
    path = script("model.api_key = 'hunter2'; model.norm.token = object()")
    envsnap("record", "-o", "it.esr", "--", torch_python, path)
    assert b"hunter2" not in (tmp_path / "it.esr").read_bytes()


def test_in_a_program(torch, tmp_path: Path) -> None:
    import envsnap

    model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU(inplace=True))
    sample = torch.ones(1, 4)
    before = model(sample)
    state = torch.get_rng_state()
    with envsnap.record(str(tmp_path / "it.esr"), label="here"):
        result = model(sample)
    assert torch.equal(result, before)
    assert torch.equal(torch.get_rng_state(), state)
    assert result.requires_grad
    found = archive.read(str(tmp_path / "it.esr"))
    assert [leaf.name for leaf in found.record.calls[0].leaves] == ["0", "1"]
    assert found.manifest.label == "here"
    wrong = torch.ones(1, 5)
    with pytest.raises(RuntimeError), envsnap.record(str(tmp_path / "again.esr")):  # noqa: PT012
        model(sample)
        model(wrong)
    assert not archive.read(str(tmp_path / "again.esr")).record.complete
    assert not torch.nn.modules.module._global_forward_hooks


TRAINING = """
import torch
from torch import nn

class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.seen = []
    def forward(self, x):
        self.seen.append(len(self.seen))
        return x * len(self.seen)

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), Counting(), nn.Linear(8, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(3):
    loss = model(torch.randn(4, 8)).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(loss.item(), model[1].running_mean.tolist(), model[1].num_batches_tracked, model[3].seen)
print(torch.rand(1).item())
"""


def test_training_goes_on_as_if_nobody_watched(
    envsnap: Run, torch_python: str, tmp_path: Path
) -> None:
    """Running stats, dropout, gradients, generators and what modules remember."""
    path = tmp_path / "train.py"
    path.write_text(TRAINING)
    alone = bare(torch_python, path)
    assert alone.returncode == 0
    done = envsnap("record", "-o", "it.esr", "--", torch_python, path)
    assert (done.returncode, done.stdout) == (0, alone.stdout), done.stderr
    done = envsnap("compare", "it.esr", "--", torch_python, path)
    assert done.returncode == 0, done.stdout
    assert alone.stdout in done.stderr
    record = archive.read(str(tmp_path / "it.esr")).record
    states = [leaf.replay.state for leaf in record.calls[0].leaves]
    assert states == ["exact", "exact", "wobbles", "wobbles", "exact"]


def test_modules_that_are_not_as_usual(torch, tmp_path: Path) -> None:
    """Recurrent nests, keyword arguments, fused paths, shared and repeated layers."""
    import envsnap

    nn = torch.nn

    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.LSTM(4, 4)
            self.same = nn.Linear(4, 4)
            self.heads = nn.MultiheadAttention(4, 2)

        def forward(self, x, scale=None):
            y, _ = self.rnn(x)
            y = self.same(self.same(y))
            return {"y": self.heads(query=y, key=y, value=y)[0] * scale, "none": None}

    model = Odd().eval()
    with envsnap.record(str(tmp_path / "it.esr")), torch.inference_mode():
        model(torch.ones(2, 1, 4), scale=torch.tensor(2.0))
    record = archive.read(str(tmp_path / "it.esr")).record
    (call,) = record.calls
    assert [leaf.key for leaf in call.leaves] == [
        ("rnn", 0), ("same", 0), ("same", 1), ("heads", 0),
    ]  # fmt: skip
    assert [leaf.replay.state for leaf in call.leaves] == ["exact"] * 4
    assert len(call.inputs()) == 2
    assert record.notes == ()


def test_compiled_and_scripted_models_are_recognised(torch, tmp_path: Path) -> None:
    import warnings

    import envsnap

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted = torch.jit.script(torch.nn.Sequential(torch.nn.Linear(2, 2)))
        graph = torch.fx.symbolic_trace(torch.nn.Sequential(torch.nn.Linear(2, 2)))
        for model, word in ((scripted, "TorchScript"), (graph, "traced graph")):
            with envsnap.record(str(tmp_path / "it.esr")):
                model(torch.ones(1, 2))
            notes = archive.read(str(tmp_path / "it.esr")).record.notes
            assert any(word in note for note in notes)


def forms(torch, model, x) -> dict[str, object]:
    """The same model as graphs of each kind."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "torch.compile": torch.compile(model, backend="eager"),
            "TorchScript": torch.jit.script(model),
            "TorchScript traced": torch.jit.trace(model, x),
            "exported or traced graph": torch.fx.symbolic_trace(model),
            "exported or traced graph again": torch.export.export(model, (x,)).module(),
        }


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_graphs_are_recognised_and_not_taken_for_faults(torch, tmp_path: Path) -> None:
    """Compiled, scripted or exported on one side: same weights, same result, no layer to blame."""
    import envsnap
    from envsnap.replay.compare import ladder

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = torch.nn.Linear(8, 8)
            self.b = torch.nn.Linear(8, 8)

        def forward(self, x):
            return self.b(torch.relu(self.a(x)))

    torch.manual_seed(0)
    model, x = Net().eval(), torch.randn(4, 8)

    def recorded(name: str, called: object, golden=None) -> archive.Recording:
        with torch.no_grad(), envsnap.record(str(tmp_path / name), golden=golden):
            called(x)
        return archive.read(str(tmp_path / name))

    golden = recorded("golden.esr", model)
    assert golden.record.roots[0].opaque == ()
    for name, called in forms(torch, model, x).items():
        other = recorded("other.esr", called, golden)
        (text,) = other.record.roots[0].opaque
        assert text.startswith("the model is ")
        assert name.partition(" again")[0].partition(" traced")[0] in text
        assert any(text in note for note in other.record.notes)
        for verdict in (ladder.compare(golden, other), ladder.compare(other, golden)):
            assert verdict.exit_code == 0, (name, verdict.cause)
    wrong = Net().eval()
    for name, called in forms(torch, wrong, x).items():
        wrong.load_state_dict(model.state_dict())
        wrong.a.eps = 1.0
        verdict = ladder.compare(golden, recorded("other.esr", called, golden))
        assert verdict.exit_code == 0, name

    class Half(Net):
        def forward(self, x):
            return self.b(torch.relu(self.a(x))) * 1.001

    wrong = Half().eval()
    wrong.load_state_dict(model.state_dict())
    for name, called in forms(torch, wrong, x).items():
        verdict = ladder.compare(golden, recorded("other.esr", called, golden))
        assert verdict.outcome == "diverged", name
        seen = [leaf.name for leaf in other.record.calls[0].leaves] == ["a", "b"]
        assert seen or "layers are not seen" in verdict.cause or "code outside" in verdict.cause


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_compiled_part_is_named(torch, tmp_path: Path) -> None:
    import envsnap
    from envsnap.replay.compare import ladder

    nn = torch.nn

    class Outer(nn.Module):
        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.inner = inner
            self.last = nn.Linear(8, 2)

        def forward(self, x):
            return self.last(self.inner(x))

    model = Outer(nn.Sequential(nn.Linear(8, 8), nn.ReLU())).eval()
    found = []
    for name in ("a.esr", "b.esr"):
        with torch.no_grad(), envsnap.record(str(tmp_path / name)):
            model(torch.ones(1, 8))
        found.append(archive.read(str(tmp_path / name)))
        if name == "a.esr":
            model.inner = torch.compile(model.inner, backend="eager")
            with torch.no_grad():
                model(torch.ones(1, 8))  # compiled before the hooks come
    assert found[1].record.roots[0].opaque == ("inner is compiled by torch.compile",)
    assert list(found[0].record.roots[0].parameters) == list(found[1].record.roots[0].parameters)
    verdict = ladder.compare(*found)
    assert verdict.outcome == "equivalent", verdict.cause
    assert verdict.rungs[4].details == ("inner is compiled by torch.compile here",)
