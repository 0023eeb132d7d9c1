"""Foreign files: every fact of every case, and of every case as people have it: mutated.

A case folder holds one input and the facts that are right. What is stated beyond them, or
otherwise, is wrong, and nothing may be; a refusal is no fact.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from envsnap.errors import InputError
from envsnap.intake import foreign

CASES = Path(__file__).parent / "formats"
NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir())
SKIPPED = ("complete", "names_complete", "digest", "gaps")
# What says nothing but how it is written: digests and sizes of the very file.
OF_THE_FILE = ("sha256", "size")
BYTES_ARE_FACTS = ("lfs-pointer",)
TREES = (".json", ".xml", ".pbtxt", ".lock", ".toml")
PROSE_BEFORE = "It fails here since yesterday; Python version: 2.7 works.\nOS: see below\n\n"
PROSE_AFTER = "\nThe old machine has numpy 1.0 and\nModel name: other\nGPU 9: none\n"


def source(name: str) -> Path:
    """The input of a case."""
    return next((CASES / name).glob("input*"))


def read(data: bytes, path: str) -> dict[str, Any]:
    """The facts of a file as paths and values."""
    manifest = foreign.load(data, "input", path).manifest
    return flat(plain(manifest.sections))


def plain(sections: Any) -> Any:
    """Sections as JSON has them."""
    return json.loads(msgspec.json.encode(sections))


def flat(tree: Any, path: str = "", depth: int = 0) -> dict[str, Any]:
    """The leaves of a tree by path."""
    if isinstance(tree, dict) and tree:
        found: dict[str, Any] = {}
        for key, value in tree.items():
            if not (depth == 1 and key in SKIPPED):
                found.update(flat(value, f"{path}.{key}" if path else key, depth + 1))
        return found
    return {path: tree}


def stated(name: str) -> dict[str, Any]:
    """The facts that are right, as paths and values."""
    facts: dict[str, Any] = json.loads((CASES / name / "facts.json").read_text())["facts"]
    return facts


def settled(name: str) -> int:
    """Where a file has said what its end cannot take back: cut before, it is a whole one of less.

    That is a Dockerfile's last stage, and the line that a case names as `settled_by`.
    """
    data = source(name).read_bytes()
    line = json.loads((CASES / name / "facts.json").read_text()).get("settled_by", "")
    return max(data.rfind(b"\nFROM "), data.find(line.encode()) + len(line) if line else 1, 1)


def wrong(found: dict[str, Any], right: dict[str, Any], *, other_bytes: bool) -> dict[str, Any]:
    """What is stated and not right."""
    return {
        path: value
        for path, value in found.items()
        if right.get(path, ...) != value
        and not (
            other_bytes and path.startswith("configs.") and path.rpartition(".")[2] in OF_THE_FILE
        )
        and value != {}
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_fact_is_right(name: str) -> None:
    expected = json.loads((CASES / name / "facts.json").read_text())
    document = foreign.load(source(name).read_bytes(), "input", str(source(name)))
    sections = plain(document.manifest.sections)
    lacking = {"note", "names_complete", "gaps", "facts"} - set(expected)
    assert not lacking, f"facts.json also needs {sorted(lacking)}; the note is {document.notes}"
    assert flat(sections) == expected["facts"]
    assert {key: part.get("gaps", {}) for key, part in sections.items() if part.get("gaps")} == (
        expected["gaps"]
    )
    whole = [key for key, part in sections.items() if part.get("names_complete")]
    assert whole == expected["names_complete"]
    assert document.notes == (expected["note"],)


ALIKE = {
    "windows line ends": lambda text: text.replace("\n", "\r\n").encode(),
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16 without a mark": lambda text: text.encode("utf-16-be"),
    "blanks behind lines": lambda text: text.replace("\n", "  \n").encode(),
    "colours": lambda text: f"\x1b[0m{text}".encode(),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mutation", ALIKE)
def test_another_encoding_says_the_same(name: str, mutation: str) -> None:
    path, right = source(name), stated(name)
    data = ALIKE[mutation](path.read_text())
    if name in BYTES_ARE_FACTS and mutation != "windows line ends":
        with pytest.raises(InputError):
            read(data, str(path))
        return
    found = read(data, str(path))
    assert not wrong(found, right, other_bytes=True)
    assert not wrong(right, found, other_bytes=True)


AROUND = {
    "quoted": lambda text: "".join(f"> {line}\n" for line in text.splitlines()),
    "indented": lambda text: "".join(f"    {line}\n" for line in text.splitlines()),
    "fenced": lambda text: f"{PROSE_BEFORE}```\n{text}```\n{PROSE_AFTER}",
    "prose": lambda text: f"{PROSE_BEFORE}{text}{PROSE_AFTER}",
}
# Cut out of its file such a text can hardly be told from what stands around it.
NEEDS_A_FRAME = ("prose",)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mutation", AROUND)
def test_what_stands_around_is_no_fact(name: str, mutation: str) -> None:
    path, right = source(name), stated(name)
    text = AROUND[mutation](path.read_text())
    try:
        found = read(text.encode(), str(path))
    except InputError:
        assert (
            mutation in NEEDS_A_FRAME
            or name in BYTES_ARE_FACTS
            or "refused" in (CASES / name / "facts.json").read_text()
        ), "a quoted, indented or fenced text is read"
        return
    assert not wrong(found, right, other_bytes=True)
    if mutation not in NEEDS_A_FRAME:
        assert not wrong(right, found, other_bytes=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_cut_file_states_nothing_wrong(name: str) -> None:
    path, right = source(name), stated(name)
    data = path.read_bytes()
    start = settled(name)
    for end in sorted(
        {*range(start, len(data), max(1, len(data) // 60)), len(data) - 1, len(data) - 2}
    ):
        try:
            found = read(data[:end], str(path))
        except InputError:
            continue
        false = wrong(found, right, other_bytes=True)
        assert not _beyond_names(false, right), f"cut at {end}"


def _beyond_names(false: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    """Without what a whole file says in another place: one of several lines for a name."""
    lines = {key: value for key, value in right.items() if ".alternatives" in key}
    told = [item for value in lines.values() for item in value]
    return {
        path: value
        for path, value in false.items()
        if not (
            path.startswith("wanted.entries.")
            and any(item.get(path.rpartition(".")[2]) == value for item in told)
        )
        and not _is_beginning(path, value, right)
    }


def _is_beginning(path: str, value: Any, right: dict[str, Any]) -> bool:
    """A list, or a map, of which the file's end has more."""
    whole = right.get(path)
    if isinstance(value, list) and isinstance(whole, list):
        return all(any(_within(item, other) for other in whole) for item in value)
    return value == [] or (value in ("", "~", "null") and path.startswith("configs."))


def _within(item: Any, other: Any) -> bool:
    if isinstance(item, dict) and isinstance(other, dict):
        return all(_within(value, other.get(key)) for key, value in item.items())
    if isinstance(item, list) and isinstance(other, list):
        return len(item) <= len(other) and all(
            _within(mine, theirs) for mine, theirs in zip(item, other, strict=False)
        )
    return bool(item == other) or item in ("", "~", [], None)


LISTS = ("requirements-ranges", "pip-freeze", "pip-list-old", "conda-explicit", "os-release")


@pytest.mark.parametrize("name", LISTS)
def test_the_order_of_lines_says_nothing(name: str) -> None:
    path, right = source(name), stated(name)
    lines = path.read_text().splitlines()
    head = [line for line in lines if line.startswith(("@", "#", "-e")) or "install" in line]
    rest = [line for line in lines if line not in head]
    found = read(("\n".join([*head, *reversed(rest)]) + "\n").encode(), str(path))
    assert _versions(found) == _versions(right)


def _versions(facts: dict[str, Any]) -> dict[str, Any]:
    """What is told of versions, whether it is wanted or installed."""
    return {
        path.removeprefix("wanted.").removeprefix("packages."): value
        for path, value in facts.items()
        if path.endswith("version")
    }


JSON = [name for name in NAMES if source(name).suffix == ".json"]


@pytest.mark.parametrize("name", JSON)
def test_the_order_of_keys_says_nothing(name: str) -> None:
    def turned(tree: Any) -> Any:
        if isinstance(tree, dict):
            return {key: turned(value) for key, value in reversed(tree.items())}
        return [turned(item) for item in tree] if isinstance(tree, list) else tree

    path, right = source(name), stated(name)
    data = json.dumps(turned(json.loads(path.read_text())), indent=4).encode()
    found = read(data, str(path))
    assert not wrong(found, right, other_bytes=True)
    assert not wrong(right, found, other_bytes=True)


def test_the_page_and_the_command_name_every_format() -> None:
    from envsnap import api

    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text().replace("`", "")
    titles = api.formats()
    assert len(titles) == len(set(titles)) > 45
    for title in titles:
        for part in title.split(": ")[0].split(", "):
            is_named = part.replace("`", "") in page
            assert is_named, f"docs/formats.md does not name {part!r}, the title in the registry"


def test_every_format_is_in_the_registry_and_every_line_has_its_module() -> None:
    from envsnap.intake.formats import registry

    folder = Path(registry.__file__).parent
    for entry in (*registry.FORMATS, *registry.FOLDERS):
        module: Any = entry.load()
        assert callable(module.recognise)
        assert callable(module.read)
        assert module.__doc__
    listed = {entry.module for entry in (*registry.FORMATS, *registry.FOLDERS)}
    formats = {path.stem for path in folder.glob("*.py") if "\ndef recognise(" in path.read_text()}
    lacking = formats ^ listed
    assert not lacking, f"formats/registry.py and the files of formats/ differ in {sorted(lacking)}"
