"""No pattern of ours is slow on any text: time grows with the length, never with its square."""

from __future__ import annotations

import ast
import gc
import importlib
import pkgutil
import re
import signal
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from envsnap.knowledge.tables import table

ROOT = Path(__file__).parents[2]
SIZE = 1 << 15
LIMIT = 0.8  # seconds of CPU: from here on halves of the text are measured, too
MOST = 2 * LIMIT
TRIES = 3
ANYWHERE = ("search", "finditer", "findall", "sub", "split")


class Pattern(NamedTuple):
    """A pattern, and whether it is looked for anywhere in a text, or at its beginning alone."""

    name: str
    text: str
    anywhere: bool
    flags: int = 0


class TooSlowError(Exception):
    """A pattern that did not end in time."""


def of_sources() -> Iterator[Pattern]:
    """Every pattern that is written in a call of `re`, with the names it is made of resolved."""
    for path in sorted((ROOT / "envsnap").rglob("*.py")):
        texts: dict[str, str] = {}
        source = path.read_text()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                value = text_of(node.value, texts)
                if value is not None:
                    texts[name] = value
                if isinstance(node.value, ast.Call):
                    function = getattr(node.value.func, "attr", "")
                    uses = re.findall(rf"\b{name}\.(\w+)\(", source)
                    uses = uses if function == "compile" else [function]
                    anywhere = not uses or any(use in ANYWHERE for use in uses)
                    yield from of_call(node.value, path, texts, anywhere)
            elif (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr != "compile"
            ):
                yield from of_call(node, path, texts, node.func.attr in ANYWHERE)


def of_call(node: ast.Call, path: Path, texts: dict[str, str], anywhere: bool) -> Iterator[Pattern]:
    """The pattern of a call of a function of `re`."""
    function = node.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and node.args:
        value = text_of(node.args[0], texts) if function.value.id == "re" else None
        if value is not None:
            flags = re.MULTILINE if "MULTILINE" in ast.dump(node) else re.NOFLAG
            yield Pattern(f"{path.relative_to(ROOT)}:{node.lineno}", value, anywhere, int(flags))


def text_of(node: ast.AST, known: dict[str, str]) -> str | None:
    """A string that is written out, joined or named."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        one, two = text_of(node.left, known), text_of(node.right, known)
        return None if one is None or two is None else one + two
    return None


def of_tables() -> Iterator[Pattern]:
    """Every pattern of a failure's text."""
    for number, row in enumerate(table("failure_signatures")["rows"]):
        for field in ("pattern", "unless"):
            if field in row:
                yield Pattern(f"failure_signatures:{number}:{field}", row[field], anywhere=True)


def of_redact() -> Iterator[Pattern]:
    """The tables of shapes, which are built from their parts when they are loaded."""
    import envsnap.redact

    for found in pkgutil.iter_modules(envsnap.redact.__path__):
        module = importlib.import_module(f"envsnap.redact.{found.name}")
        for name, value in vars(module).items():
            items = value if isinstance(value, tuple) else (value,)
            if not name.startswith("__"):
                for item in items:
                    if isinstance(item, str) and len(item) > 12 and set(item) & set("[({\\"):
                        yield Pattern(f"{module.__name__}.{name}", item, anywhere=True)


def pieces(pattern: str) -> list[str]:
    """What a pattern is likely to begin to match: its letters, and what every text has."""
    words = [word for word in re.findall(r"[A-Za-z_]{3,}", pattern) if word not in ("sub", "vso")]
    found = ["a", "a ", "a.", "/a", "a\n", "0", "0.", '"', "a=", "a:", "--a ", "://a", "a@", "x_"]
    found += [word + end for word in words[:4] for end in ("", " ", "=", ": ")]
    return list(dict.fromkeys(found))


def slow(number: int, frame: object) -> None:
    raise TooSlowError


@pytest.mark.parametrize(
    "source", [of_sources, of_tables, of_redact], ids=lambda item: item.__name__
)
def test_time_grows_with_the_length_of_a_text(source: object) -> None:
    found = []
    before = signal.signal(signal.SIGVTALRM, slow)
    try:
        for pattern in source():  # type: ignore[operator]
            try:
                compiled = re.compile(pattern.text, pattern.flags)
            except re.error:
                continue  # a part of a pattern
            if pattern.name not in found and is_slow(compiled, pattern):
                found.append(pattern.name)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    assert found == [], "\n".join(found)


def is_slow(compiled: re.Pattern[str], pattern: Pattern) -> bool:
    """Whether a pattern takes long, and twice the text far more than twice the time.

    What else runs on the machine only ever adds to a time: a long one is measured again, and of
    several the least counts.
    """
    for part in pieces(pattern.text):
        text = (part * (SIZE // len(part) + 1))[:SIZE]
        if seconds(compiled, pattern, text) >= LIMIT:
            half, quarter = (
                min(seconds(compiled, pattern, text[: SIZE // by]) for _ in range(TRIES))
                for by in (2, 4)
            )
            if half >= MOST or (half >= LIMIT / 16 and half > 3 * quarter):
                return True
    return False


def seconds(compiled: re.Pattern[str], pattern: Pattern, text: str) -> float:
    """CPU seconds of one search by this thread, which ends at the most; nothing is collected."""
    gc.disable()
    started = time.thread_time()
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST)
    try:
        if pattern.anywhere:
            deque(compiled.finditer(text), maxlen=0)
        else:
            compiled.match(text)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except TooSlowError:
        return MOST
    finally:
        gc.enable()
    return time.thread_time() - started


def test_the_square_of_a_length_is_seen() -> None:
    before = signal.signal(signal.SIGVTALRM, slow)
    try:
        line = r"[a-z]{1,2000}=\d"
        for square in (r"(?:\w+ ?)+:", r"\d+a|\d+b|\d+c"):
            assert is_slow(re.compile(square), Pattern("square", square, anywhere=True))
        assert not is_slow(re.compile(line), Pattern("line", line, anywhere=True))
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
