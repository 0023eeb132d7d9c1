"""Every text that a user can see, from the code: `python -m tools.texts` lists them with figures.

A text is a string of the package with two words or more: help, findings, fixes, errors, notes,
labels of reports, field descriptions, and sentences of knowledge tables. Where a string is put
together, `{}` stands for what is filled in. Docstrings count where a user reads them: those of
commands, of rules and of public functions. Patterns, addresses and code are left out.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ROOM = ROOT / "envsnap"
WORDS = re.compile(r"[A-Za-z][a-z'-]*[a-z](?=[\s.,;:!?)\"'`]|$)")
# What a table says to a user; other keys hold patterns, names, numbers and sources.
SAYING = {
    "why",
    "fix",
    "message",
    "means",
    "effect",
    "note",
    "says",
    "what",
    "title",
    "change",
    "text",
}
# Strings given to these are no text for a person.
PROGRAM = {
    "compile",
    "match",
    "fullmatch",
    "search",
    "sub",
    "split",
    "finditer",
    "findall",
    "getattr",
    "execute",
}
CODE = re.compile(
    r"^(SELECT|INSERT|CREATE|UPDATE|DELETE|PRAGMA|WITH|DROP) |[<>]\w+[ =>]|^\s*(import|from|def) |\\[dsw]|\(\?[:P=!]"
)
# Tables of words that code asks; nothing of them is shown.
TABLES = (
    "cli/help_pages.py",
    "redact/keys.py",
    "redact/kinds.py",
    "redact/words.py",
    "redact/issuers.py",
)


def every() -> dict[str, list[str]]:
    """The texts of each file, in order, by the file's path below the package."""
    found: dict[str, list[str]] = {}
    for path in sorted(ROOM.rglob("*.py")):
        name = str(path.relative_to(ROOM))
        if name in TABLES:
            continue
        told = list(dict.fromkeys(_of_code(ast.parse(path.read_text()), name)))
        if told:
            found[name] = told
    for path in sorted((ROOM / "knowledge").glob("*.json")):
        told = list(dict.fromkeys(_of_table(json.loads(path.read_text()))))
        if told:
            found[f"knowledge/{path.name}"] = told
    return found


def page() -> str:
    """The golden list: a heading a file, a line a text."""
    parts = []
    for name, told in every().items():
        parts += [f"== {name}", *told, ""]
    return "\n".join(parts)


def _of_code(tree: ast.Module, name: str) -> Iterator[str]:
    skipped = _passed_over(tree, name)
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        elif isinstance(node, ast.JoinedStr):
            text = _template(node)
        else:
            continue
        if is_text(text):
            yield " ".join(text.split())


def _passed_over(tree: ast.Module, name: str) -> set[int]:
    """Nodes that hold no text, or a part of one that is told as a whole."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            found |= {id(inside) for inside in ast.walk(node) if inside is not node}
        if isinstance(node, ast.Call) and _called(node) in PROGRAM:
            found |= {id(inside) for argument in node.args for inside in ast.walk(argument)}
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[0] if node.body else None
            if (
                isinstance(body, ast.Expr)
                and isinstance(body.value, ast.Constant)
                and not _read(node, name=name)
            ):
                found.add(id(body.value))
    return found


def _read(node: ast.AST, *, name: str) -> bool:
    """Whether users read this docstring: a command's, a rule's, a public function's."""
    public = not getattr(node, "name", "_").startswith("_")
    if name.startswith("cli/"):
        return getattr(node, "name", "") == "command"
    if name.startswith("rules/"):
        return isinstance(node, ast.ClassDef) and any(
            isinstance(base, ast.Name) and base.id == "Rule" for base in node.bases
        )
    return name.startswith("api/") and public and not isinstance(node, ast.Module)


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _template(node: ast.JoinedStr) -> str:
    parts = [value.value if isinstance(value, ast.Constant) else "{}" for value in node.values]
    return "".join(map(str, parts))


def _of_table(tree: Any, key: str = "") -> Iterator[str]:
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from _of_table(value, name)
    elif isinstance(tree, list):
        for value in tree:
            yield from _of_table(value, key)
    elif isinstance(tree, str) and key in SAYING and is_text(tree):
        yield " ".join(tree.split())


def is_text(text: str) -> bool:
    """Whether a string is words for a person, not a pattern, a name or code."""
    return len(WORDS.findall(text)) > 1 and " " in text.strip() and not CODE.search(text)


def sentences(text: str) -> list[list[str]]:
    """The sentences of prose, each as its words; code spans count as one word."""
    plain = re.sub(r"`[^`]*`|\{\}|\[([^\]]*)\]\([^)]*\)", lambda found: found[1] or "code", text)
    # A sentence may begin with a name: `--option`, or envsnap.
    begin = r"(?<=[.!?:])\s+(?=[A-Z*`\[(\"'])|(?<=[.!?])\s+(?=(?:code|envsnap)\b)|\n\s*\n"
    parts = re.split(begin, plain)
    found = [re.findall(r"[A-Za-z][A-Za-z'-]*", part) for part in parts]
    return [words for words in found if len(words) > 1]


def syllables(word: str) -> int:
    """An estimate: groups of vowels, without a silent e."""
    lowered = word.lower()
    groups = len(re.findall(r"[aeiouy]+", lowered))
    silent = lowered.endswith("e") and not re.search(r"[^aeiouy]le$", lowered)
    return max(1, groups - silent)


def figures(texts: list[str]) -> dict[str, float]:
    """Words per sentence, the share of long sentences, and Flesch's reading ease."""
    told = [words for text in texts for words in sentences(text)]
    count = sum(map(len, told))
    per = count / len(told)
    ease = (
        206.835
        - 1.015 * per
        - 84.6 * sum(syllables(word) for words in told for word in words) / count
    )
    return {
        "words": count,
        "words per sentence": round(per, 1),
        "longest sentence": max(map(len, told)),
        "sentences over 25 words": round(sum(len(words) > 25 for words in told) / len(told), 3),
        "Flesch reading ease": round(ease, 1),
    }


def prose(markdown: str) -> str:
    """The paragraphs of a page: no code, tables, headings or comments."""
    text = re.sub(r"^```.*?^```", "", markdown, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    kept = [line for line in text.splitlines() if not re.match(r"\s*(\||#|>|    )", line)]
    return re.sub(r"^\s*(-|\d+\.) ", "\n\n", "\n".join(kept), flags=re.MULTILINE)


def main() -> None:
    """Print the list and its figures, or the figures of the pages that are named."""
    if sys.argv[1:]:
        for name in sys.argv[1:]:
            print(name, figures([prose(Path(name).read_text())]))
        return
    print(page())
    print(figures([text for told in every().values() for text in told]))


if __name__ == "__main__":
    main()
