"""What somebody says of the trouble, and variables that a text names, come first."""

from __future__ import annotations

from pathlib import Path

import pytest

from envsnap.knowledge.versions import Distance, distance
from envsnap.model import codec
from envsnap.model.manifest import Manifest
from envsnap.model.paths import text as spelled
from envsnap.rules import engine
from envsnap.rules.finding import Severity
from tests import examples
from tests.conftest import Run


def host(variables: dict[str, str], power: int = 400_000, **versions: str) -> Manifest:
    return examples.manifest(
        {
            "packages": examples.packages(**versions),
            "env_vars": {"entries": variables},
            "gpus": {"entries": {"0": {"name": "NVIDIA A100", "power_limit_mw": power}}},
        }
    )


def first(
    here: Manifest, there: Manifest, symptom: str | None = None, error_text: str = ""
) -> tuple[str, Severity]:
    found = engine.compare(here, there, symptom=symptom, error_text=error_text).findings[0]
    return spelled(found.path), found.severity


@pytest.mark.parametrize(
    ("symptom", "here", "there", "path"),
    [
        ("slower", host({}), host({}, power=200_000), "gpus[0].power_limit_mw"),
        ("slower", host({}), host({"CUDA_LAUNCH_BLOCKING": "1"}), "env_vars.CUDA_LAUNCH_BLOCKING"),
        ("wrong", host({"PYTHONHASHSEED": "0"}), host({}), "env_vars.PYTHONHASHSEED"),
        ("wrong", host({}), host({"TZ": "America/New_York"}), "env_vars.TZ"),
    ],
)
def test_a_fact_that_makes_such_trouble_counts(
    symptom: str, here: Manifest, there: Manifest, path: str
) -> None:
    assert first(here, there, symptom=symptom) == (path, Severity.WARNING)
    assert first(here, there)[1] is Severity.INFO


def test_a_variable_that_the_text_names() -> None:
    here, there = host({}, gunicorn="22.0.0"), host({"BNB_CUDA_VERSION": "117"}, gunicorn="23.0.0")
    log = "BNB_CUDA_VERSION=117 environment variable detected; loading libbitsandbytes_cuda117.so."
    assert first(here, there, error_text=log) == ("env_vars.BNB_CUDA_VERSION", Severity.WARNING)
    assert first(here, there, error_text="no such file")[0] == "packages.gunicorn.version"


@pytest.mark.parametrize(
    ("one", "two", "far"),
    [
        ("23.2.0", "24.3.0", Distance.MINOR),
        ("2023.1", "2024.6", Distance.MINOR),
        ("23.10.1", "24.2.0", Distance.MINOR),
        ("2025.2", "2018.9", Distance.MAJOR),
        ("20250622", "20250706", Distance.PATCH),
        ("20240622", "20250706", Distance.MINOR),
        ("22.0.0", "23.0.0", Distance.MAJOR),  # gunicorn, pyarrow: no months
        ("14.0.2", "15.1.0", Distance.MAJOR),
        ("2.3.1", "3.1.0", Distance.MAJOR),
    ],
)
def test_steps_of_a_calendar_are_no_major_ones(one: str, two: str, far: Distance) -> None:
    assert distance(one, two) is far


@pytest.mark.parametrize(("name", "version"), [("vllm", "0.11.0"), ("peft", "0.17.1")])
def test_the_package_whose_code_failed_is_told_of(name: str, version: str) -> None:
    here = host({}, vllm="0.11.0", peft="0.17.1", transformers="4.57.1")
    there = host({}, vllm="0.11.0", peft="0.17.1", transformers="5.0.0")
    log = (
        'Traceback (most recent call last):\n  File "/app/main.py", line 3, in <module>\n'
        f'  File "/opt/lib/python3.11/site-packages/{name}/utils.py", line 49, in <module>\n'
        "    from transformers import HybridCache\n"
        "ImportError: cannot import name 'HybridCache' from 'transformers'\n"
    )
    found = engine.compare(here, there, error_text=log).findings[0]
    assert found.message.startswith(f"{name} {version} wants transformers")


def test_a_large_step_beside_a_text_is_not_called_its_cause(tmp_path: Path, envsnap: Run) -> None:
    for name, version in (("dev", "22.0.0"), ("prod", "23.0.0")):
        (tmp_path / f"{name}.json").write_bytes(codec.encode(host({}, gunicorn=version)))
    (tmp_path / "log").write_text("KeyError: 'user_id'\n")
    told = envsnap("diff", "dev.json", "prod.json", "--error-text", "log").stdout
    assert "Nothing here explains the text." in told
    assert "The largest difference: gunicorn 22.0.0 -> 23.0.0" in told
    plain = envsnap("diff", "dev.json", "prod.json").stdout
    assert "Likeliest cause: gunicorn" in plain


def test_a_variable_that_acts_comes_before_one_that_does_not() -> None:
    here = host({"PYTHONHASHSEED": "0"})
    there = host({"PYTHONDONTWRITEBYTECODE": "1", "PATH": "/opt/bin"})
    assert first(here, there) == ("env_vars.PYTHONHASHSEED", Severity.INFO)


def machine(**system: object) -> Manifest:
    stated = {"cpu": "EPYC", "cpu_flags": ["avx2"], "memory_total": 10**11, **system}
    return examples.manifest(
        {
            "packages": examples.packages(torch="2.8.0"),
            "system": stated,
            "driver": {"version": "550.127.05"},
        }
    )


@pytest.mark.parametrize("symptom", ["wrong", "slower", "hang", "memory"])
@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"microcode": "0x1"}, {"microcode": "0x2"}),
        ({"memory_total": 10**11}, {"memory_total": 10**11 + 10**8}),
        ({"open_files_limit": 1 << 20}, {"open_files_limit": 1 << 19}),
        ({"kernel": "5.15.0-119"}, {"kernel": "5.15.0-130"}),
        ({"timezone": "Etc/UTC"}, {"timezone": "UTC"}),
    ],
)
def test_what_differs_between_any_two_machines_makes_no_trouble(
    symptom: str, one: dict[str, object], two: dict[str, object]
) -> None:
    found = engine.compare(machine(**one), machine(**two), symptom=symptom).findings
    assert [item.severity for item in found] == [Severity.INFO]


@pytest.mark.parametrize(
    ("symptom", "one", "two", "message"),
    [
        ("memory", {"transparent_hugepages": "madvise"}, {"transparent_hugepages": "always"},
         "transparent huge pages: madvise -> always"),
        ("memory", {"open_files_limit": 1 << 20}, {"open_files_limit": 1 << 30},
         "open files limit: 1048576 -> 1073741824"),
        ("slower", {"cgroup_cpu_limit": 8.0}, {"cgroup_cpu_limit": 1.0}, "cgroup cpu limit: 8.0 -> 1.0"),
    ],
)  # fmt: skip
def test_a_size_that_decides_is_told_with_its_values(
    symptom: str, one: dict[str, object], two: dict[str, object], message: str
) -> None:
    found = engine.compare(machine(**one), machine(**two), symptom=symptom).findings[0]
    assert (found.message, found.severity) == (message, Severity.WARNING)
    assert found.fix


def test_a_path_or_a_kernel_that_the_text_shows() -> None:
    bundle = "/etc/ssl/certs/corporation.pem"
    here, there = (
        host({}, requests="2.32.3"),
        host({"REQUESTS_CA_BUNDLE": bundle}, requests="2.32.4"),
    )
    log = f"OSError: Could not find a suitable TLS CA certificate bundle, invalid path: {bundle}"
    assert first(here, there, error_text=log)[0] == "env_vars.REQUESTS_CA_BUNDLE"
    one, two = machine(kernel="5.15.0-119"), machine(kernel="5.4.143-1.el8")
    assert (
        first(one, two, error_text="kernel version 5.4.143, which is below 5.5.0")[0]
        == "system.kernel"
    )
    assert first(one, two, error_text="release 15.4.1430")[1] is Severity.INFO


@pytest.mark.parametrize(
    ("path", "variable"),
    [
        ("/.triton", "TRITON_CACHE_DIR"),
        ("/root/.cache/huggingface/hub", "HF_HOME"),
        ("/tmp/torchinductor_root/x", "TORCHINDUCTOR_CACHE_DIR"),
    ],
)
def test_the_cache_whose_folder_may_not_be_written(path: str, variable: str) -> None:
    names = ("TRITON_CACHE_DIR", "HF_HOME", "TORCHINDUCTOR_CACHE_DIR")
    here, there = host(dict.fromkeys(names, "/scratch/x")), host({})
    log = f"PermissionError: [Errno 13] Permission denied: '{path}'"
    assert first(here, there, error_text=log)[0] == f"env_vars.{variable}"


def test_a_distribution_that_moved_is_taken_back() -> None:
    def side(model: str, wants: str) -> Manifest:
        packages = examples.packages(spacy="3.7.5", en_core_web_sm=model)
        packages["entries"]["en-core-web-sm"]["requires"] = [wants]
        return examples.manifest({"packages": packages})

    found = engine.compare(
        side("3.7.1", "spacy<3.8.0,>=3.7.2"), side("3.6.0", "spacy<3.7.0,>=3.6.0")
    )
    told = next(item for item in found.findings if item.rule == "requirements")
    assert spelled(told.path) == "packages.en-core-web-sm"
    assert told.fix.startswith("pip install 'en-core-web-sm==3.7.1', as the reference has")


def test_a_plain_value_is_no_class_of_a_package() -> None:
    here = examples.manifest(
        {
            "packages": examples.packages(transformers="4.51.3"),
            "python": {"version": "3.11.7", "optimize": 0},
        }
    )
    there = examples.manifest(
        {
            "packages": examples.packages(transformers="4.51.3"),
            "python": {"version": "3.11.7", "optimize": 2},
        }
    )
    log = "AttributeError: 'NoneType' object has no attribute 'split'"
    assert first(here, there, error_text=log)[0] == "python.optimize"


def test_a_library_of_the_driver_is_not_to_be_installed() -> None:
    here = host({"NVIDIA_DRIVER_CAPABILITIES": "all"})
    there = host({"NVIDIA_DRIVER_CAPABILITIES": "compute,utility"})
    log = "OSError: libnvcuvid.so.1: cannot open shared object file: No such file or directory"
    assert first(here, there, error_text=log)[0] == "env_vars.NVIDIA_DRIVER_CAPABILITIES"


def test_equal_sides_with_a_symptom_accuse_nothing() -> None:
    one = host({"TOKENIZERS_PARALLELISM": "false"})
    assert engine.compare(one, one, symptom="hang").findings == ()
