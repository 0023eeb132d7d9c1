"""The manifests behind the golden build contexts, and small ones for tests to vary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from envsnap.image.planning.asked import Asked
from envsnap.image.planning.extras import Extras
from envsnap.image.records import Artifact, Lock
from envsnap.model.codec import sealed
from envsnap.model.compute import Cuda, Driver, Framework, Frameworks, Gpu, Gpus, Library
from envsnap.model.host import EnvVars, System, Tool, Tools
from envsnap.model.inputs import Config, Configs
from envsnap.model.manifest import Manifest, Sections, Target
from envsnap.model.python import Conda as CondaFacts
from envsnap.model.python import Origin, Package, Packages, Python

UBUNTU_20 = {"os_id": "ubuntu", "os_version": "20.04", "glibc": "2.31"}
UBUNTU_22 = {"os_id": "ubuntu", "os_version": "22.04", "glibc": "2.35"}
UBUNTU_24 = {"os_id": "ubuntu", "os_version": "24.04", "glibc": "2.39"}
DEBIAN_12 = {"os_id": "debian", "os_version": "12", "glibc": "2.36"}
TORCH_241 = {
    "filelock": "3.16.1",
    "fsspec": "2024.9.0",
    "jinja2": "3.1.4",
    "markupsafe": "3.0.1",
    "mpmath": "1.3.0",
    "networkx": "3.4.1",
    "numpy": "1.26.4",
    "nvidia-cublas-cu12": "12.1.3.1",
    "nvidia-cuda-cupti-cu12": "12.1.105",
    "nvidia-cuda-nvrtc-cu12": "12.1.105",
    "nvidia-cuda-runtime-cu12": "12.1.105",
    "nvidia-cudnn-cu12": "9.1.0.70",
    "nvidia-cufft-cu12": "11.0.2.54",
    "nvidia-curand-cu12": "10.3.2.106",
    "nvidia-cusolver-cu12": "11.4.5.107",
    "nvidia-cusparse-cu12": "12.1.0.106",
    "nvidia-nccl-cu12": "2.20.5",
    "nvidia-nvjitlink-cu12": "12.6.77",
    "nvidia-nvtx-cu12": "12.1.105",
    "pip": "24.0",
    "setuptools": "65.5.1",
    "sympy": "1.13.3",
    "torch": "2.4.1",
    "triton": "3.0.0",
    "typing-extensions": "4.12.2",
}
TORCH_CU118 = {
    "numpy": "1.26.4",
    "nvidia-cublas-cu11": "11.11.3.6",
    "nvidia-cuda-cupti-cu11": "11.8.87",
    "nvidia-cuda-nvrtc-cu11": "11.8.89",
    "nvidia-cuda-runtime-cu11": "11.8.89",
    "nvidia-cudnn-cu11": "8.7.0.84",
    "nvidia-cufft-cu11": "10.9.0.58",
    "nvidia-curand-cu11": "10.3.0.86",
    "nvidia-cusolver-cu11": "11.4.1.48",
    "nvidia-cusparse-cu11": "11.7.5.86",
    "nvidia-nccl-cu11": "2.20.5",
    "nvidia-nvtx-cu11": "11.8.86",
    "pip": "24.0",
    "setuptools": "65.5.1",
    "torch": "2.3.1+cu118",
    "torchvision": "0.18.1+cu118",
    "triton": "2.3.1",
    "typing-extensions": "4.12.2",
}


def manifest(
    python: str = "3.11.7",
    packages: dict[str, str | Package] | None = None,
    system: dict[str, str] = UBUNTU_22,
    *,
    python_facts: dict[str, Any] | None = None,
    frameworks: dict[str, Framework] | None = None,
    env_vars: dict[str, str] | None = None,
    **sections: Any,
) -> Manifest:
    """Build a sealed manifest from what a test cares about."""
    installed = {
        name: item if isinstance(item, Package) else Package(version=item)
        for name, item in (packages or {}).items()
    }
    parts = Sections(
        python=Python(
            complete=True, version=python, implementation="CPython", **(python_facts or {})
        ),
        packages=Packages(complete=True, entries=installed),
        frameworks=Frameworks(complete=True, entries=frameworks or {}),
        system=System(complete=True, **{"platform": "linux", "architecture": "x86_64", **system}),
        env_vars=EnvVars(complete=True, entries=env_vars or {}),
        **sections,
    )
    return sealed(
        Manifest(
            schema_version=1,
            schema_revision=0,
            envsnap_version="0.1.0",
            created_at="2026-01-02T03:04:05Z",
            label=None,
            target=Target(kind="interpreter"),
            fingerprint="",
            sections=parts,
        )
    )


def changed(whole: Manifest, **sections: Any) -> Manifest:
    """Return a manifest with some sections replaced, sealed again."""
    return sealed(replace(whole, sections=replace(whole.sections, **sections)))


def gpu(driver: str, name: str, capability: str, gib: int) -> dict[str, Any]:
    """Return the sections of a machine with one GPU."""
    card = Gpu(name=name, compute_capability=capability, memory_total=gib << 30)
    return {
        "driver": Driver(complete=True, version=driver),
        "gpus": Gpus(complete=True, entries={"0": card}),
    }


def _cpu_slim() -> Manifest:
    return manifest(
        "3.11.7",
        {"numpy": "1.26.4", "pip": "23.2.1", "scikit-learn": "1.3.2", "setuptools": "65.5.0"},
        DEBIAN_12,
        env_vars={"OMP_NUM_THREADS": "4", "PATH": "/usr/bin", "PYTHONHASHSEED": "0"},
    )


def _torch_cuda_wheels() -> Manifest:
    return manifest(
        "3.11.9",
        dict(TORCH_241),
        frameworks={"torch": Framework(distribution="torch", version="2.4.1", cuda="12.1")},
        env_vars={"CUBLAS_WORKSPACE_CONFIG": ":4096:8", "LANG": "en_US.UTF-8"},
        **gpu("550.90.07", "NVIDIA A100-SXM4-80GB", "8.0", 80),
    )


def _torch_cu118() -> Manifest:
    return manifest("3.10.14", dict(TORCH_CU118), DEBIAN_12)


def _dev_host() -> Manifest:
    return manifest(
        "3.9.16",
        {
            "numpy": "1.24.2",
            "nvidia-cublas-cu11": "11.10.3.66",
            "nvidia-cuda-nvrtc-cu11": "11.7.99",
            "nvidia-cuda-runtime-cu11": "11.7.99",
            "nvidia-cudnn-cu11": "8.5.0.96",
            "pip": "22.0.4",
            "pyyaml": "6.0",
            "setuptools": "58.1.0",
            "torch": "1.13.1",
            "typing-extensions": "4.4.0",
            "wheel": "0.38.4",
        },
        frameworks={"torch": Framework(distribution="torch", version="1.13.1+cu117", cuda="11.7")},
        configs=_config("DEBUG", "/tmp/logs"),
        **gpu("525.60.13", "NVIDIA GeForce RTX 3090", "8.6", 24),
    )


def _prod_host() -> Manifest:
    return manifest(
        "3.8.10",
        {
            "numpy": "1.23.5",
            "pip": "22.3.1",
            "pyyaml": "6.0",
            "setuptools": "65.6.3",
            "torch": "1.12.0+cu113",
            "typing-extensions": "4.4.0",
        },
        UBUNTU_20,
        python_facts={"base_prefix": "/usr"},
        frameworks={"torch": Framework(distribution="torch", version="1.12.0+cu113", cuda="11.3")},
        configs=_config("WARN", "/var/log/app"),
        **gpu("470.182.03", "Tesla T4", "7.5", 16),
    )


def _config(level: str, path: str) -> Configs:
    tree = {"logging": {"level": level, "path": path}}
    return Configs(complete=True, entries={"app": Config(tree=tree, format="yaml")})


def _onnxruntime_gpu() -> Manifest:
    return manifest(
        "3.10.12",
        {
            "coloredlogs": "15.0.1",
            "numpy": "1.26.4",
            "onnxruntime-gpu": "1.16.3",
            "pip": "24.0",
            "setuptools": "69.5.1",
        },
        python_facts={"base_prefix": "/usr"},
        frameworks={
            "onnxruntime": Framework(
                distribution="onnxruntime-gpu", version="1.16.3", cuda="11.8", cudnn="8.5"
            )
        },
        cuda=Cuda(complete=True, toolkit="11.8.89"),
        tools=Tools(complete=True, entries={"nvcc": Tool(version="11.8")}),
        **gpu("520.61.05", "Tesla T4", "7.5", 16),
    )


def _system_cuda_copy() -> Manifest:
    folder = "/usr/local/cuda-12.4/lib64/"
    loaded = {
        "libcudart.so.12": Library(path=f"{folder}libcudart.so.12", version="12.4.127"),
        "libcublas.so.12": Library(path=f"{folder}libcublas.so.12", version="12.4.5.8"),
        "libcudnn.so.9": Library(path="/usr/lib/x86_64-linux-gnu/libcudnn.so.9", version="9.1.0"),
        "libgomp.so.1": Library(path="/usr/lib/x86_64-linux-gnu/libgomp.so.1", version="1.0.0"),
    }
    return manifest(
        "3.11.9",
        {"cupy-cuda12x": "13.3.0", "fastrlock": "0.8.2", "numpy": "1.26.4", "pip": "24.0"},
        frameworks={"cupy": Framework(distribution="cupy-cuda12x", mapped_on_import=loaded)},
        env_vars={"TZ": "Europe/Berlin"},
        **gpu("550.90.07", "NVIDIA H200", "9.0", 141),
    )


def _python38() -> Manifest:
    return manifest(
        "3.8.18",
        {"numpy": "1.24.4", "pip": "23.0.1", "setuptools": "57.5.0", "six": "1.16.0"},
        DEBIAN_12,
    )


def _debian_python() -> Manifest:
    return manifest(
        "3.11.2",
        {
            "numpy": "1.24.2",
            "pip": "23.0.1",
            "setuptools": "66.1.1",
            "tool": Package(
                version="1.2.0",
                origin=Origin(
                    url="https://github.com/example/tool.git",
                    vcs="git",
                    commit="0123456789abcdef0123456789abcdef01234567",
                ),
            ),
            "app": Package(version="0.1.0", editable=True),
        },
        DEBIAN_12,
        python_facts={"base_prefix": "/usr"},
    )


def _aarch64_slim() -> Manifest:
    return manifest(
        "3.12.7",
        {"numpy": "2.1.2", "onnxruntime": "1.19.2", "pip": "24.2"},
        {**DEBIAN_12, "architecture": "aarch64"},
    )


def _article() -> Manifest:
    """The container of the article that this project started from; it wrote a tag that never was."""
    return manifest(
        "3.9.16",
        {
            "certifi": "2022.12.7",
            "charset-normalizer": "2.1.1",
            "filelock": "3.9.0",
            "huggingface-hub": "0.11.1",
            "idna": "3.4",
            "numpy": "1.24.1",
            "nvidia-cublas-cu11": "11.10.3.66",
            "nvidia-cuda-nvrtc-cu11": "11.7.99",
            "nvidia-cuda-runtime-cu11": "11.7.99",
            "nvidia-cudnn-cu11": "8.5.0.96",
            "packaging": "23.0",
            "pip": "22.0.4",
            "pyyaml": "6.0",
            "regex": "2022.10.31",
            "requests": "2.28.2",
            "setuptools": "58.1.0",
            "tokenizers": "0.13.2",
            "torch": "1.13.1",
            "tqdm": "4.64.1",
            "transformers": "4.25.1",
            "typing-extensions": "4.4.0",
            "urllib3": "1.26.14",
            "wheel": "0.38.4",
        },
        frameworks={"torch": Framework(distribution="torch", version="1.13.1+cu117", cuda="11.7")},
        cuda=Cuda(complete=True, toolkit="11.8.89"),
        **gpu("525.60.13", "NVIDIA GeForce RTX 3090", "8.6", 24),
    )


def _locked() -> Manifest:
    """What `envsnap lock` found for this environment, on 2026-11-22; see LOCKS."""
    return manifest(
        "3.11.7",
        {
            name: Package(version=item.version, record_sha256=record)
            for name, (item, record) in LOCKED.items()
        },
        DEBIAN_12,
        env_vars={"OMP_NUM_THREADS": "3", "PYTHONHASHSEED": "7"},
    )


def _conda() -> Manifest:
    """An environment of conda with pip's packages in it."""
    stated = (
        ("_libgcc_mutex", "0.1", "conda_forge", "linux-64"),
        ("numpy", "1.26.4", "py310hb13e2d6_0", "linux-64"),
        ("pip", "24.0", "pyhd8ed1ab_0", "noarch"),
        ("python", "3.10.13", "hd12c33a_1_cpython", "linux-64"),
    )
    packages: dict[str, str | Package] = {
        "six": "1.16.0",
        "transformers": "4.36.2",
    }
    for number, (name, version, build, subdir) in enumerate(stated):
        packages[canonical(name)] = Package(
            version=version,
            conda=CondaFacts(
                version=version,
                build=build,
                url=f"https://conda.example.org/forge/{subdir}/{name}-{version}-{build}.conda",
                sha256=f"{number:064x}",
            ),
        )
    return manifest("3.10.13", packages, env_vars={"OMP_NUM_THREADS": "4"})


def canonical(name: str) -> str:
    """Spell a package's name as manifests do."""
    return name.lower().replace("_", "-")


def _tensorflow_system_cuda() -> Manifest:
    """Plain tensorflow, which bundles no CUDA and loaded the system's."""
    folder = "/usr/local/cuda-12.2/targets/x86_64-linux/lib/"
    loaded = {
        "libcudart.so.12": Library(path=f"{folder}libcudart.so.12.2.140", version="12.2.140"),
        "libcublas.so.12": Library(path=f"{folder}libcublas.so.12.2.5.6", version="12.2.5.6"),
        "libcudnn.so.8": Library(
            path="/usr/lib/x86_64-linux-gnu/libcudnn.so.8.9.4", version="8.9.4"
        ),
    }
    return manifest(
        "3.10.12",
        {
            "h5py": "3.10.0",
            "keras": "2.15.0",
            "numpy": "1.26.4",
            "pip": "22.0.2",
            "protobuf": "4.25.3",
            "setuptools": "59.6.0",
            "tensorflow": "2.15.1",
        },
        python_facts={"base_prefix": "/usr"},
        frameworks={
            "tensorflow": Framework(
                distribution="tensorflow",
                version="2.15.1",
                cuda="12.2",
                cudnn="8",
                mapped_on_import=loaded,
            )
        },
        env_vars={"TF_DETERMINISTIC_OPS": "1"},
        **gpu("535.161.08", "Tesla T4", "7.5", 16),
    )


def _file(name: str, version: str, tag: str, sha256: str) -> Artifact:
    return Artifact(
        name=name, version=version, file=f"{name}-{version}-{tag}.whl", sha256=sha256,
        kind="wheel", source="index", proof="record",
    )  # fmt: skip


LOCKED = {
    "attrs": (
        _file("attrs", "23.1.0", "py3-none-any",
              "1f28b4522cdc2fb4256ac1a020c78acf9cba2c6b461ccd2c126f3aa8e8335d04"),
        "d2da4a875b78b7f200bee0058936d1acc3e92c898efeff2808545366b60aef8a",
    ),
    "numpy": (
        _file("numpy", "1.26.4", "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64",
              "666dbfb6ec68962c033a450943ded891bed2d54e6755e35e5835d63f4f6931d5"),
        "77a92c7924374bec2684b2c637f0e5c5a7306c37cea6ce28557bef0ddef567a6",
    ),
    "six": (
        _file("six", "1.16.0", "py2.py3-none-any",
              "8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254"),
        "b67457beaac3cc5fbc75d51b3e876c253b22fb354b31783d8a5dc8571b5fb6a5",
    ),
}  # fmt: skip
# The locks of cases: a golden must not ask an index.
LOCKS = {
    "locked": Lock(
        artifacts={name: item for name, (item, _) in LOCKED.items()},
        urls={}, sizes={}, folder={}, unhashed={},
    )
}  # fmt: skip
CASES = {
    "aarch64-slim": _aarch64_slim,
    "article": _article,
    "article-cuda": _article,
    "conda": _conda,
    "cpu-slim": _cpu_slim,
    "debian-python": _debian_python,
    "dev-host": _dev_host,
    "locked": _locked,
    "onnxruntime-gpu": _onnxruntime_gpu,
    "prod-host": _prod_host,
    "python38": _python38,
    "system-cuda-copy": _system_cuda_copy,
    "tensorflow-system-cuda": _tensorflow_system_cuda,
    "torch-cu118": _torch_cu118,
    "torch-cuda-wheels": _torch_cuda_wheels,
}

# What the user adds to a case.
ARTICLE = Extras(
    app=str(Path(__file__).parent / "article"),
    command="python inference.py",
    healthcheck="python -c pass",
    ports=(8000,),
    compiler=False,
)
EXTRAS = {"article": ARTICLE, "article-cuda": ARTICLE}
# What is asked for before anything is planned: the article's own command, for example.
ASKED = {"article-cuda": Asked(cuda="11.8")}
# Other forms of the same plan.
FORMS = {"article": ("compose", "kubernetes", "devcontainer", "apptainer")}
