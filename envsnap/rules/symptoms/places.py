"""The facts of a manifest that evidence points to, likeliest first."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec import UNSET, Struct

from envsnap.knowledge import releases
from envsnap.knowledge.names import canonical
from envsnap.knowledge.variables import only_tells, prefixes
from envsnap.model import reading as facts_of
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.rules.symptoms import owners
from envsnap.rules.symptoms.demangle import demangled
from envsnap.rules.symptoms.naming import OFF
from envsnap.rules.symptoms.reading import Evidence
from envsnap.rules.symptoms.tracebacks import Traceback

HOLDS = re.compile(r"\{(\w+)\}")
PART = re.compile(r"\w{4,80}")
WORD = re.compile(r"[A-Za-z][A-Za-z0-9]{2,}")
OF_A_LIBRARY: dict[str, Callable[[str], dict[str, Any] | None]] = {
    "soname": owners.library,
    "symbol": owners.symbol,
    "symver": owners.symbol_version,
}
# Groups that name a distribution, and not only something that has several owners.
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
NAMES_ONE = ("module", "dist", "req", "file", "caller", "called", "cls", "name")
MODULES = ("module", "stdlib")  # groups that hold the name of a module
# CUDA's own libraries have its major release in their names, and so have builds for it.
OF_CUDA = re.compile(r"lib(?:cudart|cublas|nvrtc|nvJitLink|nvToolsExt)\w*\.so\.(1[1-9])\b")
BUILDS = ("*-cuda{}*", "cu*-cu{}", "faiss-*-cu{}", "tensorrt-cu{}*")
SETTINGS = (("env_vars",), ("system", "nccl_conf"))
# What says more of a section than its name does.
INSTEAD = {"gpus": ("gpus.*.name", "gpus.*.compute_capability")}
HUB_MODULES = "/transformers_modules/"  # code that comes with a model, and is no distribution's
CALLS = re.compile(r"\b([a-z_]\w{1,40})\.")


class Named(Struct, frozen=True):
    """What a group of a sentence stands for: a name to tell, and where a manifest shows it."""

    told: str
    facts: tuple[str, ...] = ()


class Places(Struct, frozen=True):
    """Facts that a manifest states, those that it does not, and the names for a sentence.

    `distributions` are those that the text names: a rule that blames another one is not meant.
    `ordered` has all of them as the sentence has: what one side lacks may be what differs.
    """

    stated: tuple[Path, ...]
    others: tuple[Path, ...]
    names: dict[str, str]
    distributions: frozenset[str] = frozenset()
    ordered: tuple[Path, ...] = ()


def places(evidence: Evidence, manifest: Manifest) -> Places:
    """Where a manifest shows what evidence speaks of; nothing where it speaks of no one known."""
    if _wants_for_no_one(evidence, manifest) or is_of_own_module(evidence):
        return Places((), (), {})
    names = {**_of_groups(evidence, manifest), **_of_frames(evidence, manifest)}
    looked_up = _looked_up(evidence.row["facts"], names, manifest)
    found = [item for item in looked_up if not _is_switched_off(item[0], manifest)]
    hidden = tuple(_hidden(evidence, manifest))
    told = {key: value.told for key, value in names.items()}
    return Places(
        stated=(*hidden, *(path for path, is_stated in found if is_stated)),
        others=tuple(
            sorted(
                (path for path, is_stated in found if not is_stated),
                key=_is_no_one(evidence, names),
            )
        ),
        names=told,
        distributions=_meant(names),
        ordered=(*hidden, *(path for path, _ in found), *_variables(names)),
    )


def _is_switched_off(path: Path, manifest: Manifest) -> bool:
    """Whether a variable says that the mode which its name tells is off: HF_HUB_OFFLINE=0."""
    if path[0] != "env_vars" or not path[-1].endswith("OFFLINE"):
        return False
    value = facts_of.entries(manifest, "env_vars").get(path[-1])
    return isinstance(value, str) and value.lower() in OFF


def _wants_for_no_one(evidence: Evidence, manifest: Manifest) -> bool:
    """Whether a line says what a distribution wants that is not installed: it is of another day."""
    if evidence.row["id"] != "pip-requires" or not facts_of.names_all(manifest, "packages"):
        return False
    return canonical(evidence.groups["dist"]) not in facts_of.packages(manifest)


def is_of_own_module(evidence: Evidence) -> bool:
    """Whether a module of the program asks itself for an attribute that torch then does not find."""
    raised, name = evidence.raised, evidence.groups.get("name")
    if raised is None or not (name and raised.acting) or raised.acting[-1] is raised.frames[-1]:
        return False
    own = raised.acting[-1]
    return not owners.is_installed(own.file) and f"self.{name}" in own.source


def _hidden(evidence: Evidence, manifest: Manifest) -> Iterator[Path]:
    """The module that a text names, where a file of the working folder hides it."""
    shadows = facts_of.stated(manifest, "python", "shadows") or {}
    for key, value in evidence.groups.items():
        root = value.partition(".")[0]
        if root in shadows and key.rstrip("0123456789") in MODULES:
            yield ("python", "shadows", root)


def _looked_up(
    facts: Sequence[str], names: dict[str, Named], manifest: Manifest
) -> list[tuple[Path, bool]]:
    """The paths of facts, each with whether a manifest states it; patterns that lead nowhere are left out."""
    found: dict[Path, bool] = {}
    for path in dict.fromkeys(path for fact in facts for path in _paths(fact, names)):
        stated = list(_stated(manifest.sections, path))
        for place in stated:
            found.setdefault(place, True)
        if not (stated or _is_pattern(path)):
            found.setdefault(path, False)
    return list(found.items())


def _is_no_one(evidence: Evidence, names: dict[str, Named]) -> Callable[[Path], bool]:
    """A distribution that is neither there nor named by the text is the last to be spoken of."""
    patterns = {
        path: "{" in fact
        for fact in reversed(evidence.row["facts"])
        for path in _paths(fact, names)
    }
    return lambda path: path[0] == "packages" and not patterns[path]


def _variables(names: dict[str, Named]) -> Iterator[Path]:
    """Variables of the distributions whose code failed, by their prefixes: HF_ of huggingface-hub."""
    for key in ("caller", "earlier", "callee"):
        for fact in names[key].facts if key in names else ():
            for prefix in prefixes(fact.removeprefix("packages.")):
                yield ("env_vars", f"{prefix}*")


def _meant(names: dict[str, Named]) -> frozenset[str]:
    """The distributions that a text names, and not only something that several may own."""
    facts = (
        fact
        for key, value in names.items()
        if key.rstrip("0123456789") in NAMES_ONE
        for fact in value.facts
    )
    return frozenset(
        fact.removeprefix("packages.") for fact in facts if fact.startswith("packages.")
    )


def _is_pattern(path: Path) -> bool:
    return any("*" in part for part in path)


def _paths(fact: str, names: dict[str, Named]) -> Iterator[Path]:
    """The patterns of a fact, its placeholders filled; none where a placeholder is no one known."""
    whole = HOLDS.fullmatch(fact)
    if whole:
        yield from (_split(item) for item in _facts(whole[1], names))
        return
    hole = HOLDS.search(fact)
    if hole is None:
        yield from (_split(item) for item in (*INSTEAD.get(fact, ()), fact))
        return
    for item in _facts(hole[1], names):
        section, _, name = item.partition(".")
        if section == fact.partition(".")[0]:
            yield (section, name)


def _facts(name: str, names: dict[str, Named]) -> tuple[str, ...]:
    """What a placeholder stands for; several groups of one pattern are numbered.

    A number names one of them; without one, it is the first that is known.
    """
    if name in names and names[name].facts:
        return names[name].facts
    return next(
        (
            value.facts
            for key, value in names.items()
            if key.rstrip("0123456789") == name and value.facts
        ),
        (),
    )


def _split(fact: str) -> Path:
    return tuple(fact.split("."))


def _of_groups(evidence: Evidence, manifest: Manifest) -> dict[str, Named]:
    found = {
        key: _named(key, value, manifest, known_only="names" not in evidence.row)
        for key, value in evidence.groups.items()
    }
    if "module" in found:
        if not found["module"].facts and _is_imported_by_a_library(evidence):
            name = canonical(evidence.groups["module"].partition(".")[0])
            found["module"] = Named(name, (f"packages.{name}",))
        found.setdefault("callee", found["module"])
    return found


def _is_imported_by_a_library(evidence: Evidence) -> bool:
    """Whether code that somebody installed asks for a module: then it is no file of the program.

    A distribution mostly has the name of its module where nobody knows another one.
    """
    frames = evidence.raised.frames if evidence.raised is not None else ()
    root = evidence.groups["module"].partition(".")[0]
    file = frames[-1].file if frames else ""
    installed = owners.is_installed(file) or HUB_MODULES in file
    own = any(f"/{root}/" in frame.file or f"/{root}.py" in frame.file for frame in frames)
    return installed and not own and root not in sys.stdlib_module_names


def _named(key: str, value: str, manifest: Manifest, *, known_only: bool) -> Named:
    kind = key.rstrip("0123456789")
    if kind in OF_A_LIBRARY:
        row = OF_A_LIBRARY[kind](value)
        told = demangled(value) if kind == "symbol" else value
        facts = (*row["facts"], *_built_for(value)) if row else ()
        return Named(f"{told} ({row['is']})" if row else told, facts)
    if kind == "tool":
        return Named(value, (f"tools.{value}",))
    if kind == "file":
        name = value.rpartition("/")[2] or value
        row = owners.library(value)
        known = owners.file(value, manifest)
        return Named(name, (f"packages.{known}",) if known else tuple(row["facts"]) if row else ())
    owner = _owner(kind, value, manifest)
    if owner is None and not known_only and kind in ("dist", "req"):
        owner = canonical(value)
    return Named(owner or value, (f"packages.{owner}",) if owner else ())


def _built_for(soname: str) -> tuple[str, ...]:
    """Distributions that say in their names that they were built for a library's CUDA: cupy-cuda12x."""
    match = OF_CUDA.match(soname)
    return tuple(f"packages.{build.format(match[1])}" for build in BUILDS) if match else ()


def _owner(kind: str, value: str, manifest: Manifest) -> str | None:
    if kind == "module":
        return owners.module(value, manifest)
    if kind in ("dist", "req"):
        return owners.distribution(value, manifest)
    if kind in ("cls", "called"):
        return _of_class(value, manifest)
    if kind in ("name", "called", "cls") and (found := _of_interface(value, manifest)):
        return found
    if kind == "name":  # a name of an interface may hold the name of whose it is: __sklearn_tags__
        words = WORD.findall(value.replace("_", " "))
        # An attribute that is called as a module is none: of a tensor that has no `numpy`.
        named = (owners.module(word, manifest) for word in words if word != value)
        here = next((found for found in named if found in owners.installed(manifest)), None)
        return here or _begins_with(value, manifest)
    return None


def _begins_with(value: str, manifest: Manifest) -> str | None:
    """Whose import name an interface begins with, of two words at least: causal_conv1d_fwd."""
    words = value.strip("_").split("_")
    starts = ("_".join(words[:length]) for length in range(len(words) - 1, 1, -1))
    return next((found for start in starts if (found := owners.module(start, manifest))), None)


def _of_class(value: str, manifest: Manifest) -> str | None:
    """Whose a class or function is: by its module, or by how such classes are called."""
    parts = [part for part in value.split(".") if part.isidentifier()]
    owner = owners.module(value, manifest) if len(parts) > 1 and parts[0].islower() else None
    here = owners.installed(manifest)
    named = (owners.of_class(part, here) for part in parts)
    found = owner or next(filter(None, named), None)
    # A class that is called as its distribution: Starlette, FastAPI, QdrantClient.
    spelled = (
        word
        for part in parts
        if part[0].isupper()
        for word in (part.lower(), HUMP.sub("-", part).lower())
    )
    called = (owners.distribution(word, manifest) for word in spelled)
    return found or next((name for name in called if name in here), None)


def _of_interface(value: str, manifest: Manifest) -> str | None:
    """An installed distribution of which a release changed an interface of this name."""
    for part in reversed(PART.findall(value)):
        for name, _ in releases.of_interface(part):
            if name in owners.installed(manifest):
                return name
    return None


def _of_frames(evidence: Evidence, manifest: Manifest) -> dict[str, Named]:
    """Who called whom, by the files of a traceback: the last owner is the caller of what failed."""
    if evidence.raised is None:
        return {}
    chain = list(dict.fromkeys(_chain(evidence.raised, manifest)))
    found = {
        key: Named(name, (f"packages.{name}",))
        for key, name in zip(("caller", "earlier"), reversed(chain), strict=False)
    }
    source = evidence.raised.frames[-1].source if evidence.raised.frames else ""
    called = next(
        (name for word in CALLS.findall(source) if (name := owners.module(word, manifest))), None
    )
    if called and called in owners.installed(manifest) and "module" not in evidence.groups:
        found["callee"] = Named(called, (f"packages.{called}",))
    root, dot, _ = evidence.raised.exception.partition(".")
    raiser = owners.module(root, manifest) if dot else None
    if raiser in owners.installed(manifest) and not chain:
        found.setdefault("caller", Named(str(raiser), (f"packages.{raiser}",)))
    return found


def _chain(raised: Traceback, manifest: Manifest) -> Iterator[str]:
    """The distributions of the frames, outermost first; one that comes again counts where it is last."""
    owned = [owners.file(frame.file, manifest) for frame in raised.acting if "/" in frame.file]
    known = [name for name in owned if name]
    for place, name in enumerate(known):
        if name not in known[place + 1 :]:
            yield name


def _stated(node: Any, path: Path, done: Path = ()) -> Iterator[Path]:
    """Paths of a pattern that lead to a fact; a `*` in a key stands for anything."""
    if node is UNSET or node is None:
        return
    if not path:
        yield done
        return
    key, rest = path[0], path[1:]
    entries = getattr(node, "entries", UNSET)
    if entries is not UNSET and isinstance(entries, dict):
        node = entries
    if isinstance(node, dict):
        pattern = re.escape(key).replace(r"\*", ".*")
        for name in sorted(name for name in node if re.fullmatch(pattern, name)):
            if "*" not in key or done not in SETTINGS or not only_tells(name):
                yield from _stated(node[name], rest, (*done, name))
    elif key.isidentifier():
        yield from _stated(getattr(node, key, UNSET), rest, (*done, key))
