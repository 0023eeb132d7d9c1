"""The tables of images: every tag that can be written is listed, whatever is asked for."""

from __future__ import annotations

import json
import re
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import envsnap.knowledge
from envsnap.errors import InputError
from envsnap.image import validate
from envsnap.image.planning import images, standalone
from envsnap.image.planning.plan import make_plan
from envsnap.model.compute import Cuda, Framework, Library
from envsnap.model.host import Tool, Tools
from tests.image.image_cases import manifest

KNOWLEDGE = Path(envsnap.knowledge.__file__).parent
OURS = (
    "nvidia_cuda_tags", "python_slim", "torch_wheels", "cuda_bundling", "apt_libraries",
    "python_standalone",
)  # fmt: skip
CONFIDENCE = {"primary", "secondary", "measured", "inferred", "memory"}


def _load(name: str) -> dict:
    return json.loads((KNOWLEDGE / f"{name}.json").read_text(encoding="utf-8"))


def _listed() -> set[str]:
    """Every image reference that the tables list, put together without the code under test."""
    found = {
        f"nvidia/cuda:{row['cuda']}-{flavor}-ubuntu{row['ubuntu']}"
        for row in _load("nvidia_cuda_tags")["rows"]
        for flavor in row["flavors"]
    }
    table = _load("python_slim")
    found |= {
        f"python:{row['python']}-slim-{suite}" for row in table["rows"] for suite in row["suites"]
    }
    return found | {row["image"] for row in table["distributions"]}


LISTED = _listed()
CUDAS = sorted({row["cuda"] for row in _load("nvidia_cuda_tags")["rows"]})
ASKED = sorted(
    {
        *CUDAS,
        *(cuda.rpartition(".")[0] for cuda in CUDAS),
        "11.0.221",
        "12.4.127",
        "12.7",
        "12.99",
        "11",
        "13",
    }
)
SYSTEMS = [
    {"os_id": row["id"], "os_version": row["version"], "glibc": row["glibc"]}
    for row in _load("python_slim")["distributions"]
] + [{"os_id": "rocky", "os_version": "9.4", "glibc": "2.34"}, {}]
PYTHONS = [row["python"] for row in _load("python_slim")["rows"]]


@pytest.mark.parametrize("name", OURS)
def test_every_row_names_source_and_confidence(name: str) -> None:
    table = _load(name)
    rows = [*table["rows"], *table.get("suites", []), *table.get("distributions", [])]
    assert rows
    for row in rows:
        assert row["basis"] in CONFIDENCE, row
        assert row["source"] in table["sources"] or row["basis"] == "memory", row


def test_tags_are_of_the_real_scheme() -> None:
    """X.Y.Z always; a numbered cuDNN up to 12.3, a bare one from 12.4.1 on."""
    scheme = re.compile(
        r"nvidia/cuda:(\d+\.\d+\.\d+)-(?:(cudnn\d?)-)?(base|runtime|devel)-ubuntu\d\d\.04"
    )
    for tag in images.cuda_tags():
        match = scheme.fullmatch(tag.reference)
        assert match, tag.reference
        assert tag.reference in LISTED
        if match[2]:
            numbered = tuple(map(int, match[1].split("."))) < (12, 4)
            assert (match[2] != "cudnn") == numbered, tag.reference
            assert match[3] != "base"


@pytest.mark.parametrize(
    "tag",
    [
        "11.8-runtime-ubuntu22.04",
        "11.6.2-cudnn8-runtime-ubuntu22.04",
        "12.6.3-cudnn8-runtime-ubuntu22.04",
        "12.7.0-base-ubuntu22.04",
        "12.2.0-cudnn8-runtime-ubuntu22.04",
        "12.4.0-cudnn-devel-ubuntu22.04",
    ],
)
def test_tags_that_never_existed_are_not_listed(tag: str) -> None:
    assert f"nvidia/cuda:{tag}" not in LISTED


def test_names_of_apt_packages_are_names() -> None:
    names = {row["package"] for row in _load("apt_libraries")["rows"]}
    for row in images.distributions():
        names |= set(row.libraries)
    for name in names:
        assert re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", name), name


def _cuda_manifest(
    cuda: str, cudnn: str | None, flavor: str, system: dict, python: str, machine: str
):
    folder = "/usr/local/cuda/lib64/"
    loaded = {"libcudart.so.12": Library(path=f"{folder}libcudart.so", version=cuda)}
    if flavor != "base":
        loaded["libcublas.so.12"] = Library(path=f"{folder}libcublas.so")
    if cudnn:
        loaded[f"libcudnn.so.{cudnn}"] = Library(path=f"{folder}libcudnn.so")
    return manifest(
        python,
        {"numpy": "1.26.4"},
        {**system, "architecture": machine},
        frameworks={"cupy": Framework(cuda=cuda, mapped_on_import=loaded)},
        cuda=Cuda(
            complete=True, toolkit=cuda, home="/usr/local/cuda" if flavor == "devel" else None
        ),
        tools=Tools(complete=True, entries={"nvcc": Tool(version=cuda)}),
    )


@settings(max_examples=400)
@given(
    cuda=st.sampled_from(ASKED), cudnn=st.sampled_from([None, "8", "9", "7"]),
    flavor=st.sampled_from(images.FLAVORS), system=st.sampled_from(SYSTEMS),
    python=st.sampled_from(PYTHONS), machine=st.sampled_from(["x86_64", "aarch64", "ppc64le"]),
    base=st.sampled_from(["auto", "slim", "cuda"]),
)  # fmt: skip
def test_every_image_that_is_named_is_listed(
    cuda, cudnn, flavor, system, python, machine, base
) -> None:
    try:
        plan = make_plan(_cuda_manifest(cuda, cudnn, flavor, system, python, machine), base)
    except InputError as error:
        assert "--base IMAGE" in str(error)
        return
    assert plan.base.reference in LISTED
    assert plan.python.image is None or plan.python.image in LISTED
    assert (plan.base.kind == "cuda") == (base != "slim")


@pytest.mark.parametrize("system", SYSTEMS[4:8], ids=lambda system: system["os_version"])
def test_every_cuda_flavor_and_system_gives_a_listed_tag(system: dict) -> None:
    """All of them, not a sample, with a Python that fits everywhere."""
    for cuda, cudnn, flavor in product(ASKED, (None, "8", "9"), images.FLAVORS):
        plan = make_plan(_cuda_manifest(cuda, cudnn, flavor, system, "3.9.18", "x86_64"))
        assert plan.base.reference in LISTED
        major = plan.base.reference.partition(":")[2].split(".")[0]
        assert major == cuda.split(".")[0]


@pytest.mark.parametrize("python", PYTHONS)
def test_every_python_of_the_table_has_a_base(python: str) -> None:
    for system in SYSTEMS:
        plan = make_plan(manifest(python, {}, system))
        assert plan.base.reference in LISTED
        assert plan.python.version == python


@pytest.mark.parametrize("python", ["3.11.99", "3.15.0", "3.14.0rc1", "3.9.16+"])
def test_other_pythons_are_refused_with_the_nearest(python: str) -> None:
    with pytest.raises(InputError, match=r"^python\.version: .*--base IMAGE$") as caught:
        make_plan(manifest(python))
    if python == "3.11.99":
        assert "3.11.15, 3.11.14, 3.11.13" in str(caught.value)


@pytest.mark.parametrize(
    ("torch", "cuda", "driver"),
    [
        ("2.7.1", "12.6", ">=525.60.13"),
        ("2.11.0", "13.0", ">=580"),
        ("2.13.0", "13.0", ">=580"),
        ("2.15.0", "13.2", ">=580"),
    ],
)
def test_todays_torch_gets_a_slim_base_and_its_drivers_floor(
    torch: str, cuda: str, driver: str
) -> None:
    """The wheel brings its CUDA; what the host must offer follows from the family's floor."""
    whole = manifest(
        "3.12.8", {"torch": torch}, frameworks={"torch": Framework(version=torch, cuda=cuda)}
    )
    plan = make_plan(whole)
    assert (plan.base.kind, plan.base.reference.partition(":")[0]) == ("slim", "python")
    needs = {item.subject: item.needs for item in plan.host}
    assert needs["driver.version"] == driver


@pytest.mark.parametrize("cuda", ["12.6", "12.8", "12.9", "13.0"])
def test_todays_cuda_has_a_listed_image(cuda: str) -> None:
    whole = manifest("3.12.3", {"numpy": "2.1.3"}, cuda=Cuda(complete=True, toolkit=cuda))
    plan = make_plan(whole, "cuda")
    assert plan.base.reference in LISTED
    assert plan.base.reference.startswith(f"nvidia/cuda:{cuda}.")


@pytest.mark.parametrize("cuda", ["13.1", "13.2"])
def test_a_cuda_without_a_listed_runtime_image_gets_another_and_is_told(cuda: str) -> None:
    """The sources list none of its runtime images: no tag is made up."""
    whole = manifest("3.12.3", {"numpy": "2.1.3"}, cuda=Cuda(complete=True, toolkit=cuda))
    plan = make_plan(whole, "cuda")
    assert plan.base.reference in LISTED
    told = [item for item in plan.decisions if item.choice == plan.base.reference]
    assert told, plan.decisions
    assert all(item.certainty != "exact" for item in told)


def test_digests_and_addresses_of_standalone_builds_are_of_the_real_scheme() -> None:
    """Each has both machines' digests, no two the same, and an OpenSSL that is maintained."""
    table = _load("python_standalone")
    digests = [digest for row in table["rows"] for digest in row["sha256"].values()]
    assert len(set(digests)) == len(digests) == 2 * len(table["rows"])
    for row in table["rows"]:
        assert row["release"] >= table["openssl"]["since"]
        assert set(row["sha256"]) == {"amd64", "arm64"}
        assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in row["sha256"].values())
        for architecture in row["sha256"]:
            source = standalone.source(row["python"], architecture)
            assert source is not None
            assert source.archive == validate.https_address(source.archive or "", "archive")
            assert f"/{row['release']}/cpython-{row['python']}+" in source.archive
