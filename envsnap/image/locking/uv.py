"""Asks uv which files an index has of exact versions; no code of any package runs for that."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from envsnap.errors import BuildError, InputError
from envsnap.image.facts import Facts, numbers
from envsnap.image.locking import indexes
from envsnap.image.locking.indexes import Index

# The glibc minors that uv knows platforms for, and its names of processors.
GLIBC_MINORS = (17, 28, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40)
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
YANKED = re.compile(r"`([A-Za-z0-9._-]+)==([^`]+)` is yanked(?: \(reason: \"(.*)\"\))?")
NETWORK = re.compile(
    r"error sending request|dns error|Connect|certificate|timed out|Failed to fetch|50[0-9] ",
    re.IGNORECASE,
)
TIMEOUT = 600.0
LONGEST_SAID = 300


class Candidate(Struct, frozen=True, kw_only=True):
    """A file that an index has of one version of a distribution."""

    file: str
    url: str
    sha256: str | None
    wheel: bool
    size: int | None = None
    private: bool = False  # whether an index of the user's own has it


class Answer(Struct, frozen=True, kw_only=True):
    """What an index has: candidates by distribution, what it lacks, what was withdrawn."""

    candidates: dict[str, tuple[Candidate, ...]]
    missing: dict[str, str]
    yanked: dict[str, str]


def executable() -> str:
    """Return uv's path: the package's own, or the one on PATH."""
    try:
        from uv import find_uv_bin

        found: str | None = find_uv_bin()
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    if found is None:
        raise InputError("this needs uv, which is not on PATH: pip install uv")
    return found


def ask(
    pins: dict[str, str], index: str | None, facts: Facts, private: tuple[Index, ...] = ()
) -> Answer:
    """Ask an index (None: the user's own) for the files of exact versions by name.

    One version that the index lacks makes uv refuse all, so what is refused is halved until the
    one is found.
    """
    candidates: dict[str, tuple[Candidate, ...]] = {}
    missing: dict[str, str] = {}
    yanked: dict[str, str] = {}
    waiting = [dict(pins)] if pins else []
    while waiting:
        part = waiting.pop()
        found, said = _compile(part, index, facts, private)
        if found is not None:
            candidates.update(found)
            yanked.update({name: why for name, why in _yanked(said) if name in part})
        elif NETWORK.search(said):
            raise BuildError(f"no answer from the package index: {said}")
        elif len(part) == 1:
            missing[next(iter(part))] = said
        else:
            names = list(part)
            half = len(names) // 2
            waiting += [
                {name: part[name] for name in some} for some in (names[:half], names[half:])
            ]
    return Answer(candidates=candidates, missing=missing, yanked=yanked)


def _compile(
    pins: dict[str, str], index: str | None, facts: Facts, private: tuple[Index, ...]
) -> tuple[dict[str, tuple[Candidate, ...]] | None, str]:
    """Run uv once; None and what it said where it found no answer."""
    with tempfile.TemporaryDirectory(prefix="envsnap-lock-") as folder:
        lines = [f"{name}=={version}\n" for name, version in sorted(pins.items())]
        Path(folder, "pins.in").write_text("".join(lines), encoding="ascii")
        try:
            ended = _run(facts, index, folder, private)
        except subprocess.TimeoutExpired:
            raise BuildError(
                f"no answer from the package index within {TIMEOUT:g} s (uv pip compile)"
            ) from None
        if ended.returncode:
            return None, " ".join(ended.stderr.split())[:400]
        text = Path(folder, "pylock.toml").read_text(encoding="utf-8")
        own = _of_private(facts, index, folder, private) if private else frozenset()
        return dict(_read(tomllib.loads(text), folder, own)), ended.stderr


class Whole(Struct, frozen=True, kw_only=True):
    """What a list of requirements needs: every version; and what was overruled for it."""

    versions: dict[str, str] = {}
    overruled: str = ""


def complete(
    stated: list[str],
    facts: Facts,
    *,
    find_links: str | None,
    labelled: Iterable[str] = (),
    private: tuple[Index, ...] = (),
) -> Whole:
    """Resolve a partial list from metadata alone. Raises InputError where there is no solution.

    Versions that contradict each other's requirements were installed all the same, so they are
    tried once more as they are.
    """
    further = [word for index in labelled for word in ("--index", index)]
    if further:
        further += ["--index-strategy", "unsafe-best-match"]
    if find_links is not None:
        further += ["--find-links", os.path.abspath(find_links)]
    found, said = _resolve(stated, facts, (further, private), overrule=False)
    if found is not None:
        return Whole(versions=found)
    if NETWORK.search(said):
        raise BuildError(f"no answer from the package index: {said}")
    anyway, _ = _resolve(stated, facts, (further, private), overrule=True)
    if anyway is None:
        raise InputError(
            f"packages: the partial list cannot be completed: {said}; name a folder of the wheels"
            " that no index has with --find-links, or capture the environment itself"
        )
    return Whole(versions=anyway, overruled=said[:LONGEST_SAID])


def _resolve(
    stated: list[str], facts: Facts, where: tuple[list[str], tuple[Index, ...]], *, overrule: bool
) -> tuple[dict[str, str] | None, str]:
    """Run uv once; None and what it said where it found no solution."""
    with tempfile.TemporaryDirectory(prefix="envsnap-lock-") as folder:
        for name in ("pins.in", "overrides.txt"):
            Path(folder, name).write_text("\n".join(stated) + "\n", encoding="ascii")
        more = ["--overrides", "overrides.txt"] if overrule else []
        try:
            ended = _start(
                [*_command(facts, deps=True), "--no-build", *where[0], *more], folder, where[1]
            )
        except subprocess.TimeoutExpired:
            raise BuildError(
                f"no answer from the package index within {TIMEOUT:g} s (uv pip compile)"
            ) from None
        if ended.returncode:
            return None, " ".join(ended.stderr.split())[:600]
        tree = tomllib.loads(Path(folder, "pylock.toml").read_text(encoding="utf-8"))
    packages = tree.get("packages", ())
    return {item["name"]: item["version"] for item in packages if "version" in item}, ended.stderr


def _run(
    facts: Facts, index: str | None, folder: str, private: tuple[Index, ...]
) -> subprocess.CompletedProcess[str]:
    named = ["--default-index", index] if index else []
    return _start([*_command(facts), *named], folder, private)


def _start(
    command: list[str], folder: str, private: tuple[Index, ...]
) -> subprocess.CompletedProcess[str]:
    options, variables = indexes.for_uv(private)
    return subprocess.run(
        [*command, *options],
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=TIMEOUT,
        check=False,
        env={**os.environ, **variables, "UV_PYTHON_DOWNLOADS": "never", "NO_COLOR": "1"},
    )


def _command(facts: Facts, *, deps: bool = False) -> list[str]:
    """Spell the command; no configuration file of a folder or of the user steers it."""
    python = (facts.python or "3.11.0").rstrip("+")
    return [
        # A stranger\'s uv.toml, above our folder, must not choose the index.
        executable(), "pip", "compile", "pins.in", "--format", "pylock.toml",
        "--output-file", "pylock.toml", "--no-header", "--no-annotate", "--no-config",
        *(() if deps else ("--no-deps",)),
        "--python", sys.executable, "--python-version", python,
        "--python-platform", _platform(facts),
    ]  # fmt: skip


def _platform(facts: Facts) -> str:
    machine = MACHINES.get(facts.architecture, facts.architecture)
    if facts.musl:
        return f"{machine}-unknown-linux-musl"
    captured = numbers(facts.glibc)[1] if facts.glibc and "." in facts.glibc else 0
    known = [minor for minor in GLIBC_MINORS if minor <= captured]
    return f"{machine}-manylinux_2_{known[-1]}" if known else f"{machine}-unknown-linux-gnu"


def _of_private(
    facts: Facts, index: str | None, folder: str, private: tuple[Index, ...]
) -> frozenset[str]:
    """Name what comes from the user's own indexes; uv says so in requirements files alone."""
    words = _command(facts)
    words[words.index("--format") + 1] = "requirements.txt"
    words[words.index("--output-file") + 1] = "from.txt"
    named = ["--default-index", index] if index else []
    ended = _start([*words, "--emit-index-annotation", *named], folder, private)
    if ended.returncode:
        raise BuildError(f"uv does not say where distributions come from: {ended.stderr[:300]}")
    own = {item.url.rstrip("/") for item in private}
    found: set[str] = set()
    name = ""
    for line in Path(folder, "from.txt").read_text(encoding="utf-8").splitlines():
        source = line.strip().removeprefix("# from ").rstrip("/")
        if line[:1].isalnum():
            name = line.partition("==")[0].strip()
        elif source in own:
            found.add(name)
    return frozenset(found)


def _read(
    lock: dict[str, Any], folder: str, own: frozenset[str]
) -> Iterator[tuple[str, tuple[Candidate, ...]]]:
    for package in lock.get("packages", ()):
        rows = [(row, True) for row in package.get("wheels", ())]
        if "sdist" in package:
            rows.append((package["sdist"], False))
        private = package["name"] in own
        yield package["name"], tuple(_candidates(rows, folder, private=private))


def _candidates(
    rows: Iterable[tuple[dict[str, Any], bool]], folder: str, *, private: bool
) -> Iterator[Candidate]:
    for row, wheel in rows:
        url = row.get("url") or Path(folder, row["path"]).resolve().as_uri()
        yield Candidate(
            file=row.get("name") or _file_name(url),
            url=url,
            sha256=row.get("hashes", {}).get("sha256"),
            wheel=wheel,
            size=row.get("size"),
            private=private,
        )


def _file_name(url: str) -> str:
    from urllib.parse import unquote, urlsplit

    return unquote(urlsplit(url).path.rpartition("/")[2])


def _yanked(said: str) -> Iterator[tuple[str, str]]:
    """Read the versions that their authors withdrew, and why."""
    for name, _, why in YANKED.findall(said):
        yield re.sub(r"[-_.]+", "-", name).lower(), " ".join(why.split()) or "no reason given"
