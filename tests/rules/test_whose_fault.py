"""Whose fault a text shows: the program's own, what moved beside what failed, or a variable as it is set."""

from __future__ import annotations

import pytest

from envsnap.model.manifest import Manifest
from envsnap.rules import engine
from envsnap.rules.finding import Finding, Severity
from tests import examples

SITE = "/env/lib/python3.11/site-packages/"


def host(variables: dict[str, str] | None = None, **versions: str) -> Manifest:
    facts = {"packages": examples.packages(**versions)}
    if variables is not None:
        facts["env_vars"] = {"entries": variables}
    return examples.manifest(facts)


def traceback(*frames: tuple[str, str], raised: str) -> str:
    """A traceback of calls: a file, and the line of it."""
    calls = "".join(
        f'  File "{file}", line 7, in {"<module>" if file.endswith("onnx.py") else "call"}\n    {line}\n'
        for file, line in frames
    )
    return f"Traceback (most recent call last):\n{calls}{raised}\n"


def loud(found: tuple[Finding, ...]) -> list[tuple[str, ...]]:
    return [item.path for item in found if item.severity is not Severity.INFO]


OWN = ("/home/u/train.py", "loss = criterion(out, target)")
TORCH = (f"{SITE}torch/nn/functional.py", "return _nll(input, target)")
SKLEARN = (f"{SITE}sklearn/utils/validation.py", "raise ValueError(")
MISTAKES = [
    traceback(OWN, TORCH, raised="IndexError: Target 3 is out of bounds."),
    traceback(OWN, TORCH, raised="RuntimeError: Trying to backward through the graph a second time"),
    traceback(OWN, TORCH, raised="RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)"),
    traceback(OWN, SKLEARN, raised="ValueError: Input X contains NaN."),
    traceback(
        OWN, SKLEARN,
        raised="ValueError: Found input variables with inconsistent numbers of samples: [10, 12]",
    ),
    "cv2.error: OpenCV(4.10.0) color.cpp:196: error: (-215:Assertion failed) !_src.empty() in function 'cvtColor'\n",
]  # fmt: skip


@pytest.mark.parametrize("text", MISTAKES)
def test_what_the_program_passes_accuses_no_package(text: str) -> None:
    here = host(torch="2.4.1", scikit_learn="1.5.2", opencv_python="4.10.0.84")
    assert loud(engine.inspect(here, error_text=text).findings) == []


def test_between_two_libraries_it_may_be_the_environment() -> None:
    inside = (f"{SITE}transformers/models/bert/modeling_bert.py", "x = self.dense(x)")
    text = traceback(
        OWN, inside, TORCH, raised="RuntimeError: mat1 and mat2 shapes cannot be multiplied"
    )
    here = host(transformers="4.40.0", torch="2.4.1")
    there = host(transformers="4.51.0", torch="2.4.1")
    first = engine.compare(here, there, error_text=text).findings[0]
    assert (first.path[:2], first.severity) == (("packages", "transformers"), Severity.WARNING)


def test_a_file_of_the_program_in_the_place_of_a_package() -> None:
    text = traceback(
        ("/p/onnx.py", "torch.onnx.export(model)"),
        (f"{SITE}torch/onnx/utils.py", "import onnx"),
        ("/p/onnx.py", "torch.onnx.export(model)"),
        raised="AttributeError: module 'torch.onnx' has no attribute 'export'",
    )
    found = engine.inspect(host(torch="2.4.1", onnx="1.16.0"), error_text=text).findings
    assert loud(found) == []
    assert "onnx.py is imported in the place of the package" in found[0].message
    assert found[0].fix == "Rename the program's file."


def test_what_moved_and_is_required_comes_before_what_is_the_same() -> None:
    """Typer is the same on both sides: what its code requires went on."""
    text = traceback(
        ("/p/cli.py", "app()"),
        (f"{SITE}typer/rich_utils.py", "metavar_str = param.make_metavar()"),
        raised="TypeError: Parameter.make_metavar() missing 1 required positional argument: 'ctx'",
    )
    here = host(click="8.1.8", typer="0.15.3", packaging="24.2")
    there = host(click="8.2.0", typer="0.15.3", packaging="25.0")
    first = engine.compare(here, there, error_text=text).findings[0]
    assert first.path[:2] == ("packages", "click")
    assert first.severity is Severity.WARNING
    assert "required by typer" in first.why


def test_a_variable_that_a_line_complains_of_as_it_is_set() -> None:
    text = "WARNING: BNB_CUDA_VERSION=123 environment variable detected; loading libbitsandbytes_cuda123.so\n"
    name = ("env_vars", "BNB_CUDA_VERSION")
    here = host({"BNB_CUDA_VERSION": "123"}, bitsandbytes="0.43.1")
    assert loud(engine.inspect(here, error_text=text).findings)[0] == name
    other = host({"BNB_CUDA_VERSION": "121"}, bitsandbytes="0.43.1")
    assert name not in loud(engine.inspect(other, error_text=text).findings)


def test_a_user_whom_nobody_names() -> None:
    text = "KeyError: 'getpwuid(): uid not found: 1000880000'\n"
    first = engine.inspect(host({}, torch="2.9.0"), error_text=text).findings[0]
    assert first.path == ("env_vars", "USER")
    assert "no variable names it" in first.message


def test_variables_of_one_side_that_begin_as_those_of_a_package() -> None:
    def side(*names: str) -> Manifest:
        facts = {
            "packages": examples.packages(ray="2.48.0"),
            "env_vars": {"entries": {}, "others": list(names)},
        }
        return examples.manifest(facts)

    found = engine.compare(side("RAY_NOSET_X", "EDITOR"), side("EDITOR2")).findings
    assert [item.path for item in found] == [("env_vars", "RAY_NOSET_X")]
    assert found[0].severity is Severity.INFO


def of_torch(name: str, line: str) -> tuple[str, str]:
    """A frame of torch that only passes a call on; `name` is put in place of `call` afterwards."""
    return f"{SITE}torch/nn/modules/module.py", f"{line}  # {name}"


@pytest.mark.parametrize(
    ("line", "name", "raised"),
    [
        ("out = model(x)", "_call_impl", "TypeError: Encoder.forward() missing 1 required positional argument: 'mask'"),
        ("y = self.encodr(x)", "__getattr__", "AttributeError: 'Seq2Seq' object has no attribute 'encodr'"),
    ],
)  # fmt: skip
def test_what_torch_passes_on_is_the_programs_own(line: str, name: str, raised: str) -> None:
    text = traceback(("/app/train.py", line), of_torch(name, "call"), raised=raised)
    text = text.replace(f"in call\n    call  # {name}", f"in {name}\n    call()")
    here = host(torch="2.4.1", transformers="4.53.0")
    assert loud(engine.inspect(here, error_text=text).findings) == []


def test_a_class_that_is_called_as_its_distribution_is_its() -> None:
    text = traceback(
        ("/app/main.py", "app = Starlette(on_startup=[boot])"),
        raised="TypeError: Starlette.__init__() got an unexpected keyword argument 'on_startup'",
    )
    found = engine.inspect(host(starlette="1.0.0", torch="2.4.1"), error_text=text).findings[0]
    assert found.path == ("packages", "starlette")


def test_what_does_not_get_what_it_wants_comes_before_that_it_raised() -> None:
    text = traceback(
        (f"{SITE}ray/scripts/scripts.py", "copy.deepcopy(command)"),
        raised="ValueError: <object object at 0x7f> is not a valid Sentinel",
    )
    found = engine.inspect(host(ray="2.48.0", click="8.3.1"), error_text=text).findings
    assert "wants click" in found[0].message


def test_a_port_that_is_taken_accuses_no_package() -> None:
    text = (
        f'  File "{SITE}uvicorn/server.py", line 70, in serve\n    await self._serve(sockets)\n'
        "ERROR:    [Errno 98] error while attempting to bind on address ('0.0.0.0', 8000): address already in use\n"
    )
    found = engine.compare(host(uvicorn="0.34.3"), host(uvicorn="0.35.0"), error_text=text).findings
    assert found[0].message == "another process holds the port"


def test_a_fault_is_told_of_the_innermost_call_which_stands_first() -> None:
    text = (
        "Fatal Python error: Segmentation fault\n\nCurrent thread 0x00007f2a41d9a080 (most recent call first):\n"
        f'  File "{SITE}sentencepiece/__init__.py", line 316 in LoadFromFile\n'
        '  File "/p/test_tok.py", line 8 in test_roundtrip\n'
        f'  File "{SITE}_pytest/python.py", line 157 in pytest_pyfunc_call\n'
    )
    here, there = host(sentencepiece="0.2.0", pytest="8.4.1"), host(sentencepiece="0.2.1", pytest="8.4.1")  # fmt: skip
    found = engine.compare(here, there, error_text=text).findings[0]
    assert found.path[1] == "sentencepiece"
    assert f"(line 4): {SITE}sentencepiece" in found.why


def test_a_variable_that_only_tells_more_is_no_cause() -> None:
    text = (
        "torch.distributed.DistBackendError: NCCL error in: ProcessGroupNCCL.cpp:93, unhandled cuda error"
        " (run with NCCL_DEBUG=INFO for details)\n"
    )
    here, there = host({"NCCL_DEBUG": "WARN"}, torch="2.4.1"), host({"NCCL_DEBUG": "INFO"}, torch="2.4.1")  # fmt: skip
    assert ("env_vars", "NCCL_DEBUG") not in loud(engine.compare(here, there, error_text=text).findings)  # fmt: skip


def test_a_defect_of_which_a_text_has_no_word_is_not_raised_by_it() -> None:
    text = traceback(
        ("/app/main.py", "import torch"),
        (f"{SITE}torch/__init__.py", "raise err"),
        raised="OSError: [WinError 1114] A dynamic link library initialization routine failed.",
    )
    found = engine.compare(host(torch="2.8.0"), host(torch="2.9.0"), error_text=text).findings
    assert all("The text says" not in item.why for item in found if item.rule == "known-bad-release")  # fmt: skip


@pytest.mark.parametrize(
    ("frame", "raised"),
    [
        (("networkx/paths.py", ""), "networkx.exception.NetworkXNoPath: No path between u17 and u99."),
        (("lightgbm/basic.py", "raise LightGBMError(message)"), "lightgbm.basic.LightGBMError: 31 features in data"),
        (("faiss/class_wrappers.py", "assert d == self.d"), "AssertionError"),
        (("torchmetrics/stat.py", "raise RuntimeError("), "RuntimeError: more unique values in `target`"),
    ],
)  # fmt: skip
def test_a_library_that_complains_on_purpose_is_not_accused(
    frame: tuple[str, str], raised: str
) -> None:
    name = frame[0].partition("/")[0]
    text = traceback((SITE + frame[0], frame[1]), raised=raised)
    found = engine.inspect(host(**{name: "3.3"}), error_text=text).findings
    assert all(item.severity is Severity.INFO for item in found)


def test_a_library_that_trips_over_another_is_accused() -> None:
    text = traceback((f"{SITE}networkx/a.py", "np.float(1)"), raised="TypeError: no such overload")
    found = engine.inspect(host(networkx="3.3"), error_text=text).findings
    assert found[0].severity is Severity.WARNING
