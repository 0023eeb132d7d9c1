"""A text that a sentence explains is explained, and what a release brings along is no cause beside it."""

from __future__ import annotations

import pytest

from envsnap.model.manifest import Manifest
from envsnap.model.paths import text as spelled
from envsnap.rules import engine
from envsnap.rules.finding import NONE_TOLD, Severity
from tests import examples

RAISED = (
    'Traceback (most recent call last):\n  File "/srv/run.py", line 3, in <module>\n    main()\n'
)
SITE = "/opt/venv/lib/python3.11/site-packages"


def host(version: str, **libraries: str) -> Manifest:
    framework = {"entries": {"torch": {"version": version, **libraries}}}
    return examples.manifest({"packages": examples.packages(torch=version), "frameworks": framework})  # fmt: skip


OLD = host("2.2.2+cu121", nccl="2.19.3", cudnn="8.9.2")
NEW = host("2.4.1+cu121", nccl="2.20.5", cudnn="9.1.0")
GONE = f"{RAISED}ModuleNotFoundError: No module named 'torch.distributed._shard.checkpoint'\n"


def paths(found: tuple[engine.Finding, ...]) -> list[str]:
    return [spelled(item.path) for item in found if item.severity is not Severity.INFO]


def test_what_a_release_lacks_its_libraries_have_not_taken() -> None:
    found = paths(engine.compare(OLD, NEW, error_text=GONE).findings)
    assert found[0] == "frameworks.torch.version"
    assert "frameworks.torch.nccl" not in found
    assert "frameworks.torch.cudnn" not in found


@pytest.mark.parametrize("symptom", [None, "wrong"])
def test_libraries_that_a_new_release_brings_are_told_beside_it(symptom: str | None) -> None:
    found = engine.compare(OLD, NEW, symptom=symptom).findings
    assert paths(found)[0] == "frameworks.torch.version"
    told = {spelled(item.path): item for item in found}
    assert told["frameworks.torch.nccl"].why.endswith("It comes with that release of torch.")


def test_another_library_beside_the_same_release_is_a_cause() -> None:
    other = host("2.2.2+cu121", nccl="2.20.5", cudnn="8.9.2")
    assert paths(engine.compare(OLD, other).findings) == ["frameworks.torch.nccl"]


@pytest.mark.parametrize(
    ("name", "one", "two", "said"),
    [
        ("protobuf", "6.31.1", "5.29.5", "google.protobuf.runtime_version.VersionError: Detected incompatible Protobuf Gencode/Runtime versions when loading predict.proto: gencode 6.31.1 runtime 5.29.5."),
        ("scikit-learn", "1.5.0", "1.2.2", "ValueError: node array from the pickle has an incompatible dtype:\n- expected: [('left_child', '<i8')]\n- got     : [('left_child', '<i8'), ('missing_go_to_left', 'u1')]"),
    ],
)  # fmt: skip
def test_a_text_that_a_sentence_explains_is_not_called_unexplained(
    name: str, one: str, two: str, said: str
) -> None:
    sides = [
        examples.manifest({"packages": examples.packages(**{name: version})})
        for version in (one, two)
    ]
    first = engine.compare(*sides, error_text=f"{RAISED}{said}\n").findings[0]
    assert spelled(first.path) == f"packages.{name}.version"
    assert not first.message.endswith(NONE_TOLD)
    assert "The text says" in first.why


def test_a_text_that_nothing_explains_says_so() -> None:
    sides = [
        examples.manifest({"packages": examples.packages(protobuf=version)})
        for version in ("6.31.1", "5.29.5")
    ]
    said = f'{RAISED}  File "{SITE}/google/protobuf/message.py", line 9, in f\n    raise DecodeError(x)\nDecodeError: Error parsing message\n'
    first = engine.compare(*sides, error_text=said).findings[0]
    assert first.message.endswith(NONE_TOLD)


def moved(**versions: tuple[str, str]) -> list[Manifest]:
    return [
        examples.manifest(
            {"packages": examples.packages(**{name: pair[side] for name, pair in versions.items()})}
        )
        for side in (0, 1)
    ]


def test_a_fix_pins_those_that_belong_together() -> None:
    sides = moved(torchvision=("0.16.2", "0.17.2"), torch=("2.1.2", "2.2.2"))
    found = {spelled(item.path): item for item in engine.compare(*sides).findings}
    assert found["packages.torchvision.version"].fix.startswith(
        "Install torchvision==0.16.2 with torch==2.1.2: they belong together."
    )
    alone = engine.compare(*moved(torchvision=("0.16.2", "0.17.2"))).findings[0]
    assert alone.fix.startswith("Install torchvision==0.16.2. ")


def test_a_path_of_the_reference_may_not_be_here() -> None:
    sides = [
        examples.manifest({"env_vars": {"entries": {"CUDA_HOME": path}, "complete": True}})
        for path in ("/usr/local/cuda-12.1", "/usr/local/cuda")
    ]
    found = engine.compare(*sides).findings[0]
    assert found.fix == "Set CUDA_HOME=/usr/local/cuda-12.1, if that path is there."


SAID = [
    ("RuntimeError: CUDA error: all CUDA-capable devices are busy or unavailable", {"gpus": {"entries": {"0": {"name": "NVIDIA L4", "compute_mode": 3}}}}, "gpus[0].compute_mode"),
    ("Detected kernel version 5.4.0, which is below the recommended minimum of 5.5.0; this can cause the process to hang.", {"system": {"kernel": "5.4.0-100-generic"}}, "system.kernel"),
    ("[ERROR] Worker (pid:19) was sent SIGKILL! Perhaps out of memory?", {"system": {"cgroup_memory_limit": 4 << 30}}, "system.cgroup_memory_limit"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "sections", "path"), SAID)
def test_a_host_alone_is_asked_for_what_a_text_says(
    said: str, sections: dict[str, object], path: str
) -> None:
    first = engine.inspect(examples.manifest(sections), error_text=f"{said}\n").findings[0]
    assert spelled(first.path) == path
    assert first.severity is not Severity.INFO


@pytest.mark.parametrize(("version", "explained"), [("2.4.1", False), ("2.6.0", True)])
def test_torch_reads_tensors_alone_since_a_release(version: str, *, explained: bool) -> None:
    manifest = host(version)
    said = f"{RAISED}_pickle.UnpicklingError: Weights only load failed. In PyTorch 2.6, we changed the default value\n"
    found = engine.inspect(manifest, error_text=said).findings
    serious = [item for item in found if item.severity is Severity.ERROR]
    assert any("torch 2.6 and newer" in item.message for item in serious) is explained


def test_a_step_of_a_helper_is_no_likeliest_cause() -> None:
    found = engine.compare(*moved(networkx=("3.3", "3.2.1"))).findings
    assert [item.path[1] for item in found] == ["networkx"]


def test_more_workers_take_more_memory() -> None:
    sides = [
        examples.manifest({"env_vars": {"entries": {"WEB_CONCURRENCY": count}}})
        for count in ("2", "16")
    ]
    first = engine.compare(*sides, symptom="memory").findings[0]
    assert first.path == ("env_vars", "WEB_CONCURRENCY")
    assert first.severity is Severity.WARNING


@pytest.mark.parametrize(("kernel", "lifted"), [("5.4.0-196-generic", True), ("5.15.0-100", False)])
def test_a_kernel_that_processes_hang_on(kernel: str, *, lifted: bool) -> None:
    sides = [
        examples.manifest({"system": {"kernel": name}}) for name in ("5.15.0-122-generic", kernel)
    ]
    first = engine.compare(*sides, symptom="hang").findings[0]
    assert (first.severity is Severity.WARNING) is lifted


def test_an_extension_of_another_torch_is_no_matter_of_the_loader() -> None:
    said = (
        f"{RAISED}ImportError: {SITE}/flash_attn_2_cuda.cpython-311-x86_64-linux-gnu.so: undefined symbol:"
        " _ZN3c105ErrorC2ENS_14SourceLocationENSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE\n"
    )
    first = engine.compare(host("2.7.1"), host("2.6.0"), error_text=said).findings[0]
    assert first.path[1:] == ("torch", "version")
    assert first.message == "torch 2.7.1 -> 2.6.0"
    assert first.why.startswith("An extension was built for another torch (or another C++ ABI).")


def test_a_release_that_is_the_same_is_not_to_be_compared() -> None:
    said = f"{RAISED}  File \"{SITE}/pandas/core/frame.py\", line 9, in merge\n    raise KeyError(key)\nKeyError: 'user'\n"
    sides = moved(pandas=("2.2.1", "2.2.1"), six=("1.16.0", "1.17.0"))
    fixes = [item.fix for item in engine.compare(*sides, error_text=said).findings]
    assert not any("Compare that package's release" in fix for fix in fixes)
