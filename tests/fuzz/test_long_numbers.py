"""Numbers of 5,000 digits, and digits that are none, in every place where a foreign file or an answer has a number.

Python refuses to read such a number as a whole (`int` ends in ValueError), so each place where a
number is read out of text has to bound it, or to refuse it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from envsnap import api
from envsnap.errors import EnvsnapError
from envsnap.intake import facts, reader
from envsnap.model import codec
from envsnap.model.manifest import Target
from envsnap.rules.symptoms.demangle import demangled
from tests.fuzz.test_readers import FORMATS, answer, golden

ODD = ("9" * 5000, "\u00b2")  # a digit that `int` does not read: superscript two
MOST_PLACES = 120


def places(text: str) -> Iterator[str]:
    """The text with one number after the other made long: one for each shape of a line."""
    seen: set[str] = set()
    for match in re.finditer(r"\d+", text):
        begin = text.rfind("\n", 0, match.start()) + 1
        shape = re.sub(r"\d+", "0", text[max(begin, match.start() - 40) : match.end() + 10])
        if shape in seen:
            continue
        seen.add(shape)
        if len(seen) > MOST_PLACES:
            return
        for odd in ODD:
            yield text[: match.start()] + odd + text[match.end() :]


def inputs(folder: Path) -> list[Path]:
    """The files of the cases of a format."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not path.name.startswith(("expected", "facts.json", "notes"))
        and path.stat().st_size < 60_000
    ]


@pytest.mark.parametrize("folder", FORMATS, ids=lambda folder: folder.name)
def test_a_foreign_file_with_a_long_number(folder: Path, tmp_path: Path) -> None:
    for number, path in enumerate(inputs(folder)[:3]):
        for text in places(path.read_text("utf-8", "replace")):
            file = tmp_path / f"{number}-{path.name}"
            file.write_text(text)
            try:
                found = reader.load(str(file)).manifest
                api.check(found)
            except EnvsnapError as error:
                assert error.exit_code != 70
                assert "\n" not in str(error)


def test_an_answer_with_a_long_number() -> None:
    tree = json.loads(answer())
    entries = tree["sections"]["packages"]["facts"]["entries"]
    for item in entries.values():
        item["requires"] = ["x (>=1.2,<3); python_version < '3.8'"]
        item["wheel"] = {"tags": ["cp311-cp311-manylinux_2_17_x86_64"]}
    tree["sections"]["env_vars"]["facts"]["entries"] = {
        "OMP_NUM_THREADS": "4", "CUDA_VISIBLE_DEVICES": "0,1", "TORCH_CUDA_ARCH_LIST": "8.0;9.0+PTX",
    }  # fmt: skip
    reference = codec.decode(golden()[0], "dev").manifest
    for text in places(json.dumps(tree, indent=0)):
        data = b"envsnap-abcd1234-begin\nfacts " + text.replace("\n", " ").encode()
        try:
            messages = facts.parse(data + b"\nenvsnap-abcd1234-end\n", "it")
            found = facts.to_manifest(messages, Target(kind="file"), None, {}, "it")
            api.check(found)
            api.diff(reference, found)
        except EnvsnapError as error:
            assert error.exit_code != 70
            assert "\n" not in str(error)


@pytest.mark.parametrize("which", [0, 1])
def test_a_manifest_with_a_long_number(which: int) -> None:
    other = codec.decode(golden()[1 - which], "other").manifest
    for text in places(json.dumps(json.loads(golden()[which]), indent=0)):
        try:
            found = codec.decode_unchecked(text.encode(), "it").manifest
            api.check(found)
            api.diff(found, other)
            api.diff(other, found)
        except EnvsnapError as error:
            assert error.exit_code != 70
            assert "\n" not in str(error)


@pytest.mark.parametrize(
    "symbol", ["_ZN\u00b2c10E", "_ZNSt6vectorI\u00b2xE", "_Z\u0663abc", "_ZIiE3abc", "_ZI"]
)
def test_a_symbol_whose_length_is_no_digit(symbol: str) -> None:
    assert isinstance(demangled(symbol), str)
    text = f"ImportError: x.so: undefined symbol: {symbol}\n"
    api.check(codec.decode(golden()[0], "dev").manifest, error_text=text)


@pytest.mark.parametrize("form", [name for name in api.forms() if name != "pylock"])
def test_a_form_of_a_version_with_a_long_number(form: str) -> None:
    tree = json.loads(golden()[0])
    for item in list(tree["sections"]["packages"]["entries"].values())[:3]:
        item["version"] = "9" * 5000
    found = codec.decode_unchecked(json.dumps(tree).encode(), "it").manifest
    try:
        api.exported(found, form)
    except EnvsnapError as error:
        assert error.exit_code != 70


def test_no_reader_of_versions_expects_one_error_alone() -> None:
    root = Path(api.__file__).parents[1]
    found = [
        str(path)
        for path in root.rglob("*.py")
        if re.search(r"except \(?(?:\w+, )?InvalidVersion", path.read_text())
    ]
    assert found == []  # packaging passes on what `int` raises for 5,000 digits: a ValueError, too
