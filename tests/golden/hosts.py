"""The dev and the prod host of the article that this project comes from, as facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from envsnap.model.manifest import Manifest
from tests import examples

HERE = Path(__file__).parent
WEIGHTS = "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c"
OTHER_WEIGHTS = "7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730"


def dev() -> Manifest:
    """Where the model works."""
    return _host(
        "dev",
        python="3.9.16",
        torch="1.13.1",
        cuda="11.7",
        driver="525.60.13",
        config="config-dev.yaml",
        server="2.29.0",
        weights=WEIGHTS,
        seed="42",
    )


def prod() -> Manifest:
    """Where it does not."""
    return _host(
        "prod",
        python="3.8.10",
        torch="1.12.0+cu113",
        cuda="11.3",
        driver="470.182.03",
        config="config-prod.yaml",
        server="2.24.0",
        weights=OTHER_WEIGHTS,
        seed="7",
    )


def _host(label: str, **facts: str) -> Manifest:
    soabi = "".join(facts["python"].split(".")[:2])
    sections: dict[str, dict[str, Any]] = {
        "python": {
            "version": facts["python"],
            "implementation": "CPython",
            "soabi": f"cpython-{soabi}-x86_64-linux-gnu",
            "bits": 64,
        },
        "packages": examples.packages(
            torch=facts["torch"],
            numpy="1.23.5",
            transformers="4.25.1",
            pillow="9.3.0",
        ),
        "frameworks": {
            "entries": {
                "torch": {
                    "distribution": "torch",
                    "version": facts["torch"],
                    "cuda": facts["cuda"],
                    "imported": True,
                },
            },
        },
        "driver": {"version": facts["driver"], "kernel_module": facts["driver"]},
        "gpus": {"entries": {"0": {"name": "Tesla T4", "compute_capability": "7.5"}}},
        "system": {"os": "Ubuntu 20.04.6 LTS", "glibc": "2.31", "architecture": "x86_64"},
        "tools": {"entries": {"tritonserver": {"version": facts["server"]}}},
        "configs": {"entries": {"app": examples.config(HERE / facts["config"], "yaml")}},
        "weights": {"entries": {"model.pt": {"sha256": facts["weights"], "size": 438012345}}},
    }
    return examples.manifest(sections, label=label, seeds={"torch": facts["seed"]})
