"""Manifests that the forms are tried on, and the tools that judge them."""

from __future__ import annotations

import importlib
from types import ModuleType

from envsnap.model.manifest import Manifest
from tests import examples
from tests.conftest import lacking
from tests.report.test_sanitize import HOSTILE

SHA256 = "0123456789abcdef" * 4
COMMIT = "89abcdef01" * 4


def foreign(name: str) -> ModuleType:
    """A tool that is not ours; skips where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        lacking(f"{name} is not installed (the extra is called test-export)")


def mixed() -> Manifest:
    """An environment with every kind of origin, two sections of files, a GPU and an old system."""
    entries = {
        "numpy": {"version": "1.26.4", "requires": ['x; python_version < "3"', "Six_Pack>=1"]},
        "six-pack": {"version": "1.0.post1", "installer": "pip", "record_sha256": SHA256},
        "torch": {"version": "2.3.1+cu121", "requires": ["numpy"]},
        "ours": {"version": "0.1", "editable": True},
        "from-git": {
            "version": "2.0",
            "origin": {"url": "https://git.example/a/b.git", "vcs": "git", "commit": COMMIT},
        },
        "from-archive": {
            "version": "3.0",
            "origin": {"url": "https://files.example/from_archive-3.0.zip", "sha256": SHA256},
        },
        "from-folder": {"version": "4.0", "origin": {"url": "file:///home/me/it"}},
        "labelled": {"version": "5.0+mine"},
        "odd": {"version": "not a version"},
        "by-apt": {"version": "6.0", "system_package": "python3-by-apt=6.0-1"},
    }
    return examples.manifest(
        {
            "python": {
                "version": "3.11.7",
                "implementation": "CPython",
                "interpreter": {"executable": SHA256},
            },
            "packages": {"entries": entries},
            "system": {
                "os": "Debian GNU/Linux 12 (bookworm)",
                "os_id": "debian",
                "os_version": "12",
                "platform": "linux",
                "packages": {"libgomp1:amd64": "12.2.0-14"},
            },
            "driver": {"version": "535.104.05"},
            "gpus": {"entries": {"0": {"name": "NVIDIA A100", "compute_capability": "8.0"}}},
            "weights": {"entries": {"model.pt": {"sha256": SHA256, "size": 10}}},
        },
        label="mixed",
    )


def of_conda() -> Manifest:
    """An environment of conda, with one distribution that pip installed."""
    folder = "https://conda.example/conda-forge/linux-64"
    entries = {
        "python": {
            "version": "3.10.14",
            "format": "conda",
            "conda": {
                "version": "3.10.14",
                "build": "hd12c33a_0_cpython",
                "url": f"{folder}/python-3.10.14-hd12c33a_0_cpython.conda",
                "channel": "conda-forge",
                "sha256": SHA256,
            },
        },
        "torch": {
            "version": "2.3.1",
            "conda": {
                "version": "2.3.1",
                "build": "cpu_py310h",
                "url": f"{folder}/pytorch-2.3.1-cpu_py310h.conda",
                "channel": "conda-forge",
                "md5": SHA256[:32],
            },
        },
        "numpy": {"version": "1.26.4", "conda": {"version": "1.26.4"}},
        "einops": {"version": "0.8.0", "installer": "pip"},
    }
    return examples.manifest(
        {"python": {"version": "3.10.14"}, "packages": {"entries": entries}}, label="conda env"
    )


def hostile(text: str) -> Manifest:
    """A manifest in which a hostile text stands wherever a text can stand."""
    packages = {
        text: {"version": "1.0", "origin": {"url": text, "commit": text, "vcs": "git"}},
        "a": {"version": text, "conda": {"version": text, "url": text, "build": text}},
        "b": {"version": "1.0", "system_package": text, "installer": text, "requires": [text]},
        "c": {"version": "1.0", "origin": {"url": f"https://x.example/{text}", "sha256": text}},
        "d": {"version": f"1.0+{text}"},
        "torch": {"version": f"2.0+cu{text}"},
    }
    return examples.manifest(
        {
            "python": {
                "version": text,
                "implementation": text,
                "interpreter": {"executable": text},
            },
            "packages": {"entries": packages},
            "system": {"os": text, "os_id": text, "os_version": text, "packages": {text: text}},
            "driver": {"version": text},
            "gpus": {"entries": {"0": {"name": text, "compute_capability": text}}},
            "weights": {"entries": {text: {"sha256": text, "format": text}}},
        },
        label=text[:1000],
        gaps={"gpus": {"0.memory_total": text}},
    )


TEXTS = (*HOSTILE, '"', "'", "\\", "#", "a b", "x==1 --index-url https://evil.example", "]]>", "\ufffe",
         "- evil", "a: b", "{}", "x" * 3000)  # fmt: skip
