"""`transformers env`, `accelerate env`, `diffusers-cli env` and their kin: one list with dashes."""

from __future__ import annotations

import ast
import itertools
import re

from msgspec import UNSET, UnsetType

from envsnap.intake.formats import configs, machine, names
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.knowledge.names import canonical
from envsnap.model.compute import Framework, Gpu
from envsnap.model.python import Package

ITEM = re.compile(r"^[-*] (?P<key>[^:\n]{1,70}):(?P<value>.*)$")
PLAIN = re.compile("^([ \t]*)(?:[\u2022\u25e6\u00b7+] ?)?(?=[^:\\s#>|-][^:\n]{1,69}: ?)")
FIRST = re.compile(
    r"^[-*] [^\w`]{0,4}\s?`?(transformers|accelerate|diffusers|datasets|peft|huggingface_hub|trl|optimum|sentence-transformers)`? version:",
    re.IGNORECASE,
)
OTHERS = re.compile(r"^[-*] (?:Platform|Python version):")
MACHINES = ("cann",)  # a toolkit of Ascend's, and no distribution
ONCE = ("Platform:", "Python version:")
VERSION = re.compile(
    r"^[^\w`]{0,4}\s?`?(?P<name>[\w. -]{1,40}?)`?(?: version)?(?: \((?P<what>[^()]{1,40})\))?$"
)
FRAMEWORK = re.compile(r"^(?P<version>\S+)(?: \((?P<device>[^()]*)\))?$")
ACCELERATOR = re.compile(r"^(?P<name>[A-Z][^,]{2,60}), (?P<memory>\d{3,7}) MiB$")
CONFIG = re.compile(r"`?accelerate`? (?:default )?config", re.IGNORECASE)
SETTING = re.compile(r"^\s+[-*\u2022]? ?(?P<key>[A-Za-z]\w{1,60}): (?P<value>.{1,4000})$")
# Names that the reports spell as words, and what the distribution is called.
ALIASES = {
    "pytorch": "torch",
    "hf-hub": "huggingface-hub",
    "tensorflow": "tensorflow",
    "numpy": "numpy",
}
MODULES = {"torch": "torch", "tensorflow": "tensorflow", "jax": "jax", "flax": "flax"}


def recognise(source: Source) -> bool:
    """The item of the program itself, with the platform or Python near it."""
    return bool(_starts([line.strip() for line in _listed(source)[0]]))


def _listed(source: Source) -> tuple[list[str], bool]:
    """The lines with a dash before each item, and whether the dashes are the report's own.

    Who copies from a rendered page gets the list without them.
    """
    lines = list(source.bare)
    if _starts([line.strip() for line in lines]):
        return lines, True
    return [PLAIN.sub(r"\1- ", line) for line in lines], False


def _starts(lines: list[str]) -> list[int]:
    found: list[int] = []
    for place, line in enumerate(lines):
        near = lines[max(0, place - 12) : place + 12]
        is_first = FIRST.match(line) and any(OTHERS.match(other) for other in near)
        if is_first and not (found and _same_block(lines, found[-1], place)):
            found.append(place)
    return found


def _same_block(lines: list[str], first: int, second: int) -> bool:
    """Whether two items stand in one list: no second platform between them, and no other text."""
    between = lines[first + 1 : second]
    return all(not line or line.startswith(("-", "*", "\t", " ")) for line in between)


def read(source: Source) -> Draft:
    """The versions, Python, the platform, and the GPUs where they are named."""
    lines, dashed = _listed(source)
    starts = _starts([line.strip() for line in lines])
    if len(starts) > 1:
        raise RefusedError(
            f"{source.name}: holds {len(starts)} reports of Hugging Face's `env` commands; put"
            " each into a file of its own"
        )
    block = _block(lines, starts[0], dashed=dashed)
    if any(sum(line.startswith(key, 2) for line in block) > 1 for key in ONCE):
        raise RefusedError(
            f"{source.name}: holds several reports of Hugging Face's `env` commands; put each into"
            " a file of its own"
        )
    first = FIRST.match(lines[starts[0]].strip())
    assert first is not None
    draft = Draft(f"the output of {first[1].lower()} env", "stated")
    for place, line in enumerate(block):
        item = ITEM.match(line)
        if item is not None and CONFIG.fullmatch(item["key"].strip()):
            _config(draft, block[place + 1 :], source.cut)
        elif item is not None:
            _item(draft, item["key"].strip(), item["value"].strip(), block[place + 1 :])
    if source.cut:
        draft.leave_end(source.cut)
    return draft


def _block(lines: list[str], start: int, *, dashed: bool) -> list[str]:
    """The list around an item: it ends at an empty line, unless an item with a dash follows."""
    indent = len(lines[start]) - len(lines[start].lstrip())
    plain = [line[indent:] if not line[:indent].strip() else line for line in lines]
    begin = end = start
    while begin > 0 and (ITEM.match(plain[begin - 1]) or plain[begin - 1].startswith(("\t", "  "))):
        begin -= 1
    while end + 1 < len(plain) and _goes_on(plain, end + 1, dashed=dashed):
        end += 1
    return plain[begin : end + 1]


def _goes_on(lines: list[str], place: int, *, dashed: bool) -> bool:
    line = lines[place]
    following = lines[place + 1] if place + 1 < len(lines) else ""
    return bool(
        ITEM.match(line)
        or line.startswith(("\t", "  "))
        or ACCELERATOR.match(line.strip())
        or (dashed and not line and ITEM.match(following))
    )


def _item(draft: Draft, key: str, value: str, below: list[str]) -> None:
    low = key.lower().strip("` ")
    if low == "platform":
        machine.platform(draft, value)
    elif low == "python version":
        machine.python(draft, value)
    elif low in ("gpu type", "cuda device(s)"):
        _gpus(draft, value)
    elif low == "accelerator":
        _accelerators(draft, [value, *below])
    elif low == "pytorch accelerator":
        draft.framework("torch", Framework(cuda_available=_sees_gpu(value)))
    else:
        _version(draft, key, value)


def _config(draft: Draft, below: list[str], cut: str) -> None:
    """What `accelerate config` has stored: the indented lines below, each a setting."""
    tree: dict[str, object] = {}
    for line in itertools.takewhile(lambda line: line[:1].isspace(), below):
        setting = SETTING.match(line)
        if setting is not None:
            tree[setting["key"]] = _literal(setting["value"].strip())
    if tree:
        configs.add_told(draft, "accelerate", tree, cut)


def _literal(text: str) -> object:
    """A value as Python prints it; a word without quotes is itself."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    return value if isinstance(value, dict | list | int | float | str) else text


def _version(draft: Draft, key: str, value: str) -> None:
    found = VERSION.match(key)
    if found is None or not ("version" in key.lower() or _is_release(key, value)):
        return
    word = canonical(found["name"].strip().replace(" ", "-"))
    name = ALIASES.get(word, word)
    if not names.is_name(name) or name in MACHINES:
        return
    if value.lower().startswith("not installed"):
        draft.gap("packages", (name,), "absent: the report says that it is not installed")
        return
    told = FRAMEWORK.match(value)
    if told is None or not names.is_version(told["version"]):
        return
    if name == "torch":
        machine.torch(draft, told["version"])
        seen = _sees_gpu(told["device"] or "")
        draft.framework("torch", Framework(cuda_available=seen))
    elif name == "tensorflow":  # of tensorflow-cpu, tensorflow-gpu and their kin, too
        seen = _sees_gpu(told["device"] or "")
        draft.framework(name, Framework(version=told["version"], cuda_available=seen))
    else:
        draft.package(name, Package(version=told["version"]))


def _is_release(key: str, value: str) -> bool:
    """Whether a key without the word has a release behind it, and is no variable's name."""
    return not key.isupper() and re.fullmatch(r"\d+\.\d[\w.+!-]*", value) is not None


def _sees_gpu(value: str) -> bool | UnsetType:
    word = value.strip().lower()
    if word in ("true", "cuda", "gpu"):
        return True
    return False if word in ("false", "cpu") else UNSET


SEVERAL = re.compile(r"(?P<count>[1-9]\d?)\s?[xX\u00d7*]\s{0,3}(?P<name>[A-Za-z][^,]{1,80})")


def _gpus(draft: Draft, value: str) -> None:
    """One name of the first device, or a list of all."""
    told = [part.strip() for part in value.split(",") if part.strip()]
    several = SEVERAL.fullmatch(value.strip())
    if several is not None:
        told = [several["name"]] * int(several["count"])
    if len(told) == 1 and not machine.says_nothing(value):
        machine.gpu_name(draft, 0, value)
    elif len(told) > 1:
        for index, name in enumerate(told):
            machine.gpu_name(draft, index, name)


def _accelerators(draft: Draft, lines: list[str]) -> None:
    """One line a GPU, as nvidia-smi's query gives them."""
    for index, line in enumerate(lines):
        found = ACCELERATOR.match(line.strip())
        if found is None:
            break
        draft.gpu(index, Gpu(name=found["name"], memory_total=int(found["memory"]) << 20))
    if draft.entries("gpus"):
        draft.complete("gpus", names_only=True)
