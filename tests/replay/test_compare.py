"""`envsnap compare`: the real command, a real model, one fault at a time."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import Run

EPS = "model.norm.eps = 1e-3"
SCALED = "model.fc.weight.data.mul_(1.00001)"
NO_EVAL = "model.train()"
BGR = "x = x.flip(1)"
SPREAD = "x = x / 1.01"
DOUBLE = "x = x.double(); model.double()"
CODE = "factor = 1.001"
KIND = "model.act = nn.LeakyReLU(0.1)"
SCALE = "model.scale = 2.0"


def compare(envsnap: Run, python: str, golden: Path, path: Path, *options: str, **settings: object):
    """Compare a script with the golden run; the verdict is read from JSON."""
    done = envsnap("compare", "--format", "json", *options, golden, "--", python, path, **settings)
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize(
    ("fault", "code", "first", "words"),
    [
        ("", 0, None, ""),
        (SCALE, 0, None, ""),  # a setting that nothing uses
        (EPS, 1, "norm", "BatchNorm2d.eps 1e-05 -> 0.001"),
        (SCALED, 1, "fc", "weights differ"),
        (NO_EVAL, 1, "norm", "training mode here"),
        (BGR, 1, None, "channels are reversed"),
        (SPREAD, 1, None, "channels are 0.990"),
        (DOUBLE, 1, None, "the model is in float64 here"),
        (CODE, 1, None, "code outside of layers"),
        (KIND, 1, "act", "ReLU.type ReLU -> LeakyReLU"),
        ("model.fc.weight.data[0, 0] = float('nan')", 1, "fc", "weights differ"),
        ("x = torch.zeros(2, 3, 16, 17)", 1, None, "shape [2, 3, 16, 16] -> [2, 3, 16, 17]"),
        ("x = x.mT", 1, None, "transposed"),
        ("x = x * 255", 1, None, "not divided by 255"),
        ("x = x[..., :1].repeat(1, 1, 1, 16) * 0 + x; x[0, 0, 0, 0] += 1e-2", 1, None, "inputs"),
    ],
)
def test_one_fault(
    fault: str, code: int, first: str | None, words: str, envsnap: Run, torch_python: str,
    script, golden: Path,
) -> None:  # fmt: skip
    returned, verdict = compare(envsnap, torch_python, golden, script(fault))
    assert returned == code, verdict
    assert words in verdict["cause"]
    assert (verdict["first"] or {}).get("name") == first
    assert verdict["bits"] is (code == 0)
    assert bool(verdict["fix"]) is (code == 1)


def test_what_is_not_the_cause(envsnap: Run, torch_python: str, script, golden: Path) -> None:
    _, verdict = compare(envsnap, torch_python, golden, script(EPS))
    assert [line.partition(":")[0] for line in verdict["not_the_cause"]] == [
        "preprocessing",
        "weights",
        "CPU kernels",
    ]
    assert "4 layers" in verdict["not_the_cause"][2]


def test_another_cpu_is_the_same_but_for_bits(
    envsnap: Run, torch_python: str, script, golden: Path
) -> None:
    other = {"ONEDNN_MAX_CPU_ISA": "SSE41", "ATEN_CPU_CAPABILITY": "default"}
    code, verdict = compare(envsnap, torch_python, golden, script(), env=other)
    assert code == 0
    assert not verdict["bits"]
    ratios = [layer["ratio"] for layer in verdict["layers"] if layer["ratio"]]
    assert ratios
    assert max(ratios) <= 8
    code, verdict = compare(envsnap, torch_python, golden, script(), "--strict", env=other)
    assert code == 1
    assert "bits differ" in verdict["cause"]
    code, verdict = compare(envsnap, torch_python, golden, script(EPS), env=other)
    assert (code, verdict["first"]["name"]) == (1, "norm")


def test_one_bit_is_seen_where_sketches_show_nothing(
    envsnap: Run, torch_python: str, script, tmp_path: Path
) -> None:
    """In float64 the last bit of one input: too small for a sketch, not for a digest."""
    double = "x = x.double(); model.double()"
    golden = envsnap("record", "-o", "it.esr", "--", torch_python, script(double))
    assert golden.returncode == 0, golden.stderr
    bit = f"{double}; x.view(torch.int64)[0, 0, 0, 0] ^= 1"
    code, verdict = compare(envsnap, torch_python, tmp_path / "it.esr", script(bit))
    assert (code, verdict["bits"]) == (0, False)
    rung = next(item for item in verdict["rungs"] if item["name"] == "inputs")
    assert rung["state"] == "noise"
    scaled = f"{double}; factor = 1 + 1e-15"
    code, verdict = compare(envsnap, torch_python, tmp_path / "it.esr", script(scaled))
    assert (code, verdict["bits"]) == (0, False)


def test_two_recordings(envsnap: Run, torch_python: str, script, golden: Path) -> None:
    """Without replay a layer that was given the same bits is still judged by its own error."""
    for fault, code, first in (("", 0, None), (EPS, 1, "norm"), (CODE, 1, None)):
        done = envsnap("record", "-o", "other.esr", "--", torch_python, script(fault))
        assert done.returncode == 0
        done = envsnap("compare", golden, "other.esr", "--format", "json")
        verdict = json.loads(done.stdout)
        assert done.returncode == code, verdict
        assert (verdict["first"] or {}).get("name") == first


def test_digests_alone_may_stay_undecided(
    envsnap: Run, torch_python: str, script, tmp_path: Path
) -> None:
    """A scale between noise and fault, with nothing kept to replay."""
    for name, fault in (("a", ""), ("b", "factor = 1 + 5e-6")):
        done = envsnap(
            "record", "--no-full", "-o", f"{name}.esr", "--", torch_python, script(fault)
        )
        assert done.returncode == 0, done.stderr
    done = envsnap("compare", "a.esr", "b.esr", "--format", "json")
    verdict = json.loads(done.stdout)
    assert done.returncode == 6, verdict
    assert "between noise and fault" in verdict["cause"]
    assert "--full" in verdict["fix"]
    assert envsnap("compare", "a.esr", "a.esr").returncode == 0


def test_random_layers_are_said_not_blamed(
    envsnap: Run, torch_python: str, script, tmp_path: Path
) -> None:
    """Dropout is active in both runs: no seed, no verdict on it."""
    path = script("model.drop.train()")
    assert envsnap("record", "-o", "it.esr", "--", torch_python, path).returncode == 0
    code, verdict = compare(envsnap, torch_python, tmp_path / "it.esr", path)
    assert code == 6
    assert "random layers are active in both runs: drop" in verdict["cause"]


def test_no_model_on_one_side(envsnap: Run, torch_python: str, golden: Path) -> None:
    done = envsnap("compare", golden, "--", torch_python, "-c", "print('data')")
    assert done.returncode == 6
    assert "no model was called in the other run" in " ".join(done.stdout.split())
    assert "data" not in done.stdout
    assert "data" in done.stderr


def test_a_run_that_passes_its_model_over_has_diverged(
    envsnap: Run, torch_python: str, script, golden: Path
) -> None:
    path = script("raise SystemExit(0)")
    done = envsnap("compare", "--format", "json", golden, "--", torch_python, path)
    assert done.returncode == 1
    verdict = json.loads(done.stdout)
    assert verdict["cause"].startswith("the golden run calls Net, and this one calls no model")
    assert "differs: `raise SystemExit(0)`" in verdict["cause"]


@pytest.mark.parametrize("called", [True, False])
def test_a_command_that_fails_is_not_the_same(
    envsnap: Run, torch_python: str, script, golden: Path, called: bool
) -> None:
    path = script("" if called else "raise SystemExit(3)")
    if called:
        path.write_text(path.read_text() + "    raise SystemExit(3)\n")
    done = envsnap("compare", "--format", "json", golden, "--", torch_python, path)
    assert done.returncode == 1
    verdict = json.loads(done.stdout)
    assert verdict["outcome"] == "diverged"
    assert verdict["cause"].startswith("the command ended with exit code 3")
    assert ("the models' results are the same" in verdict["cause"]) is called
    assert (torch_python in verdict["fix"]) is not called


def test_a_command_that_always_ends_so_is_the_same(
    envsnap: Run, torch_python: str, script, tmp_path: Path
) -> None:
    path = script("")
    path.write_text(path.read_text() + "    raise SystemExit(3)\n")
    assert envsnap("record", "-o", "it.esr", "--", torch_python, path).returncode == 3
    done = envsnap("compare", "it.esr", "--", torch_python, path)
    assert done.returncode == 0, done.stdout


def test_an_interrupt_is_no_verdict(envsnap: Run, torch_python: str, golden: Path) -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"
    done = envsnap("compare", golden, "--", torch_python, "-c", code)
    assert done.returncode == 130
    assert done.stdout == ""


def test_an_input_that_the_model_cannot_take_is_the_cause(
    envsnap: Run, torch_python: str, script, golden: Path
) -> None:
    path = script("x = (x * 255).to(torch.uint8)")
    done = envsnap("compare", "--format", "json", golden, "--", torch_python, path)
    assert done.returncode == 1
    verdict = json.loads(done.stdout)
    assert verdict["cause"].startswith("inputs differ: x expects float32 [N, 3, 16, 16]")
    assert "the model raised RuntimeError: " in verdict["cause"]
    assert "conv (Conv2d)" in verdict["cause"]
    assert "Convert the input to float32" in verdict["fix"]
    (outputs,) = [rung for rung in verdict["rungs"] if rung["name"] == "outputs"]
    assert outputs["state"] == "diverged"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--repeat", "3"], "holds no timings"),
        (["--zoom"], "holds no names of kernels"),
        (["-o", "nowhere/v.json"], "folder to write into does not exist"),
        (["--keep", "nowhere/it.esr"], "folder to write into does not exist"),
    ],
)
def test_what_cannot_be_done_is_refused_before_the_run(
    envsnap: Run, torch_python: str, golden: Path, tmp_path: Path, options: list[str], says: str
) -> None:
    code = "open('ran', 'w').close()"
    done = envsnap("compare", *options, golden, "--", torch_python, "-c", code)
    assert done.returncode == 2
    assert says in done.stderr
    assert not (tmp_path / "ran").exists()


def test_a_model_that_raises_has_diverged(
    envsnap: Run, torch_python: str, script, golden: Path
) -> None:
    path = script("model.fc = nn.Linear(9, 10)")
    done = envsnap("compare", "--format", "json", golden, "--", torch_python, path)
    assert done.returncode == 1
    assert "mat1 and mat2" in done.stderr  # the script's own
    assert "raised" in json.loads(done.stdout)["cause"]


def test_formats(envsnap: Run, torch_python: str, script, golden: Path, tmp_path: Path) -> None:
    command = ["--keep", "kept.esr", golden, "--", torch_python, script(EPS)]
    shown = envsnap("compare", *command).stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert "✕  Diverged: a setting differs" in shown
    assert "first: " in shown
    assert "\x1b" not in shown
    plain = envsnap("compare", golden, "kept.esr", env={"PYTHONIOENCODING": "ascii"}).stdout
    assert plain.isascii()
    assert "X  Diverged" in plain
    assert "\x1b[" in envsnap("compare", "--color", "always", golden, "kept.esr").stdout
    table = envsnap("compare", "--format", "markdown", golden, "kept.esr").stdout
    assert table.startswith("### Diverged")
    assert "| `norm BatchNorm2d` |" in table
    done = envsnap("compare", "-o", "it.txt", golden, "kept.esr")
    assert (done.stdout, done.returncode) == ("", 1)
    assert "Diverged" in (tmp_path / "it.txt").read_text()


def test_verdicts_satisfy_their_schema(
    envsnap: Run, torch_python: str, script, golden: Path
) -> None:
    from jsonschema import Draft202012Validator

    from envsnap.cli.schema import render

    _, verdict = compare(envsnap, torch_python, golden, script(EPS))
    Draft202012Validator(json.loads(render("verdict"))).validate(verdict)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("none.esr", "other.esr"), "no such file"),
        (("golden.esr", "python", "x.py"), "write -- before a command"),
        (("golden.esr", "golden.esr", "--keep", "x"), "need a command after --"),
        (("golden.esr",), "Missing argument"),
        (("bad.esr", "golden.esr"), "not a recording"),
    ],
)
def test_usage_errors(
    arguments: tuple[str, ...], word: str, envsnap: Run, golden: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.esr").write_bytes(b"x" * 100)
    done = envsnap("compare", *arguments)
    assert done.returncode == 2
    assert word in done.stderr
    assert done.stdout == ""


def test_names_in_a_recording_cannot_move_the_terminal(
    envsnap: Run, golden: Path, tmp_path: Path
) -> None:
    import zipfile

    hostile = tmp_path / "hostile.esr"
    with zipfile.ZipFile(golden) as source, zipfile.ZipFile(hostile, "w") as made:
        for item in source.infolist():
            data = source.read(item)
            if item.filename == "record.json":
                tree = json.loads(data)
                call = tree["calls"][0]
                call["leaves"][1]["name"] = "\x1b]0;owned\x07 | `x` <script>"
                call["leaves"][1]["result"]["tensor"] = 0
                data = json.dumps(tree).encode()
            made.writestr(item, data)
    for style in ("terminal", "markdown"):
        shown = envsnap("compare", "--format", style, golden, hostile).stdout
        assert "\x1b" not in shown
        assert "owned" not in shown or "\\u001b" in shown


GOLDEN_TEST = """
import torch
from infer import Net, fill, x

def test_model(golden):
    model = fill(Net())
    FAULT
    with golden("model.esr"), torch.no_grad():
        model(x)
"""


def test_the_pytest_fixture(torch_python: str, script, tmp_path: Path) -> None:
    import subprocess

    pytest_there = subprocess.run(
        [torch_python, "-c", "import pytest, envsnap"], check=False, capture_output=True
    )
    if pytest_there.returncode:
        from tests.conftest import lacking

        lacking("the Python with torch has no pytest and envsnap")
    script()
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["envsnap.pytest_plugin"]\n')

    def run(fault: str, *options: str) -> tuple[int, str]:
        (tmp_path / "test_it.py").write_text(GOLDEN_TEST.replace("FAULT", fault))
        done = subprocess.run(
            [torch_python, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", *options],
            cwd=tmp_path, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
        )  # fmt: skip
        return done.returncode, done.stdout

    code, said = run("pass")
    assert code == 1
    assert "run pytest --record-golden" in said
    assert run("pass", "--record-golden")[0] == 0
    assert (tmp_path / "model.esr").exists()
    assert run("pass")[0] == 0
    before = (tmp_path / "model.esr").read_bytes()
    raising = "model.register_forward_hook(lambda *_: 1 / 0)"
    assert run(raising, "--record-golden")[0] == 1
    assert (tmp_path / "model.esr").read_bytes() == before  # a half run is no golden one
    code, said = run("model.norm.eps = 1e-3")
    assert code == 1
    assert "BatchNorm2d.eps 1e-05 -> 0.001" in said


def test_another_python_without_envsnap(
    envsnap: Run, torch_python: str, script, golden: Path, tmp_path: Path
) -> None:
    """The recorded Python needs torch only: envsnap is not importable there."""
    import subprocess

    folder = tmp_path / "venv"
    subprocess.run([torch_python, "-m", "venv", "--without-pip", str(folder)], check=True)
    packages = subprocess.run(
        [torch_python, "-c", "import torch, os; print(os.path.dirname(os.path.dirname(torch.__file__)))"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    python = folder / "bin" / "python"
    path = script(EPS)
    head = (
        f"import sys; sys.path.append({packages!r})\n"
        "class No:\n    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('envsnap', 'msgspec', 'click'): raise ImportError(name)\n"
        "sys.meta_path.insert(0, No())\n"
    )
    path.write_text(head + path.read_text())
    code, verdict = compare(envsnap, str(python), golden, path)
    assert (code, verdict["first"]["name"]) == (1, "norm")
    shutil.rmtree(folder)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ("", 0, ""),
        ("model.norm.eps = 0.02", 1, "BatchNorm2d.eps"),
        ("model.norm.eps = 0.5", 1, "BatchNorm2d.eps"),
        ("model.act = nn.SiLU()", 1, "ReLU.type ReLU -> SiLU"),
        ("factor = 1.5", 1, "code outside of layers"),
    ],
)
def test_half_precision(
    fault: str, code: int, words: str, dtype: str, envsnap: Run, torch_python: str, script,
    tmp_path: Path,
) -> None:  # fmt: skip
    """Noise of another CPU is far below its rounding, so that smaller faults are seen."""
    half = f"x, model = x.to(torch.{dtype}), model.to(torch.{dtype})"
    golden = envsnap("record", "-o", "it.esr", "--", torch_python, script(half))
    assert golden.returncode == 0, golden.stderr
    other = {"ONEDNN_MAX_CPU_ISA": "AVX2"}
    path = script(f"{half}\n{fault}")
    code_here, verdict = compare(envsnap, torch_python, tmp_path / "it.esr", path, env=other)
    assert code_here == code, verdict
    assert words in verdict["cause"]


def test_half_precision_may_leave_it_open(
    envsnap: Run, torch_python: str, script, tmp_path: Path
) -> None:
    """What rounding could hide is called undecided where no setting tells it."""
    half = "x, model = x.bfloat16(), model.bfloat16()"
    wrapped = (
        "class Scaled(nn.BatchNorm2d):\n    def forward(self, x):\n"
        "        return super().forward(x) * SCALE\nmodel.norm.__class__ = Scaled"
    )
    for name, scale in (("golden", "1.0"), ("other", "1.003")):
        path = script(f"{half}\n{wrapped.replace('SCALE', scale)}", name=f"{name}.py")
    done = envsnap("record", "-o", "it.esr", "--", torch_python, tmp_path / "golden.py")
    assert done.returncode == 0, done.stderr
    code, verdict = compare(envsnap, torch_python, tmp_path / "it.esr", path)
    assert code == 6, verdict
    assert "between noise and fault: norm" in verdict["cause"]
    assert "float32" in verdict["fix"]
