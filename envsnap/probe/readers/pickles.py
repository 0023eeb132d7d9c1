"""What a pickle says of who wrote it, read without unpickling.

scikit-learn puts `_sklearn_version` into the state of every estimator (sklearn/base.py,
BaseEstimator.__getstate__) and warns, or fails, where another version loads it. Files of joblib
hold raw arrays between their opcodes, so the key is looked for in the bytes, and only what
follows it is read as opcodes.
"""

import pickletools
import re

KEYS = ((b"_sklearn_version", "scikit-learn"),)
LARGEST_LOOKED_AT = 256 << 20
MOST_PLACES = 100
LONGEST_VALUE = 200
MOST_PICKLES, MOST_OPCODES = 5, 300000
RUNNING = (
    "os",
    "posix",
    "nt",
    "subprocess",
    "_posixsubprocess",
    "pty",
    "runpy",
    "shutil",
    "socket",
    "commands",
    "webbrowser",
)
VERSION = re.compile(r"\d[\w.+-]{0,60}")
PASSED_OVER = ("MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT")
TEXTS = ("SHORT_BINUNICODE", "BINUNICODE", "UNICODE")


def commands(path: str) -> list:
    """Return the globals of a pickle that run programs or code, of those that are looked at."""
    found, texts, count = set(), [], 0
    with open(path, "rb") as stream:
        try:
            for _ in range(MOST_PICKLES):  # torch before 1.6 wrote several, one behind the other
                for opcode, argument, _ in pickletools.genops(stream):
                    count += 1
                    if count > MOST_OPCODES:
                        return sorted(found)
                    if opcode.name in TEXTS:
                        texts = texts[-1:] + [argument]
                    name = argument.split(" ", 1) if opcode.name == "GLOBAL" else texts
                    if opcode.name.endswith("GLOBAL") and len(name) == 2 and _runs(*name):
                        found.add(".".join(name))
        except ValueError:
            pass  # raw arrays stand between the opcodes
    return sorted(found)


def _runs(module: str, name: str) -> bool:
    if module in ("builtins", "__builtin__"):
        return name in ("eval", "exec", "compile", "open", "__import__")
    return module in RUNNING


def written_by(path: str) -> dict:
    """Return {distribution: version} of what a pickle says wrote it; empty where it says nothing."""
    with open(path, "rb") as stream:
        data = stream.read(LARGEST_LOOKED_AT)
    found = {}
    for key, distribution in KEYS:
        at = data.find(key)
        for _ in range(MOST_PLACES):
            if at < 0:
                break
            version = _text_after(data, at + len(key))
            if version:
                found[distribution] = version
                break
            at = data.find(key, at + 1)
    return found


def _text_after(data: bytes, at: int) -> str:
    """Return the text that the opcodes after a key push, if it is a version."""
    if data[at : at + 1] == b"\n":
        at += 1  # protocol 0 ends texts with a line
    try:
        for opcode, argument, _ in pickletools.genops(data[at : at + LONGEST_VALUE]):
            if opcode.name in TEXTS:
                return argument if VERSION.fullmatch(argument) else None
            if opcode.name not in PASSED_OVER:
                return None
    except ValueError:
        pass  # no opcodes: the key stood in a text or in an array
    return None
