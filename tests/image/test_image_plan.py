"""The base follows from evidence; what is pinned, what stays behind, what the host needs."""

from __future__ import annotations

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from envsnap.errors import InputError
from envsnap.image.planning.plan import Plan, make_plan
from envsnap.image.records import Decision
from envsnap.image.writing import dockerfile, render
from envsnap.model.compute import Cuda, Framework, Gpus, Library
from envsnap.model.host import Process, System, Tool, Tools
from envsnap.model.inputs import Weight, Weights
from envsnap.model.manifest import Manifest
from envsnap.model.python import Conda, Origin, Package
from tests.image.image_cases import (
    DEBIAN_12,
    TORCH_241,
    UBUNTU_20,
    UBUNTU_22,
    UBUNTU_24,
    changed,
    gpu,
    manifest,
)  # fmt: skip

COMMIT = "0123456789abcdef0123456789abcdef01234567"
NVCC = Tools(complete=True, entries={"nvcc": Tool(version="12.4.131")})
SYSTEM_CUDA = {
    "libcudart.so.12": Library(path="/usr/local/cuda/lib64/libcudart.so.12", version="12.4.127"),
    "libcublas.so.12": Library(path="/usr/local/cuda/lib64/libcublas.so.12", version="12.4.5.8"),
}
WHEEL_CUDA = {
    "libcudart.so.12": Library(
        path="/opt/v/lib/python3.11/site-packages/nvidia/cuda_runtime/lib/libcudart.so.12"
    ),
    "libcuda.so.1": Library(path="/usr/lib/x86_64-linux-gnu/libcuda.so.1", version="550.90.07"),
    "libnvidia-ml.so.1": Library(path="/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1"),
}


def decision(plan: Plan, subject: str) -> Decision:
    """Return the one decision on a subject."""
    found = [item for item in plan.decisions if item.subject == subject]
    assert len(found) == 1, (subject, found)
    return found[0]


def reasons(plan: Plan) -> dict[str, str]:
    """Return what stays behind and why."""
    return {item.path: item.reason for item in plan.not_carried}


def torch(**facts: object) -> Manifest:
    return manifest(packages=dict(TORCH_241), frameworks={"torch": Framework(cuda="12.1", **facts)})


def test_wheels_that_bring_cuda_stand_on_slim_python() -> None:
    plan = make_plan(torch(mapped_on_import=WHEEL_CUDA))
    assert plan.base.kind == "slim"
    assert "nvidia-* distributions" in decision(plan, "base").why


def test_the_drivers_own_libraries_are_no_system_cuda() -> None:
    """libcuda and libnvidia-ml always lie in the system's folders."""
    assert make_plan(torch(mapped_on_import=WHEEL_CUDA)).base.kind == "slim"


def test_nvcc_on_path_alone_is_no_evidence() -> None:
    whole = changed(torch(), tools=NVCC, cuda=Cuda(complete=True, toolkit="12.4.131"))
    assert make_plan(whole).base.kind == "slim"


def test_mapped_system_libraries_ask_for_nvidia_cuda() -> None:
    plan = make_plan(torch(mapped_on_import=SYSTEM_CUDA))
    assert plan.base.reference == "nvidia/cuda:12.4.1-runtime-ubuntu22.04"
    assert plan.base.status == "supported"
    assert decision(plan, "base").certainty == "exact"  # the image's cudart is 12.4.127


def test_libraries_of_a_running_process_count_too() -> None:
    whole = changed(
        manifest(packages={"numpy": "1.26.4"}), process=Process(complete=True, loaded=SYSTEM_CUDA)
    )
    assert make_plan(whole).base.kind == "cuda"


def test_only_cudart_asks_for_the_base_flavor() -> None:
    only = {"libcudart.so.12": SYSTEM_CUDA["libcudart.so.12"]}
    plan = make_plan(torch(mapped_on_import=only))
    assert plan.base.reference == "nvidia/cuda:12.4.1-base-ubuntu22.04"


def test_mapped_cudnn_asks_for_its_flavor() -> None:
    cudnn = {"libcudnn.so.9": Library(path="/usr/lib/x86_64-linux-gnu/libcudnn.so.9")}
    plan = make_plan(torch(mapped_on_import={**SYSTEM_CUDA, **cudnn}))
    assert plan.base.reference == "nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04"


def test_a_named_toolkit_with_nvcc_asks_for_devel() -> None:
    whole = changed(
        torch(mapped_on_import=SYSTEM_CUDA),
        tools=NVCC,
        cuda=Cuda(complete=True, toolkit="12.4.131", home="/usr/local/cuda"),
    )
    assert make_plan(whole).base.reference == "nvidia/cuda:12.4.1-devel-ubuntu22.04"


@pytest.mark.parametrize(
    ("packages", "base"),
    [
        ({"onnxruntime-gpu": "1.16.3"}, "nvidia/cuda:11.8.0-cudnn8-runtime-ubuntu22.04"),
        ({"onnxruntime-gpu": "1.20.1"}, "nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04"),
        ({"tensorflow": "2.15.1"}, "nvidia/cuda:12.2.2-cudnn8-runtime-ubuntu22.04"),
        # cuDNN 8 is what it loads by name; no image of 12.3 has it.
        ({"tensorflow": "2.17.0"}, "nvidia/cuda:12.2.2-cudnn8-runtime-ubuntu22.04"),
        ({"cupy-cuda11x": "13.0.0"}, "nvidia/cuda:11.8.0-runtime-ubuntu22.04"),
    ],
)
def test_packages_without_cuda_of_their_own(packages: dict[str, str], base: str) -> None:
    assert make_plan(manifest("3.10.12", packages)).base.reference == base


def test_the_same_packages_beside_nvidia_wheels_stand_on_slim_python() -> None:
    packages = {"onnxruntime-gpu": "1.20.1", "nvidia-cudnn-cu12": "9.1.0.70"}
    assert make_plan(manifest(packages=packages)).base.kind == "slim"


def test_nvidia_ml_py_is_no_cuda_wheel() -> None:
    packages = {"onnxruntime-gpu": "1.20.1", "nvidia-ml-py": "12.560.30"}
    assert make_plan(manifest(packages=packages)).base.kind == "cuda"


def test_tensorflow_where_no_gpu_is_stands_on_slim_python() -> None:
    whole = changed(
        manifest(packages={"tensorflow": "2.17.0"}), gpus=Gpus(complete=True, entries={})
    )
    assert make_plan(whole).base.kind == "slim"


def test_a_release_that_is_no_longer_supported_is_said() -> None:
    whole = manifest(
        "3.10.12", {"cupy-cuda12x": "12.0"}, cuda=Cuda(complete=True, toolkit="12.3.107")
    )
    plan = make_plan(whole)
    assert plan.base.reference.startswith("nvidia/cuda:12.3.2-")
    whole = manifest(
        "3.10.12", {"cupy-cuda11x": "12.0"}, cuda=Cuda(complete=True, toolkit="11.3.109")
    )
    plan = make_plan(whole)
    assert plan.base.reference == "nvidia/cuda:11.3.1-runtime-ubuntu20.04"
    assert plan.base.status == "listed"
    assert "no longer supported" in decision(plan, "base").why
    assert decision(plan, "system.os").certainty == "nearest"


@pytest.mark.parametrize(
    ("python", "system", "how", "image", "libraries"),
    [
        ("3.10.12", UBUNTU_22, "apt", None, 0),
        ("3.9.16", UBUNTU_20, "copy", "python:3.9.16-slim-bullseye", 0),
        ("3.11.4", UBUNTU_24, "copy", "python:3.11.4-slim-bookworm", 0),
        ("3.11.9", UBUNTU_24, "standalone", None, 0),
        ("3.11.9", UBUNTU_22, "standalone", None, 0),
    ],
)
def test_python_gets_into_an_nvidia_base(python, system, how, image, libraries) -> None:
    whole = manifest(
        python, {"onnxruntime-gpu": "1.21.0"}, system, cuda=Cuda(complete=True, toolkit="12.8.61")
    )
    plan = make_plan(whole)
    assert plan.base.reference == f"nvidia/cuda:12.8.1-cudnn-runtime-ubuntu{system['os_version']}"
    assert (plan.python.how, plan.python.image, len(plan.python.libraries)) == (
        how,
        image,
        libraries,
    )
    old = system is UBUNTU_20  # whose OpenSSL its project no longer maintains
    assert (decision(plan, "python.version").certainty == "nearest") == (bool(libraries) or old)


def test_no_python_comes_with_an_openssl_that_nobody_maintains() -> None:
    """An image whose OpenSSL would be another release's is refused, and what would fit is named."""
    whole = manifest(
        "3.9.16", {"cupy-cuda13x": "14.0"}, UBUNTU_22, cuda=Cuda(complete=True, toolkit="13.0.48")
    )
    with pytest.raises(InputError, match=r"3\.9\.18") as refused:
        make_plan(whole, "cuda")
    assert "OpenSSL" in str(refused.value)
    fits = changed(whole, python=replace(whole.sections.python, version="3.9.18"))
    assert make_plan(fits, "cuda").python.how == "standalone"
    named = "nvidia/cuda:11.8.0-base-ubuntu22.04"
    with pytest.raises(InputError, match=named):
        make_plan(whole, named)


def test_a_standalone_build_is_fetched_by_address_and_checked_by_digest() -> None:
    """In a stage of its own, of which only what was unpacked is taken."""
    whole = manifest(
        "3.11.9",
        {"onnxruntime-gpu": "1.21.0"},
        UBUNTU_22,
        cuda=Cuda(complete=True, toolkit="12.8.61"),
    )
    plan = make_plan(whole)
    text = render.dockerfile(dockerfile.build(plan))
    assert f"ADD {plan.python.archive} /opt/python.tar.gz" in text
    assert "cpython-3.11.9+20240814-x86_64-unknown-linux-gnu" in (plan.python.archive or "")
    assert f"= '{plan.python.archive_sha256}  /opt/python.tar.gz'" in text
    assert "COPY --from=interpreter /opt/python/ /usr/local/" in text
    for spoilt in (
        replace(plan.python, archive="https://example.org/x\nUSER root"),
        replace(plan.python, archive_sha256="0'; id; '"),
    ):
        with pytest.raises(InputError):
            dockerfile.build(replace(plan, python=spoilt))


@pytest.mark.parametrize(
    ("python", "system", "base", "certainty"),
    [
        ("3.11.7", DEBIAN_12, "python:3.11.7-slim-bookworm", "exact"),
        ("3.11.7", UBUNTU_20, "python:3.11.7-slim-bullseye", "exact"),
        ("3.11.7", UBUNTU_22, "python:3.11.7-slim-bookworm", "nearest"),
        ("3.11.7", UBUNTU_24, "python:3.11.7-slim-bookworm", "nearest"),
        ("3.12.11", UBUNTU_24, "python:3.12.11-slim-trixie", "nearest"),
        ("3.11.7", {}, "python:3.11.7-slim-bookworm", "unknown"),
        ("3.11.7", {"musl": "1.2.4"}, "python:3.11.7-slim-bookworm", "nearest"),
        ("3.11.2", DEBIAN_12, "debian:bookworm", "exact"),
        ("3.12.3", UBUNTU_24, "ubuntu:24.04", "exact"),
        ("3.11.2", UBUNTU_22, "python:3.11.2-slim-bullseye", "nearest"),
    ],
)
def test_the_suite_follows_the_captured_glibc(python, system, base, certainty) -> None:
    plan = make_plan(manifest(python, {"numpy": "1.26.4"}, system))
    assert plan.base.reference == base
    assert decision(plan, "system.glibc").certainty == certainty


def test_another_python_of_the_same_number_is_not_the_distributions() -> None:
    whole = manifest("3.11.2", {}, DEBIAN_12, python_facts={"base_prefix": "/opt/python"})
    assert make_plan(whole).base.reference == "python:3.11.2-slim-bullseye"


def test_base_overrides() -> None:
    whole = torch(mapped_on_import=SYSTEM_CUDA)
    assert make_plan(whole, "slim").base.kind == "slim"
    assert make_plan(torch(), "cuda").base.reference == "nvidia/cuda:12.1.1-runtime-ubuntu22.04"
    named = make_plan(whole, "registry.example.org/a/b:1.2")
    assert (named.base.kind, named.base.status) == ("custom", "unknown")
    with pytest.raises(InputError, match=r"^cuda: no CUDA version was captured.*--base IMAGE$"):
        make_plan(manifest(), "cuda")


@pytest.mark.parametrize(
    ("facts", "place"),
    [({"gil": False}, "python.gil"), ({"debug": True}, "python.debug")],
)
def test_interpreters_that_no_image_has(facts: dict[str, bool], place: str) -> None:
    whole = manifest(python_facts=facts)
    with pytest.raises(InputError, match=place):
        make_plan(whole)
    assert make_plan(whole, "mine:1").base.kind == "custom"


def test_missing_sections_ask_for_a_base() -> None:
    bare = changed(manifest(), python=UNSET, packages=UNSET, system=UNSET, frameworks=UNSET)
    with pytest.raises(InputError, match=r"python\.version: not captured"):
        make_plan(bare)
    assert make_plan(bare, "mine:1").requirements == ()


def test_local_labels_get_their_index_and_nothing_else_does() -> None:
    packages = {
        "torch": "2.3.1+cu118", "torchvision": "0.18.1+cu118", "numpy": "1.26.4",
        "pytorch-triton": "3.0.0+abcdef", "flash-attn": "2.5.8+cu122torch2.3",
    }  # fmt: skip
    plan = make_plan(manifest(packages=packages))
    assert [(group.file, group.index, group.lines) for group in plan.requirements] == [
        (
            "requirements-cu118.txt",
            "https://download.pytorch.org/whl/cu118",
            ("torch==2.3.1+cu118", "torchvision==0.18.1+cu118"),
        ),
        ("requirements-libraries.txt", None, ("numpy==1.26.4",)),
    ]
    assert set(reasons(plan)) == {"packages.flash-attn", "packages.pytorch-triton"}


def test_layers_go_by_weight_and_rate_of_change() -> None:
    """Frameworks, libraries that many stand on, the rest: a stage each, on the one before."""
    packages = {"torch": "2.3.1+cu118", "numpy": "1.26.4", "scipy": "1.13.1", "idna": "3.4"}
    plan = make_plan(manifest(packages=packages))
    assert [(group.file, group.heavy, group.sizable) for group in plan.requirements] == [
        ("requirements-cu118.txt", True, False),
        ("requirements-libraries.txt", False, True),
        ("requirements.txt", False, False),
    ]
    lines = render.dockerfile(dockerfile.build(plan)).splitlines()
    assert [line for line in lines if line.startswith("FROM ")][1:] == [
        "FROM base AS framework", "FROM framework AS libraries", "FROM libraries AS build", "FROM base",
    ]  # fmt: skip
    assert [line for line in lines if line.startswith("COPY --from=")] == [
        "COPY --from=framework /opt/venv /opt/venv",
        "COPY --from=libraries /opt/libraries/ /",
        "COPY --from=build /opt/rest/ /",
    ]


@pytest.mark.parametrize(
    ("version", "index"),
    [
        ("2.3.1+cpu", "https://download.pytorch.org/whl/cpu"),
        ("2.4.0+rocm6.1", "https://download.pytorch.org/whl/rocm6.1"),
        ("2.7.0.dev20250101+cu126", "https://download.pytorch.org/whl/nightly/cu126"),
    ],
)
def test_indexes_of_pytorch(version: str, index: str) -> None:
    plan = make_plan(manifest(packages={"torch": version}))
    assert [group.index for group in plan.requirements] == [index]


def test_versions_are_written_as_pip_compares_them() -> None:
    plan = make_plan(manifest(packages={"tool": "1.0-1", "other": "v2.0.RC1"}))
    assert plan.requirements[0].lines == ("other==2.0rc1", "tool==1.0.post1")


def test_what_cannot_be_carried_is_said_and_not_written() -> None:
    packages = {
        "app": Package(version="1.0", editable=True),
        "conda-thing": Package(version="1.0", conda=Conda(build="h1")),
        "damaged": Package(version="1.0", defects=("METADATA is empty",)),
        "envsnap-ml": "0.1.0",
        "local": Package(
            version="1.0", origin=Origin(url="file:///home/me/x.whl", sha256="a" * 64)
        ),
        "nameless": Package(version=None),
        "odd": "2004d",
        "pkg-resources": "0.0.0",
        "python-apt": Package(version="2.4.0", folder="/usr/lib/python3/dist-packages"),
        "fine": Package(version="1.0", defects=("the metadata is not UTF-8",)),
    }
    plan = make_plan(manifest(packages=packages))
    assert set(reasons(plan)) == {f"packages.{name}" for name in packages if name != "fine"}
    assert [line for group in plan.requirements for line in group.lines] == ["fine==1.0"]


def test_repositories_and_archives_are_pinned_by_content() -> None:
    packages = {
        "a": Package(
            version="1", origin=Origin(url="https://example.org/a.git", vcs="git", commit=COMMIT)
        ),
        "b": Package(
            version="1", origin=Origin(url="https://example.org/b-1.whl", sha256="b" * 64)
        ),
        "c": Package(version="1", origin=Origin(url="https://example.org/c-1.whl")),
        "d": Package(
            version="1", origin=Origin(url="https://example.org/d", vcs="hg", commit=COMMIT)
        ),
    }
    plan = make_plan(manifest(packages=packages))
    assert {group.file: group.lines for group in plan.requirements} == {
        "requirements-url.txt": (f"b @ https://example.org/b-1.whl#sha256={'b' * 64}",),
        "requirements-git.txt": (f"a @ git+https://example.org/a.git@{COMMIT}",),
    }
    assert set(reasons(plan)) == {"packages.c", "packages.d"}


def test_the_captured_pip_installs_and_is_no_requirement() -> None:
    plan = make_plan(manifest(packages={"numpy": "1.26.4", "pip": "23.2.1"}))
    assert plan.python.installer == "23.2.1"
    assert plan.requirements[0].lines == ("numpy==1.26.4",)
    assert plan.python.removed == ("setuptools",)


def test_what_venv_adds_stays_where_absence_is_not_known() -> None:
    partial = manifest(packages={"numpy": "1.26.4"})
    assert make_plan(partial).python.removed == ("pip", "setuptools")
    packages = partial.sections.packages
    assert packages is not UNSET
    incomplete = changed(partial, packages=type(packages)(complete=False, entries=packages.entries))
    assert make_plan(incomplete).python.removed == ()
    assert make_plan(manifest("3.12.7", {"pip": "24.0"})).python.removed == ()


def test_system_libraries_bring_their_apt_packages() -> None:
    loaded = {
        "libgomp.so.1": Library(path="/usr/lib/x86_64-linux-gnu/libgomp.so.1"),
        "libjpeg.so.8": Library(path="/usr/lib/x86_64-linux-gnu/libjpeg.so.8"),
        "libssl.so.3": Library(path="/usr/lib/x86_64-linux-gnu/libssl.so.3"),
        "libopenblas.so": Library(path="/v/lib/python3.11/site-packages/numpy.libs/libopenblas.so"),
    }
    plan = make_plan(manifest(frameworks={"numpy": Framework(mapped_on_import=loaded)}))
    assert plan.apt == ("libgomp1",)
    assert set(reasons(plan)) == {'frameworks.numpy.mapped_on_import["libjpeg.so.8"]'}


def test_locales_that_images_lack_become_the_plain_one() -> None:
    plan = make_plan(manifest(env_vars={"LANG": "de_DE.UTF-8", "LC_ALL": "C.UTF-8"}))
    assert plan.environment == {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    assert decision(plan, "env_vars.LANG").certainty == "nearest"
    other = make_plan(manifest(env_vars={"LANG": "de_DE.ISO-8859-1"}))
    assert other.environment == {}
    missing = changed(
        manifest(env_vars={"LANG": "de_DE.UTF-8"}),
        system=System(complete=True, locale_installed=False),
    )
    assert make_plan(missing).environment == {"LANG": "de_DE.UTF-8"}


@pytest.mark.parametrize(
    ("cuda", "condition", "driver"),
    [("11.7", "cuda>=11.0", ">=450.80.02"), ("12.4", "cuda>=12.0", ">=525.60.13")],
)
def test_wheels_ask_for_the_floor_of_the_drivers_family(cuda, condition, driver) -> None:
    whole = manifest(
        packages={"torch": "2.4.1"},
        frameworks={"torch": Framework(cuda=cuda)},
        **gpu("550.90.07", "NVIDIA H200", "9.0", 141),
    )
    plan = make_plan(whole)
    assert plan.environment == {
        "NVIDIA_DRIVER_CAPABILITIES": "compute,utility",
        "NVIDIA_REQUIRE_CUDA": condition,
        "NVIDIA_VISIBLE_DEVICES": "all",
    }
    needs = {item.subject: (item.needs, item.captured) for item in plan.host}
    assert needs["driver.version"] == (driver, "550.90.07")
    assert needs["gpus[0]"] == (
        "compute capability 9.0", "NVIDIA H200, compute capability 9.0, 144384 MiB",
    )  # fmt: skip


def test_an_nvidia_base_asks_for_its_toolkits_driver_itself() -> None:
    plan = make_plan(torch(mapped_on_import=SYSTEM_CUDA))
    assert not any(name.startswith("NVIDIA_") for name in plan.environment)
    needs = {item.subject: item.needs for item in plan.host}
    assert needs["driver.version"] == ">=550.54.14"


def test_a_build_without_cuda_asks_for_nothing() -> None:
    plan = make_plan(
        manifest(packages={"torch": "2.4.1+cpu"}, frameworks={"torch": Framework(cuda=None)})
    )
    assert plan.environment == {}
    assert [item.subject for item in plan.host] == ["system.architecture"]


def test_files_of_the_user_are_named_and_not_carried() -> None:
    whole = changed(
        manifest(), weights=Weights(complete=True, entries={"model.pt": Weight(size=1)})
    )
    assert set(reasons(make_plan(whole))) == {'weights["model.pt"]'}


def test_equal_manifests_give_equal_plans() -> None:
    assert make_plan(torch()) == make_plan(torch())


def test_an_index_that_packages_came_from_is_told() -> None:
    env = {"PIP_EXTRA_INDEX_URL": "https://pypi.example.org/simple", "PIP_NO_CACHE_DIR": "1"}
    told = {item.path: item.reason for item in make_plan(manifest(env_vars=env)).dropped}
    assert "name it with --index" in told["env_vars.PIP_EXTRA_INDEX_URL"]
    assert told["env_vars.PIP_NO_CACHE_DIR"] == "it would steer the build, not the program"


@pytest.mark.parametrize(
    ("loose", "told"),
    [
        ({}, []),
        ({"_virtualenv.py": "b" * 64}, []),
        ({"helper.py": "a" * 64, "_virtualenv.py": "b" * 64}, ["1 module not in the image"]),
    ],
)
def test_code_that_nobody_brings_back_is_said_before_it_is_built(
    loose: dict[str, str], told: list[str]
) -> None:
    plan = make_plan(manifest("3.11.7", {"six": "1.16.0"}, python_facts={"loose_modules": loose}))
    found = [item for item in plan.decisions if item.subject == "modules"]
    assert [item.choice for item in found] == told
    assert all("helper.py" in item.why for item in found)
