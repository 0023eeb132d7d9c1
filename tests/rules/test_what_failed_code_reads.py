"""Of a text that no sentence explains: the variables and the requirements of the code that failed."""

from __future__ import annotations

import pytest

from envsnap.model.manifest import Manifest
from envsnap.model.paths import text as spelled
from envsnap.rules import engine
from envsnap.rules.finding import Effect, Finding, Severity
from tests import examples

SITE = "/opt/venv/lib/python3.11/site-packages"


def host(
    variables: dict[str, str] | None = None,
    tools: dict[str, object] | None = None,
    requires: dict[str, list[str]] | None = None,
    **versions: str,
) -> Manifest:
    packages = examples.packages(**versions)
    for name, lines in (requires or {}).items():
        packages["entries"][name]["requires"] = lines
    return examples.manifest(
        {
            "packages": packages,
            "env_vars": {"entries": variables or {}},
            "tools": {"entries": tools or {}},
            "python": {"prefix": "/opt/venv"},
        }
    )


def raised(*files: str, error: str) -> str:
    frames = "".join(f'  File "{SITE}/{file}", line 3, in f\n    g()\n' for file in files)
    return f"Traceback (most recent call last):\n{frames}{error}\n"


def first(here: Manifest, there: Manifest, text: str) -> Finding:
    return engine.compare(here, there, error_text=text).findings[0]


@pytest.mark.parametrize(
    ("name", "values", "package", "file", "error"),
    [
        ("HF_HUB_OFFLINE", ("", "1"), "huggingface-hub", "huggingface_hub/file_download.py", "huggingface_hub.errors.LocalEntryNotFoundError: we cannot find the requested files in the local cache."),
        ("MPLBACKEND", ("Agg", "TkAgg"), "matplotlib", "matplotlib/pyplot.py", "_tkinter.TclError: no display name and no $DISPLAY environment variable"),
        ("NUMBA_DISABLE_JIT", ("0", "1"), "numba", "numba/core/dispatcher.py", "RuntimeError: something odd"),
    ],
)  # fmt: skip
def test_a_variable_of_the_code_that_failed_comes_first(
    name: str, values: tuple[str, str], package: str, file: str, error: str
) -> None:
    here, there = (
        host({name: value} if value else {}, **{package.replace("-", "_"): "1.0"})
        for value in values
    )
    found = first(here, there, raised(file, error=error))
    assert spelled(found.path) == f"env_vars.{name}"
    assert found.severity is Severity.WARNING
    assert "The text says" in found.why


def test_what_the_failed_code_requires_comes_before_what_it_does_not() -> None:
    asks = {"spacy": ["pydantic>=1.7", "wasabi>=0.9"]}
    here = host(requires=asks, spacy="3.5.0", pydantic="1.10.7", wasabi="1.1.0", networkx="3.1")
    there = host(requires=asks, spacy="3.5.0", pydantic="1.11.0", wasabi="1.0.0", networkx="3.3")
    found = first(here, there, raised("spacy/schemas.py", error="TypeError: odd"))
    assert spelled(found.path) == "packages.pydantic.version"
    assert "required by spacy" in found.why
    older = engine.compare(
        there, here, error_text=raised("spacy/schemas.py", error="TypeError: odd")
    )
    assert not any(
        "required by" in item.why and item.path[1] == "pydantic" for item in older.findings
    )


def test_a_missing_program_is_no_fault_of_a_path_that_is_the_same() -> None:
    ffmpeg = {"ffmpeg": {"version": "4.4", "path": "/usr/bin/ffmpeg"}}
    here = host({"PATH": "/opt/venv/bin:/usr/bin"}, ffmpeg)
    there = host({"PATH": "/srv/venv/bin:/usr/bin"})
    text = raised(
        "whisper/audio.py", error="FileNotFoundError: [Errno 2] No such file or directory: 'ffmpeg'"
    )
    assert spelled(first(here, there, text).path) == "tools.ffmpeg"


def test_a_path_that_differs_in_its_own_folder_alone_does_nothing() -> None:
    one, other = (
        {"PATH": "/opt/venv/bin:/usr/bin"},
        {"PATH": "/opt/venv/bin:/opt/cuda/bin:/usr/bin"},
    )
    same = engine.compare(host(one), host(one)).findings
    assert not same
    moved = examples.manifest(
        {"env_vars": {"entries": {"PATH": "/srv/v/bin:/usr/bin"}}, "python": {"prefix": "/srv/v"}}
    )
    found = next(
        item for item in engine.compare(host(one), moved).findings if item.path[-1] == "PATH"
    )
    assert (found.severity, found.effect) == (Severity.INFO, Effect.NONE)
    found = engine.compare(host(one), host(other)).findings[0]
    assert found.effect is not Effect.NONE


def test_that_results_are_the_same_mends_no_failure() -> None:
    here, there = host(pillow="9.5.0"), host(pillow="10.0.0")
    text = raised(
        "easyocr/utils.py", error="AttributeError: module 'PIL.Image' has no attribute 'ANTIALIAS'"
    )
    found = first(here, there, text)
    assert spelled(found.path) == "packages.pillow.version"
    assert "same results" not in found.message
    assert "pillow==9.5.0" in found.fix


def test_certificates_that_differ_come_before_a_package_that_does_not() -> None:
    here, there = (
        examples.manifest(
            {"system": {"certificates": value}, "packages": examples.packages(certifi="2024.2.2")}
        )
        for value in (True, False)
    )
    text = raised(
        "aiohttp/client.py",
        error="ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
    )
    assert spelled(first(here, there, text).path) == "system.certificates"


def test_a_missing_library_names_the_package_that_has_it() -> None:
    text = raised(
        "lightgbm/basic.py",
        error="OSError: libgomp.so.1: cannot open shared object file: No such file or directory",
    )
    found = engine.inspect(host(lightgbm="4.0.0"), error_text=text).findings[0]
    assert "libgomp1" in found.fix
