"""What to suspect first: the order of `diff`, with what the bad side printed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from envsnap.bisection.atoms import Atom, Kind
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.rules import engine
from envsnap.rules.finding import Finding, Severity

SITE = re.compile(r"(?:site|dist)-packages/([A-Za-z0-9_.]+)")


class Suspects:
    """Atoms in the order of suspicion, and the findings about each."""

    def __init__(
        self,
        atoms: Sequence[Atom],
        good: Manifest,
        bad: Manifest,
        error_text: str,
        imported: Iterable[str] | None,
    ) -> None:
        self._atoms = atoms
        self.findings = engine.compare(good, bad, None, error_text).findings
        self.about: dict[int, list[Finding]] = {}
        self._places = {atom.path: number for number, atom in enumerate(atoms)}
        first = self._by_findings(lambda finding: (finding.path, *finding.changes))
        cited = self._by_findings(lambda finding: finding.cites)
        found = dict.fromkeys([*first, *cited])
        self.ranked = self._with_files(list(found))
        self.order = self._seen_first(imported)
        told = engine.compare(good, bad).findings if error_text else self.findings
        self.ties = dict(self._tied(_untold(self.findings, told), imported))

    def _with_files(self, found: list[int]) -> list[int]:
        """Rank files that no finding speaks of: their user named them, and they differ.

        A whole file comes after what is an error, a path of a config after what is a warning.
        """
        rest = [number for number in range(len(self._atoms)) if number not in set(found)]
        parts: list[list[int]] = []
        for severity, kind in ((Severity.ERROR, Kind.FILE), (Severity.WARNING, Kind.CONFIG)):
            parts.append([number for number in found if self._worst(number) <= severity.rank])
            parts.append([number for number in rest if self._atoms[number].kind is kind])
        return list(dict.fromkeys(number for part in (*parts, found, rest) for number in part))

    def _worst(self, number: int) -> int:
        """The rank of the worst finding about an atom."""
        return min(finding.severity.rank for finding in self.about[number])

    def _by_findings(self, paths: object) -> list[int]:
        found = []
        assert callable(paths)
        for finding in self.findings:
            for path in paths(finding):
                number = self._number(path)
                if number is not None:
                    found.append(number)
                    told = self.about.setdefault(number, [])
                    if finding not in told:
                        told.append(finding)
        return found

    def _tied(
        self, untold: Iterable[Finding], imported: Iterable[str] | None
    ) -> Iterator[tuple[int, int]]:
        """Atoms that nothing sets apart from others: what is known of them is of one kind.

        Those that the bad side's text speaks of are never tied, nor are files: their user named them.
        """
        plain = list(untold)
        seen = set(imported) if imported is not None else None
        kinds: dict[object, list[int]] = {}
        for number, atom in enumerate(self._atoms):
            finding = self.finding(number)
            if atom.kind in (Kind.FILE, Kind.CONFIG) or (finding and finding not in plain):
                continue
            first = seen is None or atom.kind is not Kind.PACKAGE or atom.name in seen
            kind = (finding.severity, finding.confidence, finding.effect) if finding else None
            kinds.setdefault((first, kind, finding and finding.rule), []).append(number)
        for tie, numbers in enumerate(kinds.values()):
            if len(numbers) > 1:
                yield from dict.fromkeys(numbers, tie).items()

    def _number(self, path: Path) -> int | None:
        """The atom that a fact belongs to."""
        for length in range(len(path), 1, -1):
            found = self._places.get(path[:length])
            if found is not None:
                return found
        if path[:1] == ("frameworks",) and len(path) > 1:
            return self._places.get(("packages", path[1]))
        return None

    def _seen_first(self, imported: Iterable[str] | None) -> list[int]:
        """Distributions that neither end imported come last: they had no occasion."""
        if imported is None:
            return self.ranked
        seen = set(imported)

        def unseen(number: int) -> bool:
            atom = self._atoms[number]
            return atom.kind is Kind.PACKAGE and atom.name not in seen

        return sorted(self.ranked, key=unseen)

    def finding(self, number: int) -> Finding | None:
        """The first finding about an atom."""
        told = self.about.get(number)
        return told[0] if told else None

    def about_host(self, held: Mapping[Path, object]) -> list[Finding]:
        """Findings about what was held equal, in order."""
        return [
            finding
            for finding in self.findings
            if any(path in held for path in (finding.path, *finding.changes))
        ]


def _untold(findings: Sequence[Finding], without: Sequence[Finding]) -> Iterator[Finding]:
    """The findings that a text neither speaks of nor moved before others.

    `without` are those without the text.
    """
    waiting = list(without)
    for finding in findings:
        if finding not in waiting:
            continue
        if finding == waiting[0]:
            yield finding
        waiting.remove(finding)
