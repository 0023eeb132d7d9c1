"""A project's policy: findings it ignores or weighs otherwise, and versions it allows.

Nothing disappears: what an entry changed stays in the result, with the entry and its reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from envsnap.errors import InputError
from envsnap.model import reading
from envsnap.model.manifest import Manifest, Sections
from envsnap.model.paths import Path, text
from envsnap.model.python import Package, Packages
from envsnap.rules import plain, registry, rollout
from envsnap.rules.evidence import with_facts
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.ruling import RULE, Entry, Policy, Ruled, Ruling

if TYPE_CHECKING:
    from envsnap.rules.engine import Result

KEYS = {
    "ignore": ("rule", "path", "reason"),
    "severity": ("rule", "path", "severity", "reason"),
    "allow": ("path", "versions", "outside", "reason"),
    "rollout": ("path", "from", "to", "until", "outside", "reason"),
}
UNKNOWN = "fail_on_unknown"
KEY = re.compile(r'\.?([A-Za-z0-9_*-]+)|\[(\d+|\*)\]|\[("(?:[^"\\]|\\.)*")\]')
LONGEST_TEXT = 500
OF_SEVERAL = (
    "gpus",
    "system",
)  # sections of which a finding may be about several cards or adapters


def parse(tree: dict[str, Any], file: str) -> Policy:
    """Read a policy's tables; raises InputError in one line that names the place."""
    _known_keys(tree, (*KEYS, UNKNOWN), file)
    strict = tree.get(UNKNOWN, False)
    if not isinstance(strict, bool):
        raise InputError(f"{file}: {UNKNOWN} must be true or false")
    entries = []
    for kind in KEYS:
        rows = tree.get(kind, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise InputError(f"{file}: {kind} must be tables: write [[{_header(file, kind)}]]")
        for number, row in enumerate(rows):
            entries.append(_entry(kind, row, f"{kind}[{number}]", file))
    return Policy(file=file, entries=tuple(entries), fail_on_unknown=strict)


def _header(file: str, kind: str) -> str:
    return f"tool.envsnap.{kind}" if file.endswith("pyproject.toml") else kind


def _known_keys(row: dict[str, Any], known: tuple[str, ...], place: str) -> None:
    for key in row:
        if key not in known:
            raise InputError(
                f"{place}: unknown key {json.dumps(key)[:60]}; known: {', '.join(known)}"
            )


def _entry(kind: str, row: dict[str, Any], place: str, file: str) -> Entry:
    where = f"{file}: {place}"
    _known_keys(row, KEYS[kind], where)
    row = {key: str(value) if type(value) is date else value for key, value in row.items()}
    for key, value in row.items():
        if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT:
            raise InputError(f"{where}: {key} must be text of 1 to {LONGEST_TEXT} characters")
    if "reason" not in row:
        raise InputError(f"{where}: has no reason; write down why")
    if "rule" not in row and "path" not in row:
        raise InputError(f"{where}: names neither a rule nor a path")
    _check_rule(row.get("rule"), where)
    if "path" in row:
        _check_path(row["path"], where)
    if kind in ("allow", "rollout"):
        return _allowed(kind, row, place, where)
    if kind == "severity" and "severity" not in row:
        raise InputError(f"{where}: has no severity")
    return Entry(
        place=place,
        kind=kind,
        reason=row["reason"],
        rule=row.get("rule"),
        path=row.get("path"),
        severity=_severity(row["severity"], where) if kind == "severity" else None,
    )


def _check_rule(rule: str | None, where: str) -> None:
    if rule in (None, plain.ID) or any(entry.id == rule for entry in registry.REGISTRY):
        return
    raise InputError(
        f"{where}: no rule {json.dumps(rule)[:60]}; `envsnap explain` lists them,"
        f" and {plain.ID} is what no rule knows"
    )


def _check_path(pattern: str, where: str) -> None:
    keys = keys_of(pattern)
    if not keys:
        raise InputError(f"{where}: path {json.dumps(pattern)[:80]} is not written as reports do")
    if not any(_glob(keys[0]).fullmatch(name) for name in Sections.__struct_fields__):
        raise InputError(f"{where}: no section of a manifest is called {json.dumps(keys[0])[:60]}")


def _severity(word: str, where: str) -> Severity:
    try:
        return Severity(word)
    except ValueError:
        raise InputError(f"{where}: severity must be error, warning or info") from None


def _allowed(kind: str, row: dict[str, Any], place: str, where: str) -> Entry:
    window = rollout.window(row, where) if kind == "rollout" else None
    versions = _versions(row, where) if window is None else rollout.told(window, rollout.today())
    if "*" in row["path"]:
        raise InputError(f"{where}: a range is for one fact; path may not hold *")
    return Entry(
        place=place,
        kind=kind,
        reason=row["reason"],
        path=text(_version_path(keys_of(row["path"]))),
        severity=_severity(row.get("outside", "warning"), where),
        versions=versions,
        window=window,
    )


def _versions(row: dict[str, Any], where: str) -> str:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    if "path" not in row or "versions" not in row:
        raise InputError(f"{where}: needs a path and versions")
    try:
        SpecifierSet(row["versions"])
    except InvalidSpecifier:
        raise InputError(
            f"{where}: versions {json.dumps(row['versions'])[:80]} is no version specifier of"
            ' PEP 440, for example ">=1.24,<2"'
        ) from None
    return str(row["versions"])


def _version_path(keys: Path) -> Path:
    """The version of what a path names: packages.numpy means packages.numpy.version."""
    entries = keys[0] in ("packages", "frameworks", "tools")
    short = 2 if entries else 1
    return (*keys, "version") if len(keys) == short else keys


def _canonical(keys: Path) -> Path:
    """A path with its distribution's name as manifests spell it: packages.ruamel.yaml is one."""
    if len(keys) < 2 or keys[0] != "packages" or keys[1] in Packages.__struct_fields__:
        return keys
    name, *rest = keys[1:]
    while rest and rest[0] not in Package.__struct_fields__ and "*" not in rest[0]:
        name, rest = f"{name}-{rest[0]}", rest[1:]
    return (keys[0], re.sub(r"[-_.]+", "-", name).lower(), *rest)


def keys_of(pattern: str) -> Path:
    """Split a path, or a pattern of paths, into its keys; empty where it is not one.

    A star stands for any text inside one key; in quotes it is a star.
    """
    keys: list[str] = []
    position = 0
    while position < len(pattern):
        match = KEY.match(pattern, position)
        if match is None or (match.group().startswith(".") is not bool(keys and match.group(1))):
            return ()
        if match.group(3) is not None:
            try:
                keys.append(str(json.loads(match.group(3))).replace("*", "\\*"))
            except ValueError:
                return ()
        else:
            keys.append(match.group(1) or match.group(2))
        position = match.end()
    return _canonical(tuple(keys))


def _glob(key: str) -> re.Pattern[str]:
    parts = re.split(r"(?<!\\)\*", key)
    return re.compile(".*".join(re.escape(part.replace("\\*", "*")) for part in parts), re.DOTALL)


def covers(pattern: str, path: Path) -> bool:
    """Tell whether a pattern names this fact, or something above it."""
    keys, path = keys_of(pattern), _canonical(path)
    return len(keys) <= len(path) and all(
        _glob(key).fullmatch(part) for key, part in zip(keys, path, strict=False)
    )


def apply(policy: Policy, result: Result, manifest: Manifest, day: date | None = None) -> Result:
    """Apply a policy to what was found about a manifest (of two: the other one).

    Ignore entries come first, then allowed versions and rollouts, then severities; of each kind the
    first entry that matches. An ignored path may be unknown, too. `day` decides which versions a
    rollout allows: today, where none is given.
    """
    judge = _Judge(policy, manifest, day or rollout.today())
    findings: list[Finding] = []
    moved: list[Finding] = []
    for finding in result.findings:
        parts = _parts(finding, policy)
        for part in parts:
            kept = judge.finding(part)
            if kept is not None:
                (findings if kept is part else moved).append(kept)
    for finding in [*moved, *judge.outside]:
        findings.insert(_end_of_its_rank(findings, finding), finding)
    unknown = {path: why for path, why in result.unknown.items() if not judge.accepts(path)}
    not_compared = {
        path: why for path, why in result.not_compared.items() if not judge.accepts(keys_of(path))
    }
    ruled = Ruled(rulings=tuple(judge.rulings), matched=tuple(judge.matched))
    return replace(
        result,
        findings=tuple(findings),
        unknown=unknown,
        not_compared=not_compared,
        lacking=tuple(name for name in result.lacking if (name,) in unknown),
        ruled=ruled,
    )


def outside(
    policy: Policy, manifest: Manifest, day: date | None = None
) -> tuple[tuple[Finding, ...], Ruled]:
    """The findings of a policy about a manifest alone, versions that it does not allow, and what matched."""
    judge = _Judge(policy, manifest, day or rollout.today())
    return tuple(judge.outside), Ruled(matched=tuple(judge.matched))


def _end_of_its_rank(findings: list[Finding], finding: Finding) -> int:
    """Where a finding goes whose severity is new; the order of the others says something."""
    places = [
        place
        for place, other in enumerate(findings, 1)
        if other.severity.rank <= finding.severity.rank
    ]
    return max(places, default=0)


class _Judge:
    """Goes through the findings of one result."""

    def __init__(self, policy: Policy, manifest: Manifest, day: date) -> None:
        self.rulings: list[Ruling] = []
        self.matched: dict[str, None] = {}
        self.outside: list[Finding] = []
        self._of = {
            kind: [entry for entry in policy.entries if entry.kind == kind] for kind in KEYS
        }
        self._inside: dict[Path, Entry] = {}
        for kind in ("allow", "rollout"):
            first: dict[str | None, Entry] = {}  # of one fact the first entry counts
            for entry in self._of[kind]:
                if first.setdefault(entry.path, entry) is entry:
                    self._measure(entry, manifest, day)

    def _measure(self, entry: Entry, manifest: Manifest, day: date) -> None:
        path = keys_of(entry.path or "")
        version = reading.fact(manifest, path).value
        if not isinstance(version, str):
            return  # not known, or not there: other rules say so
        self.matched[entry.place] = None
        if _is_allowed(entry, version, day):
            self._inside.setdefault(path, entry)
        else:
            found = _outside(entry, path, version, day)
            self.outside.append(with_facts(found, {"other": manifest}))

    def finding(self, finding: Finding) -> Finding | None:
        """The finding after the policy; None where an entry ignores it."""
        for entry in self._of["ignore"]:
            if _matches(entry, finding):
                return self._rule(finding, entry, None)
        allowed = next(self._allowing(finding), None)
        if allowed is not None:
            return self._rule(finding, allowed, None)
        for entry in self._of["severity"]:
            if _matches(entry, finding):
                return self._rule(finding, entry, entry.severity)
        return finding

    def accepts(self, path: Path) -> bool:
        """Whether a fact that is not known is ignored."""
        for entry in self._of["ignore"]:
            if entry.rule is None and entry.path is not None and covers(entry.path, path):
                self.matched[entry.place] = None
                return True
        return False

    def _allowing(self, finding: Finding) -> Iterator[Entry]:
        """Entries that accept a difference of versions; an error is more than a difference."""
        if finding.severity is Severity.ERROR or not finding.changes:
            return
        for path, entry in self._inside.items():
            if path == finding.path or path in finding.changes:
                yield entry

    def _rule(self, finding: Finding, entry: Entry, severity: Severity | None) -> Finding | None:
        self.matched[entry.place] = None
        if severity is finding.severity:
            return finding
        self.rulings.append(Ruling(finding=finding, entry=entry, severity=severity))
        return None if severity is None else replace(finding, severity=severity)


def _matches(entry: Entry, finding: Finding) -> bool:
    if entry.rule is not None and entry.rule != finding.rule:
        return False
    if entry.path is None or covers(entry.path, finding.path):
        return True
    pattern = entry.path
    if any(covers(pattern, path) for path in finding.changes if _is_twin(path, finding.path)):
        return True
    return bool(finding.changes) and all(covers(pattern, path) for path in finding.changes)


def _is_twin(path: Path, other: Path) -> bool:
    """Whether two facts are of one distribution: of a package that is a framework, too."""
    both = {path[0], other[0]} == {"packages", "frameworks"} and len(path) > 1 and len(other) > 1
    return both and path[1].replace("_", "-") == other[1].replace("_", "-")


def _parts(finding: Finding, policy: Policy) -> list[Finding]:
    """A finding about several cards or adapters, as many as the policy treats otherwise.

    One finding tells of equal changes of several; an entry that names one of them is not about
    the others.
    """
    if len(finding.changes) < 2 or finding.path[0] not in OF_SEVERAL:
        return [finding]
    named: dict[tuple[str, ...], list[Path]] = {}
    for path in finding.changes:
        places = tuple(
            entry.place
            for entry in policy.entries
            if entry.rule in (None, finding.rule) and entry.path and covers(entry.path, path)
        )
        named.setdefault(places, []).append(path)
    if len(named) < 2:
        return [finding]
    return [_of(finding, tuple(paths)) for paths in named.values()]


def _of(finding: Finding, changes: tuple[Path, ...]) -> Finding:
    """The part of a finding that is about some of its changes."""
    path = finding.path if finding.path in changes else changes[0]
    facts = tuple(fact for fact in finding.facts if fact.path in (path, *changes))
    return replace(finding, path=path, changes=changes, facts=facts)


def _is_allowed(entry: Entry, version: str, day: date) -> bool:
    if entry.window is None:
        return _is_in(version, entry.versions or "")
    return any(rollout.fits(version, wanted) for wanted in rollout.versions(entry.window, day))


def _is_in(version: str, versions: str) -> bool:
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    if len(version) > LONGEST_TEXT:
        return False
    try:
        return SpecifierSet(versions).contains(Version(version), prereleases=True)
    except ValueError:
        return False


def _outside(entry: Entry, path: Path, version: str, day: date) -> Finding:
    versions = entry.versions or ""
    if entry.window is not None:
        versions = rollout.told(entry.window, day)
    return Finding(
        rule=RULE,
        severity=entry.severity or Severity.WARNING,
        effect=Effect.BEHAVIOR,
        confidence=Confidence.CERTAIN,
        path=path,
        message=f"{text(path)} is {version[:80]}; the policy allows {versions}",
        why=f"The policy's reason: {entry.reason}",
        fix="Install a version that the policy allows, or change the policy.",
        expected=versions,
    )
