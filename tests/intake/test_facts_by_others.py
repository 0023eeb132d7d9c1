"""The facts of the cases, found again by programs that are not ours.

`facts.json` says how each case's facts were checked. Where another program reads the same input, its
names and versions must be in those facts: they were once written by the readers themselves.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.intake.test_format_cases import CASES, NAMES, source, stated

Found = set[tuple[str, str]]


def text(name: str) -> str:
    """A case's input."""
    return source(name).read_text()


def toml_packages(name: str) -> Found:
    """Names and versions of all packages of a lock but those of the project itself."""
    found = set()
    for item in tomllib.loads(text(name))["package"]:
        own = {"editable", "virtual"} & set(item.get("source", {}))
        if not own:
            found.add((canonicalize_name(item["name"]), item["version"]))
    return found


def yaml_pixi(name: str) -> Found:
    """Names and versions in the names of the default environment's archives."""
    tree = yaml.safe_load(text(name))
    listed = [
        entry
        for entries in tree["environments"]["default"]["packages"].values()
        for entry in entries
    ]
    parts = [place.rpartition("/")[2].split("-") for entry in listed for place in entry.values()]
    return {(part[0], part[1]) for part in parts if part[0] != "python"}


def yaml_conda(name: str) -> Found:
    """Names and exact versions of conda's specifications, and of pip's below them."""
    found = set()
    for item in yaml.safe_load(text(name))["dependencies"]:
        if isinstance(item, dict):
            found.update(part for line in item["pip"] for part in pinned(line))
        elif (exact := re.fullmatch(r"([\w-]+)(?:==|=)([\d.]+)(?:=\S+)?", item)) and (
            "==" in item or item.count("=") == 2
        ):
            found.add((exact[1], exact[2]))
    return found


def pinned(line: str) -> Found:
    """The name and the version of a requirement with one `==`."""
    if line.startswith(("-", "#")) or "://" in line:
        return set()
    found = Requirement(re.sub(r"\s+#.*|\s*\\$", "", line))
    exact = re.fullmatch(r"==([^*,]+)", str(found.specifier))
    return {(canonicalize_name(found.name), exact[1])} if exact is not None else set()


def requirements(name: str) -> Found:
    """What packaging reads in the lines that begin a requirement."""
    lines = [line for line in text(name).splitlines() if line[:1].isalnum()]
    return {part for line in lines for part in pinned(line)}


def bill(name: str) -> Found:
    """Names and versions in the package URLs of Python's and Debian's packages; each name once."""
    urls = re.findall(r"pkg:(?:pypi|deb/debian)/([\w.+-]+)@([^?\"]+)", text(name))
    names = [found for found, _ in urls]
    return {(found, unquote(version)) for found, version in urls if names.count(found) == 1}


def inspected(name: str) -> Found:
    """Names and versions of pip's own JSON."""
    items = [item["metadata"] for item in json.loads(text(name))["installed"]]
    return {(canonicalize_name(item["name"]), item["version"]) for item in items}


VERSIONS: dict[str, Callable[[str], Found]] = {
    "uv-lock": toml_packages,
    "poetry-lock-2": toml_packages,
    "poetry-lock-groups": toml_packages,
    "pdm-lock": toml_packages,
    "pixi-lock": yaml_pixi,
    "conda-environment": yaml_conda,
    "conda-env-export": yaml_conda,
    "requirements-hashes": requirements,
    "cyclonedx": bill,
    "spdx": bill,
    "pip-inspect": inspected,
}
CONDAS = {"pytorch": "torch"}


def versions(facts: dict[str, Any]) -> Found:
    """Names and versions that the facts of a case state, wanted or installed."""
    found = set()
    for path, value in facts.items():
        whole = re.fullmatch(
            r"(?:wanted|packages)\.entries\.([\w-]+)\.(version|alternatives)", path
        )
        if whole is not None:
            several = value if isinstance(value, list) else [{"version": value}]
            found.update((whole[1], item["version"]) for item in several)
        elif path.startswith("system.packages."):
            found.add((path.removeprefix("system.packages."), value))
    return found


@pytest.mark.parametrize("name", VERSIONS)
def test_another_program_finds_the_same_versions(name: str) -> None:
    theirs = {(CONDAS.get(key, key), version) for key, version in VERSIONS[name](name)}
    assert len(theirs) > 1
    of_addresses = {
        part for part in versions(stated(name)) if part[0] in ("flash-attn", "torchvision")
    }
    assert versions(stated(name)) - of_addresses == theirs - of_addresses


def test_the_xml_of_nvidia_smi() -> None:
    card = ET.fromstring(text("nvidia-smi-xml")).find("gpu")  # noqa: S314 (our own file)
    assert card is not None
    facts = stated("nvidia-smi-xml")
    assert facts["gpus.entries.0.name"] == card.findtext("product_name")
    memory = str(card.findtext("fb_memory_usage/total")).removesuffix(" MiB")
    assert facts["gpus.entries.0.memory_total"] == int(memory) << 20
    assert facts["identity.gpus.0.uuid"] == card.findtext("uuid")
    assert facts["identity.gpus.0.pci_bus_id"] == card.get("id")


@pytest.mark.parametrize("name", ["docker-inspect-container", "docker-inspect-image"])
def test_the_variables_of_docker(name: str) -> None:
    theirs = dict(part.split("=", 1) for part in json.loads(text(name))[0]["Config"]["Env"])
    theirs.pop("HF_TOKEN", None)
    mine = stated(name)
    found = {key: value for key, value in mine.items() if key.startswith("env_vars.entries.")}
    assert {f"env_vars.entries.{key}": value for key, value in theirs.items()} == found


@pytest.mark.parametrize("name", NAMES)
def test_each_case_says_how_its_facts_were_checked(name: str) -> None:
    facts = json.loads((CASES / name / "facts.json").read_text())
    assert facts["checked"].startswith("by ")
