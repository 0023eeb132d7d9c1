"""A library that complains of what it was given, or of a service, accuses no environment."""

from __future__ import annotations

import pytest

from envsnap.model.manifest import Manifest
from envsnap.rules import engine
from envsnap.rules.finding import NO_CRASH, Severity
from tests import examples

SITE = "/venv/lib/python3.11/site-packages"


def host(env: dict[str, str] | None = None, **versions: str) -> Manifest:
    sections = {"packages": examples.packages(**versions), "env_vars": {"entries": env or {}}}
    return examples.manifest(sections)


def raised(exception: str, *frames: tuple[str, str]) -> str:
    """A traceback from the program through these files."""
    lines = ["Traceback (most recent call last):", '  File "/srv/app/main.py", line 7, in main']
    lines += [f'  File "{SITE}/{file}", line 12, in {name}' for file, name in frames]
    return "\n".join([*lines, exception, ""])


def accused(text: str, here: Manifest, there: Manifest | None = None) -> list[str]:
    result = (
        engine.inspect(here, error_text=text)
        if there is None
        else engine.compare(here, there, error_text=text)
    )
    told = [item for item in result.findings if item.severity is not Severity.INFO]
    return [".".join(item.path) for item in told if "The text says" in item.why]


@pytest.mark.parametrize(
    "exception",
    [
        "ValueError: could not convert string to float: 'n/a'",
        "KeyError: 'labels'",
        "sklearn.exceptions.NotFittedError: This estimator is not fitted yet",
        "yaml.scanner.ScannerError: mapping values are not allowed here",
        "numpy.linalg.LinAlgError: 3-th leading minor of the array is not positive definite",
        "requests.exceptions.HTTPError: 429 Client Error: Too Many Requests for url: x",
        "openai.RateLimitError: Error code: 429 - quota",
        "botocore.errorfactory.NoSuchKey: An error occurred (NoSuchKey)",
        "httpx.ReadTimeout: timed out",
        "psycopg2.OperationalError: the server closed the connection",
    ],
)
def test_another_release_of_it_would_complain_too(exception: str) -> None:
    text = raised(exception, ("pandas/core/frame.py", "load"))
    assert accused(text, host(pandas="2.2.3")) == []
    assert accused(text, host(pandas="2.2.3"), host(pandas="2.2.2")) == []


def test_a_release_that_went_far_may_read_the_same_data_otherwise() -> None:
    text = raised("ValueError: bad date", ("pandas/core/frame.py", "load"))
    assert accused(text, host(pandas="2.2.3"), host(pandas="3.0.0")) == ["packages.pandas.version"]
    answer = raised("requests.exceptions.HTTPError: 403", ("pandas/core/frame.py", "load"))
    assert accused(answer, host(pandas="2.2.3"), host(pandas="3.0.0")) == []


@pytest.mark.parametrize(
    ("exception", "frame"),
    [
        ("AttributeError: module 'numpy' has no attribute 'bool8'", ("pandas/core/frame.py", "load")),
        ("ValueError: mutable default", ("pandas/core/frame.py", "<module>")),
        (f"FileNotFoundError: Cannot find library at {SITE}/pandas/libx_2.3.so", ("pandas/core/frame.py", "load")),
    ],
)  # fmt: skip
def test_what_only_the_environment_explains_is_told(exception: str, frame: tuple[str, str]) -> None:
    assert accused(raised(exception, frame), host(pandas="2.2.3"))


def test_a_variable_that_has_to_be_set() -> None:
    text = raised("ValueError: environment variable MASTER_ADDR expected, but not set", ("torch/distributed/rendezvous.py", "f"))  # fmt: skip
    assert accused(text, host(torch="2.5.1")) == ["env_vars.MASTER_ADDR"]
    assert accused(text, host({"MASTER_ADDR": "a"}, torch="2.5.1")) == ["env_vars.MASTER_ADDR"]
    unknown = examples.manifest({"env_vars": {"entries": {}}}, partial=("env_vars",))
    assert accused(text, unknown) == []


@pytest.mark.parametrize(
    ("name", "value", "exception"),
    [
        ("TORCH_CUDA_ARCH_LIST", "9.x", "ValueError: Unknown CUDA arch (9.x) or GPU not supported"),
        ("PYTORCH_MPS_HIGH_WATERMARK_RATIO", "0.7", "RuntimeError: invalid low watermark ratio 1.4"),
        ("TMPDIR", "/scratch/8812", "FileNotFoundError: No usable temporary directory found in ['/scratch/8812', '/tmp']"),
    ],
)  # fmt: skip
def test_a_variable_by_its_value_or_by_the_words_of_its_name(
    name: str, value: str, exception: str
) -> None:
    text = raised(exception, ("torch/utils/cpp_extension.py", "f"))
    assert (
        accused(text, host({name: value, "EDITOR": "vi"}, torch="2.5.1"))[0] == f"env_vars.{name}"
    )


def test_a_module_that_installed_code_asks_for() -> None:
    text = raised("ModuleNotFoundError: No module named 'async_timeout'", ("ray/agent.py", "<module>"))  # fmt: skip
    assert accused(text, host(ray="2.7.1")) == ["packages.async-timeout"]
    own = 'Traceback (most recent call last):\n  File "/srv/app/main.py", line 7, in <module>\n    import helpers\nModuleNotFoundError: No module named \'helpers\'\n'  # fmt: skip
    assert accused(own, host(ray="2.7.1")) == []


def test_what_changes_numbers_ends_no_program() -> None:
    text = raised("RuntimeError: no", ("torch/nn/functional.py", "linear"))
    here, there = host(torch="2.5.1"), host({"OMP_NUM_THREADS": "8"}, torch="2.5.1")
    (found,) = [
        item
        for item in engine.compare(here, there, error_text=text).findings
        if item.path[-1] == "OMP_NUM_THREADS"
    ]
    assert found.why.endswith(NO_CRASH)
    wrong = engine.compare(here, there, symptom="wrong").findings[0]
    assert not wrong.why.endswith(NO_CRASH)


def test_words_that_mean_something_else_beside_others() -> None:
    """A lock of a file is no limit on threads, a symbol no kernel, a method no package."""
    lock = "BlockingIOError: [Errno 11] Unable to synchronously open file (unable to lock file, errno = 11, error message = 'Resource temporarily unavailable')\n"  # fmt: skip
    assert "system.processes_limit" not in accused(lock, host(h5py="3.11.0"))
    symbol = "LLVM ERROR: Symbol not found: __svml_cosf8_ha\n"
    assert accused(symbol, host(**{"numba": "0.60.0", "icc-rt": "2020.0.133"})) == ["packages.icc-rt"]  # fmt: skip
    method = raised("AttributeError: 'DynamicJaxprTracer' object has no attribute 'numpy'", ("keras/backend.py", "f"))  # fmt: skip
    assert "packages.numpy" not in accused(method, host(keras="3.6.0", numpy="2.1.0"))


def test_a_pointer_is_the_file_that_cannot_be_read() -> None:
    weights = {"entries": {"whole.model": {"size": 9}, "tokenizer.model": {"pointer": "git-lfs"}}}
    here = examples.manifest({"packages": examples.packages(sentencepiece="0.2.0"), "weights": weights})  # fmt: skip
    text = raised("RuntimeError: Internal: could not parse ModelProto from /m/tokenizer.model", ("sentencepiece/__init__.py", "Load"))  # fmt: skip
    assert accused(text, here)[0] == "weights.tokenizer.model.pointer"
