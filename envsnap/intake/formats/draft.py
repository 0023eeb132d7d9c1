"""What a format found, as typed sections: no format writes dictionaries.

Every section is partial until it is said to be complete, or complete in its names. A fact that
was stated first stays: `add` fills what is missing and replaces nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import UNSET, Struct

from envsnap.intake.formats import names, privacy
from envsnap.knowledge.names import canonical
from envsnap.model import typed
from envsnap.model.compute import Framework, Gpu
from envsnap.model.fields import BOOKKEEPING, Section
from envsnap.model.host import GpuIdentity
from envsnap.model.manifest import Sections
from envsnap.model.paths import text as path_text
from envsnap.model.python import Package
from envsnap.model.wanted import Choice, Requirement

# What a cut line still names: a distribution, where something follows the name.
NAMED_AT_THE_END = re.compile(
    r"(?:-\s+)?['\"]?(?P<name>[A-Za-z][\w.-]{0,80}?)(?:\s*[=<>~!@\[]|\s+\S)"
)
CUT = "not stated: its line has no end and may be cut"
State = Literal["installed", "wanted", "stated"]
_PLACES: dict[str, type[Section]] = {}
LONGEST_MADE = 100
ROUNDED = 0.05  # memory in GB, GiB and MiB, with what a driver keeps for itself


class Draft:
    """Gathers facts section by section.

    `what` says what was read ("the output of pip freeze"), `state` whether it tells of what is
    installed, of what is wanted, or states facts of a machine.
    """

    def __init__(self, what: str, state: State = "stated") -> None:
        """Begin with no facts."""
        self.what, self.state = what, state
        self.left: dict[str, int] = {}
        self.beside: set[str] = set()  # of that, what is no fact of the environment
        self._facts: dict[str, dict[str, Any]] = {}
        self._gaps: dict[str, dict[str, str]] = {}
        self._complete: set[str] = set()
        self._names: set[str] = set()
        self._doubted: set[tuple[str, str]] = set()
        self._libc: tuple[int, str] | None = None

    def add(self, section: Section) -> None:
        """Fill in facts of a section that are not known yet."""
        _fill(self._section(_name_of(type(section))), section)

    def libc_of_python(self, version: str, minor: int) -> None:
        """Add the C library that Python names, which counts from Python 3.`minor` on.

        Before, it is the newest that the interpreter's file asks for.
        """
        self._libc = min(self._libc or (minor, version), (minor, version))

    def package(self, name: str, facts: Package | None = None) -> None:
        """Add an installed distribution, or facts of it, under the index's spelling of its name."""
        _entry(self._section("packages"), _spelled(name), facts or Package())

    def framework(self, name: str, facts: Framework) -> None:
        """Add a framework by import name, or facts of it."""
        _entry(self._section("frameworks"), name, facts)

    def gpu(self, index: int | str, facts: Gpu | None = None) -> None:
        """Add a GPU by index, or facts of it."""
        _entry(self._section("gpus"), str(index), facts or Gpu())

    def card(self, index: int | str, facts: GpuIdentity) -> None:
        """Add what names one card; it is never compared."""
        cards = self._section("identity").setdefault("gpus", {})
        _fill(cards.setdefault(str(index), {}), facts)

    def variable(self, name: str, value: str) -> None:
        """Add an environment variable, without what may be a secret."""
        shown, why = privacy.judged_variable(name, value)
        if why is not None:
            self.gap("env_vars", (name,), f"redacted: {why}")
        if shown is not None:
            self._section("env_vars").setdefault("entries", {}).setdefault(name, shown)

    def variable_name(self, name: str) -> None:
        """Add an environment variable whose value was not read."""
        others = self._section("env_vars").setdefault("others", ())
        if name not in others:
            self._section("env_vars")["others"] = tuple(sorted((*others, name)))

    def variable_made(self, name: str, value: str, maker: str) -> None:
        """Add a variable whose value `maker` makes, and from what; not where that may be a secret."""
        self.variable_name(name)
        shown, why = privacy.judged_variable(name, value)
        is_shown = shown is not None and why is None
        told = f" from {str(shown)[:LONGEST_MADE].replace('$()', '$(...)')}" if is_shown else ""
        self.gap("env_vars", (name,), f"unknown: {maker} makes its value{told}")

    def want(self, name: str, choice: Choice) -> None:
        """Add one line that asks for a distribution; a repetition adds nothing."""
        entries = self._section("wanted").setdefault("entries", {})
        choices = entries.setdefault(_spelled(name), [])
        if choice not in choices:
            choices.append(choice)

    def want_instead(self, name: str, choice: Choice) -> None:
        """Add what a later command asks for, in the place of another version without a marker."""
        entries = self._section("wanted").setdefault("entries", {})
        known = entries.get(_spelled(name), [])
        if choice.marker is UNSET and (choice.version is not UNSET or choice.origin is not UNSET):
            entries[_spelled(name)] = [item for item in known if item.marker is not UNSET]
        self.want(name, choice)

    def unwant(self, name: str) -> None:
        """Take back what was asked for before."""
        self._section("wanted").setdefault("entries", {}).pop(name, None)

    def add_source(self, address: str) -> None:
        """Add an index or a channel that is named for what is wanted."""
        known = self._section("wanted").setdefault("sources", ())
        if address not in known:
            self._section("wanted")["sources"] = (*known, address)

    def gap(self, section: str, path: tuple[str, ...], reason: str) -> None:
        """Say why a fact is not known."""
        self._section(section)
        self._gaps.setdefault(section, {}).setdefault(path_text(path), reason)

    def merge(self, other: Draft, without: tuple[str, ...] = ()) -> None:
        """Add the sections of another draft, but for some."""
        for name, facts in other._facts.items():
            if name not in without:
                self._facts.setdefault(name, {}).update(facts)
                self._gaps.setdefault(name, {}).update(other._gaps.get(name, {}))
        self._leave_too(other)

    def agrees(self, other: Draft) -> bool:
        """Whether two texts may speak of one machine: what both state is the same.

        What is wanted is no state of a machine.
        """
        if "wanted" in (self.state, other.state):
            return False
        whole = "packages" in self._names & other._names
        if whole and self.entries("packages").keys() != other.entries("packages").keys():
            return False
        return (
            _agree(self._facts, other._facts)
            and self._agrees_on_frameworks(other)
            and other._agrees_on_frameworks(self)
        )

    def _agrees_on_frameworks(self, other: Draft) -> bool:
        """Whether what is imported here is what is installed there; labels of builds may be cut."""
        installed = other.entries("packages")
        return all(
            _release(facts.get("version")) == _release(installed[name].get("version"))
            for name, facts in self.entries("frameworks").items()
            if "version" in facts and "version" in installed.get(name, {})
        )

    def holds(self, other: Draft) -> bool:
        """Whether all that another text states is stated here: reports take in other programs' tables."""
        return _holds(self._facts, other._facts)

    def join(self, other: Draft) -> None:
        """Fill in what another text states of the same machine."""
        self.what = f"{self.what} and {other.what}"
        _fill_in(self._facts, other._facts)
        for section, gaps in other._gaps.items():
            self._gaps[section] = {**gaps, **self._gaps.get(section, {})}
        self._complete |= other._complete
        self._names |= other._names
        self._doubted |= other._doubted
        found = [libc for libc in (self._libc, other._libc) if libc is not None]
        self._libc = min(found, default=None)
        self._leave_too(other)

    def settle(self, section: str, path: tuple[str, ...]) -> None:
        """Take a gap back: what it speaks of was found elsewhere."""
        self._gaps.get(section, {}).pop(path_text(path), None)

    def gap_text(self, section: str, path: str, reason: str) -> None:
        """Say why a fact is not known, by its path as text."""
        self._section(section)
        self._gaps.setdefault(section, {}).setdefault(path, reason)

    def doubt(self, name: str, version: str) -> bool:
        """Whether a distribution has another version already: then none is stated."""
        known = self.entries("packages").get(name, {})
        if known.get("version", version) == version:
            return (name, "version") in self._doubted
        reason = f"not stated: it is listed as {known.pop('version')} and as {version}"
        self._doubted.add((name, "version"))
        self.gap("packages", (name, "version"), reason)
        return True

    def complete(self, section: str, *, names_only: bool = False) -> None:
        """Say that what a section does not mention is absent; or that its names are all."""
        self._section(section)
        (self._names if names_only else self._complete).add(section)

    def list_packages(self, *, whole: bool) -> None:
        """Say that a list names all packages; or that it shows a part of them."""
        if whole:
            self.complete("packages", names_only=True)
        else:
            self.leave("packages that this list does not show")

    def open(self) -> None:
        """Take back that a section says all: a part of it may stand elsewhere."""
        self._complete.clear()
        self._names.clear()

    def leave(self, what: str, count: int = 1, *, beside: bool = False) -> None:
        """Count what was not read; the message names it.

        `beside`: it is no fact of the environment, so nothing is unknown for it.
        """
        self.left[what] = self.left.get(what, 0) + count
        if beside:
            self.beside.add(what)

    def _leave_too(self, other: Draft) -> None:
        for what, count in other.left.items():
            self.leave(what, count, beside=what in other.beside)

    @property
    def unread(self) -> tuple[str, ...]:
        """What may hold facts and was not read."""
        return tuple(what for what in self.left if what not in self.beside)

    def leave_end(self, line: str) -> None:
        """Count a last line without an end: it may be cut, so it is not read, and more may be missing.

        Of what it names nothing is known; not that it is absent.
        """
        self.open()
        self.leave("a last line without an end, which may be cut")
        named = NAMED_AT_THE_END.match(line)
        if named is None:
            return
        key = canonical(named["name"])
        for section in ("wanted", "packages"):
            if section in self._facts and not self.has(section, key):
                self.gap(section, (key,), CUT)

    def has(self, section: str, key: str = "") -> bool:
        """Tell whether a section, or an entry of it, is there."""
        found = self._facts.get(section, {})
        return key in found.get("entries", {}) if key else bool(found)

    def states(self, section: str, field: str) -> bool:
        """Tell whether a fact of a section is there."""
        return field in self._facts.get(section, {})

    def entries(self, section: str) -> Mapping[str, Any]:
        """The entries that a section has so far."""
        found: Mapping[str, Any] = self._facts.get(section, {}).get("entries", {})
        return found

    def sections(self) -> Sections:
        """The facts as the model has them."""
        self._settle_libc()
        found: dict[str, Any] = {}
        for name, facts in self._facts.items():
            record = _section_types()[name]
            built = {key: _built(record, key, value) for key, value in facts.items()}
            found[name] = record(
                complete=name in self._complete,
                names_complete=True if name in self._names else UNSET,
                gaps=self._gaps.get(name, {}),
                **built,
            )
        return Sections(**found)

    def _settle_libc(self) -> None:
        if self._libc is None or "glibc" in self._section("system"):
            return
        minor, version = self._libc
        python = str(self._facts.get("python", {}).get("version", ""))
        known = re.match(r"(\d)\.(\d{1,3})", python)
        if known is not None and (int(known[1]), int(known[2])) < (3, minor):
            reason = f"not stated: the platform of Python {python} names what its file asks for"
            self.gap("system", ("glibc",), reason)
        else:
            self._section("system")["glibc"] = version

    def _section(self, name: str) -> dict[str, Any]:
        return self._facts.setdefault(name, {})


def _release(version: Any) -> str:
    return str(version).partition("+")[0]


def _agree(one: Any, two: Any) -> bool:
    """Whether two facts are the same, or the one says more than the other."""
    if isinstance(one, dict) and isinstance(two, dict):
        return all(_agree(value, two[key]) for key, value in one.items() if key in two)
    if isinstance(one, str) and isinstance(two, str):
        short, long = sorted((one, two), key=len)
        return re.search(rf"(?:^|\s){re.escape(short)}(?![0-9A-Za-z])", long) is not None
    if (
        isinstance(one, bool)
        or not isinstance(one, int | float)
        or not isinstance(two, int | float)
    ):
        return isinstance(one, tuple) or bool(one == two)
    return math.isclose(one, two, rel_tol=ROUNDED)


def _holds(known: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(
        key in known and (not isinstance(value, dict) or _holds(known[key], value))
        for key, value in other.items()
    )


def _fill_in(known: dict[str, Any], other: dict[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict):
            _fill_in(known.setdefault(key, {}), value)
        else:
            known.setdefault(key, value)


def _fill(known: dict[str, Any], record: Struct) -> None:
    for field in record.__struct_fields__:
        value = getattr(record, field)
        if value is UNSET or field in BOOKKEEPING:
            continue
        if isinstance(value, dict):
            inner = known.setdefault(field, {})
            for key, item in value.items():
                if isinstance(item, Struct):
                    _fill(inner.setdefault(key, {}), item)
                else:
                    inner.setdefault(key, item)
        elif isinstance(value, Struct):
            _fill(known.setdefault(field, {}), value)
        else:
            known.setdefault(field, value)


def _spelled(name: str) -> str:
    """The index's spelling of a distribution's name; what is none keeps its own."""
    return canonical(name) if names.is_name(name) else name


def _entry(section: dict[str, Any], name: str, facts: Struct) -> None:
    _fill(section.setdefault("entries", {}).setdefault(name, {}), facts)


def _built(record: type[Section], field: str, value: Any) -> Any:
    """Records from what was gathered of them."""
    import msgspec

    if field == "entries" and record is _section_types()["wanted"]:
        return {name: _requirement(choices) for name, choices in value.items()}
    hint = next(item.type for item in msgspec.structs.fields(record) if item.name == field)
    return typed.convert(value, hint)


def _requirement(choices: list[Choice]) -> Requirement:
    """One line's facts stand in the entry; several stand beside one another."""
    if len(choices) > 1:
        return Requirement(alternatives=tuple(choices))
    only = choices[0]
    return Requirement(**{name: getattr(only, name) for name in only.__struct_fields__})


def _section_types() -> dict[str, type[Section]]:
    if not _PLACES:
        import msgspec

        for field in msgspec.structs.fields(Sections):
            _PLACES[field.name] = next(
                item for item in field.type.__args__ if item is not msgspec.UnsetType
            )
    return _PLACES


def _name_of(record: type[Section]) -> str:
    return next(name for name, kind in _section_types().items() if kind is record)
