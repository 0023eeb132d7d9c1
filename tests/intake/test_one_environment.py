"""A law over formats: one environment, described in two of them, does not differ from itself."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envsnap import api
from envsnap.intake import foreign
from envsnap.model.manifest import Manifest
from envsnap.rules import engine
from tests import examples
from tests.conftest import Run

Pins = dict[str, str]
PINS: Pins = {
    "absl-py": "2.1.0",
    "numpy": "1.26.4",
    "pip": "24.0",
    "pyyaml": "6.0.2",
    "ruamel.yaml": "0.18.6",
    "torch": "2.4.0+cu121",
    "typing-extensions": "4.12.2",
}
KIN = ("pip", "setuptools", "wheel", "distribute")


def canonical(name: str) -> str:
    """The spelling that locks use."""
    return name.replace(".", "-").replace("_", "-").lower()


def captured(pins: Pins) -> str:
    """A manifest as a capture writes it."""
    from envsnap.model import codec

    entries = {
        canonical(name): {"version": version, "format": "dist-info", "wheel_tags": ["py3-none-any"]}
        for name, version in pins.items()
    }
    facts = {"entries": entries, "claimed_twice": {}}
    sections = {
        "packages": facts,
        "python": {"version": "3.11.9", "implementation": "CPython"},
        "system": {"platform": "linux", "architecture": "x86_64"},
    }
    return codec.encode(examples.manifest(sections)).decode()


def pip_list(pins: Pins) -> str:
    width = max(len(name) for name in [*pins, "Package"])
    tall = max(len(version) for version in [*pins.values(), "Version"])
    rows = [f"{'Package':{width}} Version", f"{'-' * width} {'-' * tall}"]
    return (
        "\n".join([*rows, *(f"{name:{width}} {version}" for name, version in pins.items())]) + "\n"
    )


def pip_json(pins: Pins) -> str:
    return json.dumps([{"name": name, "version": version} for name, version in pins.items()])


def pip_inspect(pins: Pins) -> str:
    installed = [{"metadata": {"name": name, "version": version}} for name, version in pins.items()]
    return json.dumps({"version": "1", "pip_version": "24.0", "installed": installed})


def pip_freeze(pins: Pins) -> str:
    names = sorted((name for name in pins if canonical(name) not in KIN), key=str.lower)
    return "".join(f"{name}=={pins[name]}\n" for name in names)


def pip_install_log(pins: Pins) -> str:
    words = " ".join(f"{name}-{version}" for name, version in pins.items())
    return f"Installing collected packages: {', '.join(pins)}\nSuccessfully installed {words}\n"


def conda_list(pins: Pins) -> str:
    rows = (f"{name:25} {version:20} pypi_0    pypi\n" for name, version in pins.items())
    return "# packages in environment at /c:\n#\n# Name  Version  Build  Channel\n" + "".join(rows)


def cyclonedx(pins: Pins) -> str:
    from urllib.parse import quote

    components = [
        {"type": "library", "name": name, "purl": f"pkg:pypi/{canonical(name)}@{quote(version)}"}
        for name, version in pins.items()
    ]
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": components})


def spdx(pins: Pins) -> str:
    from urllib.parse import quote

    packages = [
        {
            "name": name,
            "SPDXID": f"SPDXRef-{number}",
            "versionInfo": version,
            "externalRefs": [
                {
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": f"pkg:pypi/{canonical(name)}@{quote(version)}",
                }
            ],
        }
        for number, (name, version) in enumerate(pins.items())
    ]
    head = {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "image"}
    return json.dumps({**head, "packages": packages})


def lightning(pins: Pins) -> str:
    rows = "".join(f"\t- {name + ':':30} {version}\n" for name, version in pins.items())
    return f"* CUDA:\n\t- available:         False\n* Packages:\n{rows}* System:\n\t- OS: Linux\n"


def pdm_list(pins: Pins) -> str:
    rows = "".join(f"│ {name:40} │ {version:20} │          │\n" for name, version in pins.items())
    rule = "─" * 42, "─" * 22, "─" * 10
    return (
        f"╭{'┬'.join(rule)}╮\n│ {'name':40} │ {'version':20} │ location │\n├{'┼'.join(rule)}┤\n"
        f"{rows}╰{'┴'.join(rule)}╯\n"
    )


def markdown(pins: Pins) -> str:
    rows = "".join(f"| {name} | {version} |\n" for name, version in pins.items())
    return f"| Package | Version |\n| --- | --- |\n{rows}"


def requirements(pins: Pins) -> str:
    return "--index-url https://index.example.org\n" + "".join(
        f"{name}=={version}\n" for name, version in pins.items()
    )


def pylock(pins: Pins) -> str:
    rows = (f'[[packages]]\nname = "{canonical(n)}"\nversion = "{v}"\n' for n, v in pins.items())
    return 'lock-version = "1.0"\ncreated-by = "test"\n' + "".join(rows)


def poetry(pins: Pins) -> str:
    rows = (
        f'[[package]]\nname = "{n}"\nversion = "{v}"\noptional = false\ngroups = ["main"]\n'
        for n, v in pins.items()
    )
    tail = '[metadata]\nlock-version = "2.1"\npython-versions = ">=3.9"\ncontent-hash = "0"\n'
    return "".join(rows) + tail


def pdm(pins: Pins) -> str:
    head = (
        '[metadata]\nstrategy = ["inherit_metadata"]\nlock_version = "4.5.0"\ncontent_hash = "0"\n'
    )
    rows = (
        f'[[package]]\nname = "{n}"\nversion = "{v}"\ngroups = ["default"]\n'
        for n, v in pins.items()
    )
    return head + "".join(rows)


def pipfile(pins: Pins) -> str:
    default = {name: {"version": f"=={version}"} for name, version in pins.items()}
    return json.dumps(
        {"_meta": {"pipfile-spec": 6, "sources": []}, "default": default, "develop": {}}
    )


def uv(pins: Pins) -> str:
    source = 'source = { registry = "https://index.example.org/simple" }\n'
    rows = "".join(
        f'[[package]]\nname = "{canonical(n)}"\nversion = "{v}"\n{source}' for n, v in pins.items()
    )
    needs = ", ".join(f'{{ name = "{canonical(name)}" }}' for name in pins)
    own = f'[[package]]\nname = "zz-app"\nversion = "0"\nsource = {{ virtual = "." }}\ndependencies = [{needs}]\n'
    return f'version = 1\nrequires-python = ">=3.9"\n{rows}{own}'


WRITERS: tuple[Callable[[Pins], str], ...] = (
    captured, pip_list, pip_json, pip_inspect, pip_freeze, pip_install_log, conda_list, cyclonedx, spdx, lightning,
    pdm_list, markdown,
    requirements, pylock, poetry, pdm, pipfile, uv,
)  # fmt: skip


PAIRS = list(itertools.permutations(WRITERS, 2))


def read(writer: Callable[[Pins], str], pins: Pins) -> Manifest:
    """What a format's text of an environment says."""
    data = writer(pins).encode()
    return foreign.load(data, writer.__name__, writer.__name__).manifest


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: "-".join(w.__name__ for w in pair))
def test_one_environment_in_two_formats(pair: tuple[Callable[[Pins], str], ...]) -> None:
    result = api.diff(*(read(writer, PINS) for writer in pair))
    assert [finding.message for finding in result.findings] == []
    assert result.compared >= len(PINS) - len(KIN)


NAME = st.from_regex(r"[a-z]{2,9}[0-9]?(?:[-_.][a-z]{1,6})?", fullmatch=True)
VERSION = st.from_regex(
    r"[0-9]{1,4}(?:\.[0-9]{1,3}){1,3}(?:\.post[0-9]|rc[0-9])?(?:\+[a-z]{2}[0-9]{3})?",
    fullmatch=True,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    pins=st.dictionaries(NAME, VERSION, min_size=2, max_size=6),
    pair=st.tuples(st.sampled_from(WRITERS), st.sampled_from(WRITERS)),
)
def test_any_environment_in_two_formats(
    pins: Pins, pair: tuple[Callable[[Pins], str], Callable[[Pins], str]]
) -> None:
    distinct = {canonical(name): name for name in pins}
    # A list of names that nobody knows may be one of anything.
    pins = {name: pins[name] for name in distinct.values()} | {"numpy": "1.26.4"}
    result = api.diff(*(read(writer, pins) for writer in pair))
    assert [finding.message for finding in result.findings] == []


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: "-".join(w.__name__ for w in pair))
def test_another_version_is_found_in_every_pair(pair: tuple[Callable[[Pins], str], ...]) -> None:
    other = {**PINS, "numpy": "2.1.0"}
    result = api.diff(read(pair[0], PINS), read(pair[1], other))
    assert [finding.path[1] for finding in result.findings] == ["numpy"]


def test_a_pod_of_one_deployment_is_like_another(tmp_path: Path) -> None:
    pod = (Path(__file__).parent / "formats/kubernetes-pod/input.yml").read_text()
    other = (
        pod.replace("llm-7d9c", "llm-8e0d")
        .replace("gpu-17", "gpu-18")
        .replace("restartCount: 4", "restartCount: 0")
    )
    first, second = (foreign.load(text.encode(), "pod", "pod").manifest for text in (pod, other))
    assert api.diff(first, second).findings == ()
    third = foreign.load(pod.replace("llm:1.4.2", "llm:1.5.0").encode(), "pod", "pod").manifest
    found = api.diff(first, third).findings
    assert [finding.path[-1] for finding in found] == ["image"]


def test_the_platform_that_markers_were_held_for_is_told(tmp_path: Path, envsnap: Run) -> None:
    (tmp_path / "m.json").write_text(captured(PINS))
    (tmp_path / "r.txt").write_text(
        "numpy==1.26.4\ntorch==2.4.0\npywin32==310; sys_platform == 'win32'\neinops; extra == 'x'\n"
    )
    done = envsnap("diff", "r.txt", "m.json", "--fail-on", "info")
    assert done.returncode == 0, done.stdout
    assert (
        "of what is wanted, 2 lines counted for linux x86_64 CPython 3.11; 2 of other platforms"
        in done.stderr
    )


def test_formats_are_loaded_for_foreign_files_only(tmp_path: Path) -> None:
    import subprocess
    import sys

    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(captured(PINS))
    program = (
        "import sys\nfrom envsnap import api\n"
        "api.diff(api.load('a.json'), api.load('b.json'))\n"
        "print([name for name in sys.modules if 'intake.f' in name or 'changes.wanted' in name])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] in ("[]", "['envsnap.intake.facts']")


def test_of_several_lines_the_versions_are_shown(tmp_path: Path) -> None:
    text = 'numpy==2.0.2 ; python_version < "3.10"\nnumpy==2.3.1 ; python_version >= "3.10"\n'
    (tmp_path / "requirements.txt").write_text(text)
    asked = foreign.load(text.encode(), "requirements.txt", str(tmp_path / "requirements.txt"))
    here = examples.manifest(
        {"packages": examples.packages(numpy="2.4.6"), "python": {"version": "3.11.7"}}
    )
    found = next(
        item
        for item in engine.compare(asked.manifest, here).findings
        if item.path == ("wanted", "numpy", "version")
    )
    assert [(fact.path[0], fact.side, fact.value) for fact in found.facts] == [
        ("wanted", "reference", "2.0.2 or 2.3.1"),
        ("wanted", "other", "2.4.6"),
        ("packages", "other", "2.4.6"),
    ]
