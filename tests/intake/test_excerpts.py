"""A text of any length is read in bounded memory, with the numbers of its lines."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import pytest

from envsnap.errors import InputError
from envsnap.intake import excerpts
from envsnap.rules.symptoms.reading import read

DRIVER = "RuntimeError: The NVIDIA driver on your system is too old (found version 11040)."
NOISE = "step {} of many, all is well\n"


def stream(lines: int, at: dict[int, str]) -> io.BytesIO:
    """A log of so many lines, with these at their numbers (from 1)."""
    text = "".join(f"{at[n]}\n" if n in at else NOISE.format(n) for n in range(1, lines + 1))
    return io.BytesIO(text.encode())


@pytest.mark.parametrize("number", [1, 60_000, 150_000, 299_990, 300_000])
def test_a_failure_anywhere_is_found_and_has_its_number(number: int) -> None:
    text = excerpts.excerpt(stream(300_000, {number: DRIVER}))
    (evidence,) = read(text).evidence
    assert (evidence.row["id"], evidence.number) == ("torch-old-driver", number)


def test_a_short_text_is_read_as_it_is() -> None:
    for data in (b"", b"x", b"\xff\xfe\n", "é\n".encode() * 100):
        assert excerpts.excerpt(io.BytesIO(data)) == data.decode("utf-8", "replace")


def test_what_is_said_once_is_found_among_retries() -> None:
    retries = {n: f"2026-01-01 00:00:{n:02} ERROR retry {n}" for n in range(1, 300_000)}
    traceback = {150_000: "Traceback (most recent call last):", 150_001: DRIVER}
    text = excerpts.excerpt(stream(300_000, retries | traceback))
    assert ("torch-old-driver", 150_001) in [
        (item.row["id"], item.number) for item in read(text).evidence
    ]


def test_memory_is_bounded() -> None:
    class Endless(io.RawIOBase):
        left = 200 << 20

        def read(self, size: int = -1) -> bytes:
            size = min(size, self.left)
            self.left -= size
            return (b"0123456789 loss nan error\n" * (size // 26 + 1))[:size]

        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            data = self.read(len(buffer))
            buffer[: len(data)] = data
            return len(data)

        def readline(self, size: int | None = -1) -> bytes:
            return self.read(26)

    tracemalloc.start()
    text = excerpts.excerpt(Endless())  # type: ignore[arg-type]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100 << 20
    assert len(text) < 8 << 20


def test_a_line_without_an_end() -> None:
    text = excerpts.excerpt(io.BytesIO(b"a" * (6 << 20) + b" " + DRIVER.encode()))
    assert [item.row["id"] for item in read(text).evidence] == ["torch-old-driver"]


def test_what_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(InputError):
            excerpts.load(str(path))
