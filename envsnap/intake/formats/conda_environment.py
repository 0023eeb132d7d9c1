"""`environment.yml` and `conda env export`: what is wanted, or, with builds, what was installed.

An export names each package with its version and its build; nobody writes builds by hand. What
names versions or ranges alone asks for them.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET, UnsetType

from envsnap.intake.formats import conda_names, pip_freeze, privacy, requirement_lines, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.model.python import Conda
from envsnap.model.wanted import Choice, Wanted

SPEC = re.compile(
    r"^(?:(?P<channel>[\w./-]+)::)?(?P<name>[A-Za-z0-9_][\w.-]*)(?:\[(?P<told>[^\[\]]{1,200})\](?=[=<>!~ ]|$))?\s*(?P<rest>(?:[=<>!~ ].*)?)$"
)
# In brackets, a range in quotation marks may hold commas.
VERSION = re.compile(
    r"(?:^|,)\s*version\s*=\s*(?:\"(?P<double>[^\"]+)\"|'(?P<single>[^']+)'|(?P<bare>[^,\"']+))"
)
BUILD = re.compile(r"(?:^|,)\s*build\s*=\s*[\"']?(?P<build>[^,\"']+)")
EXACT = re.compile(r"^={1,2}\s*(?P<version>[0-9][\w.!+]*)(?:=(?P<build>[\w.*]+))?$")
EXPORTED = 0.8
FILE = re.compile(r"(?:.*[._-])?(?:environment|env|conda)(?:[._-].*)?\.ya?ml")
LOCAL, UNREAD = "local projects", "lines that could not be read"
KEYS = {"name", "channels", "dependencies", "prefix", "variables", "platforms", "category"}


def recognise(source: Source) -> bool:
    """A mapping with dependencies that are conda's specifications."""
    if re.search(r"(?m)^[ \t]*[\"']?dependencies[\"']?:", source.text) is None:
        return False
    tree = source.mapping
    dependencies = tree.get("dependencies")
    if not isinstance(dependencies, list) or not dependencies:
        return False
    specs = _specs(tree)
    others = [item for item in dependencies if not isinstance(item, str)]
    if not specs and not others:
        return False
    shaped = sum(SPEC.match(item.strip()) is not None for item in specs)
    odd = len(specs) - shaped + sum(not _is_pip(item) for item in others)
    named = "channels" in tree or FILE.fullmatch(source.base.lower()) is not None
    if odd and not (named and odd <= shaped):  # a few entries that conda does not know either
        return False
    return _is_marked(source, tree, specs)


def _specs(tree: dict[str, Any]) -> list[str]:
    """The specifications; an option of pip among them (`-e .`) is none, which conda says, too."""
    texts = [item for item in tree["dependencies"] if isinstance(item, str)]
    return [item for item in texts if not re.match(r"-{1,2}[a-z]", item)]


def _is_marked(source: Source, tree: dict[str, Any], specs: list[str]) -> bool:
    """Whether something shows that the list is conda's, be it the file's own name."""
    told = {"channels", "prefix"} & set(tree) or any("=" in item for item in specs)
    listed = len(specs) < len(tree["dependencies"])  # with a list of pip's
    named = FILE.fullmatch(source.base.lower()) is not None and set(tree) <= KEYS
    return bool(told) or listed or named


def _is_pip(item: Any) -> bool:
    return item is None or (isinstance(item, dict) and set(item) <= {"pip"})


def read(source: Source) -> Draft:
    """Conda's packages and pip's."""
    tree = source.mapping
    specs = [item.strip() for item in _specs(tree)]
    if _is_exported(tree, specs):
        draft = Draft("the output of conda env export", "installed")
    else:
        draft = Draft("a conda environment file", "wanted")
    for item in specs:
        _spec(draft, item)
    _leave_odd(draft, tree["dependencies"], specs)
    for group in trees.records({"x": tree["dependencies"]}, "x"):
        for text in group.get("pip") or ():
            _pip(draft, str(text))
    unread = UNREAD in draft.left or LOCAL in draft.left
    _variables(draft, tree)
    if draft.state == "wanted":
        for channel in trees.texts(tree, "channels") or ():
            draft.add_source(privacy.clean_url(channel))
    elif source.text.endswith("\n") and not unread:
        draft.complete("packages", names_only=True)
    if source.cut:
        draft.leave_end(source.cut)
    return draft


def _leave_odd(draft: Draft, entries: list[Any], specs: list[str]) -> None:
    """Count what is no specification."""
    options = sum(isinstance(item, str) for item in entries) - len(specs)
    if options:
        draft.leave("options of pip that stand among conda's specifications", options, beside=True)
    for entry in entries:
        if not isinstance(entry, str) and not _is_pip(entry):
            draft.leave(UNREAD)


def _variables(draft: Draft, tree: dict[str, Any]) -> None:
    for name, value in trees.mapping(tree, "variables").items():
        draft.variable(str(name), str(value))


def _is_exported(tree: dict[str, Any], specs: list[str]) -> bool:
    """Whether nearly all name a build; without builds an export has its environment's prefix."""
    exact = [
        EXACT.match(spec["rest"].strip()) if (spec := SPEC.match(item)) else None for item in specs
    ]
    built = sum(found is not None and found["build"] is not None for found in exact)
    whole = None not in exact and "prefix" in tree
    return bool(specs) and (built >= EXPORTED * len(specs) or whole)


def _spec(draft: Draft, text: str) -> None:
    spec = SPEC.match(text)
    if spec is None:
        draft.leave(UNREAD)
        return
    exact = EXACT.match(spec["rest"].strip())
    channel = spec["channel"] or UNSET
    if draft.state == "installed":
        if exact is not None:
            conda = Conda(version=exact["version"], build=exact["build"] or UNSET, channel=channel)
            conda_names.add(draft, spec["name"], conda)
        else:
            draft.leave("specifications without a version")
        return
    told = spec["told"] or ""
    build = BUILD.search(told)
    rest = spec["rest"].strip() or _version(told)
    want(draft, spec["name"], rest, build["build"].strip() if build is not None else UNSET)


def _version(told: str) -> str:
    """The version that stands in brackets, as it would stand behind the name."""
    version = VERSION.search(told)
    if version is None:
        return ""
    found = (version["double"] or version["single"] or version["bare"]).strip()
    is_exact = BUILD.search(told) is not None and EXACT.match(f"=={found}") is not None
    return f"=={found}" if is_exact else found


def want(draft: Draft, name: str, rest: str, build: str | UnsetType = UNSET) -> None:
    """Add what conda is asked for; `=1.2` is a range of conda's, `==1.2` a version."""
    asked: dict[str, Any] = {"version": UNSET, "specifier": UNSET, "build": build}
    exact = EXACT.match(rest)
    if exact is not None and (rest.startswith("==") or exact["build"]):
        asked.update(version=exact["version"], build=exact["build"] or build)
    elif exact is not None:
        asked.update(specifier=f"=={exact['version']}.*")
    elif rest and rest != "*":
        asked.update(specifier=rest.replace(" ", ""))
    if name == "python":
        _python(draft, asked)
        return
    distribution = conda_names.distribution(name)
    if distribution is None or conda_names.is_variant(name, distribution):
        draft.want(conda_names.key(name), Choice(manager="conda", **asked))
    if distribution is not None:
        draft.want(distribution, Choice(**asked))


def _python(draft: Draft, asked: dict[str, Any]) -> None:
    bounds = f"=={asked['version']}" if asked["version"] is not UNSET else asked["specifier"]
    draft.add(Wanted(complete=False, entries={}, requires_python=bounds))


def _pip(draft: Draft, text: str) -> None:
    line = requirement_lines.line(text)
    if line.kind in ("requirement", "address", "editable") and line.name:
        if draft.state == "installed" and pip_freeze.is_pin(line):
            pip_freeze.add(draft, line)
        else:
            draft.want(line.name, line.choice)
    elif line.kind == "option":
        draft.leave("options of pip", beside=True)
    elif line.kind != "comment":
        draft.leave(LOCAL if line.kind in ("path", "editable") else UNREAD)
