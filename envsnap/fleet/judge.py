"""Judges a fleet: one representative of each kind, by the rules, as one among peers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from envsnap.fleet import cohorts, nodeset
from envsnap.fleet.inventory import aliases
from envsnap.fleet.kinds import Kind, Kinds, Noise
from envsnap.fleet.parts import is_untold
from envsnap.fleet.verdict import Cohort, KindVerdict, Silent, State, Verdict
from envsnap.model import reading
from envsnap.model.manifest import Manifest, present
from envsnap.model.paths import Path
from envsnap.rules import peers
from envsnap.rules.finding import Severity
from envsnap.rules.ruling import RULE
from envsnap.wording import counted

if TYPE_CHECKING:
    from envsnap.rules.engine import Result
    from envsnap.rules.finding import Finding
    from envsnap.rules.ruling import Entry, Policy, Ruled

MAJORITY = 0.6
LONGEST_FOLDED = 200
MOST_REASONS = 10  # entries of a policy that are told with what they did
MOST_JUDGED = 100  # kinds; where there are more, half of that is more than anybody reads
# A capture has these where there is something to say; without them nothing is unknown.
OPTIONAL = ("git", "rocm", "process", "determinism", "data")
NOT_JUDGED = 9  # after every severity


class Asked(Struct, frozen=True, kw_only=True):
    """What a fleet is compared with, and who should be there."""

    golden: Manifest | None = None
    inventory: tuple[str, ...] = ()
    by_hardware: bool = False
    notes: tuple[str, ...] = ()


class Reference(Struct, frozen=True, kw_only=True):
    """What a cohort is compared with; `is_one` is False where it is only its largest kind."""

    manifest: Manifest
    kind: Kind | None
    sentence: str
    is_one: bool


def judge(
    names: Sequence[tuple[str, ...]],
    found: Kinds,
    silent: Mapping[str, str],
    asked: Asked,
    policy: Policy | None = None,
) -> Verdict:
    """Say the state of every host.

    `names` holds for each host its name and further names under which it may be listed; `silent`
    maps hosts without an answer to the reason.
    """
    judged: list[KindVerdict] = []
    told_of: list[Cohort] = []
    rules = _Rules(frozenset(noise.path for noise in found.noise), policy)
    for name, kinds in cohorts.split(found.kinds, by_hardware=asked.by_hardware):
        chosen = reference(kinds, asked.golden)
        found_here, sentence = _judged(names, name, kinds, chosen, rules)
        judged += found_here
        told_of.append(Cohort(name=name, hosts=cohorts.size(kinds), reference=sentence))
    judged = _unsure(judged, found.noise)
    told = [
        Silent(state="unknown", reason=reason, hosts=tuple(hosts))
        for reason, hosts in _by_reason(silent)
    ]
    missing = _missing(asked.inventory, names, silent)
    if missing:
        told.append(Silent(state="missing", reason="in the inventory, and silent", hosts=missing))
    states: dict[State, int] = dict.fromkeys(("same", "drifted", "unknown", "missing"), 0)
    for kind in judged:
        states[kind.state] += len(kind.hosts)
    for group in told:
        states[group.state] += len(group.hosts)
    return Verdict(
        states=states,
        cohorts=tuple(told_of),
        kinds=tuple(sorted(judged, key=_order)),
        silent=tuple(told),
        noise=found.noise,
        notes=(*asked.notes, *rules.told(), *_strangers(asked.inventory, names)),
    )


class _Rules:
    """What kinds are judged by: noise is left out, a policy is applied, and what it did is kept."""

    def __init__(self, left_out: frozenset[Path], policy: Policy | None) -> None:
        self.left_out, self.policy = left_out, policy
        self._done: dict[str, int] = {}  # the findings that each entry changed
        self._matched: set[str] = set()

    def compared(self, first: Manifest, other: Manifest) -> Result:
        """What one host differs in from another."""
        result = compared(first, other, self.left_out, self.policy)
        self._note(result.ruled)
        return result

    def outside(self, manifest: Manifest) -> tuple[Finding, ...]:
        """What the policy does not allow of a reference itself: of that alone all may have the same."""
        if self.policy is None:
            return ()
        from envsnap.rules.policy import outside

        findings, ruled = outside(self.policy, manifest)
        self._note(ruled)
        return findings

    def told(self) -> tuple[str, ...]:
        """What the policy did to the findings about kinds, and what of it matched nothing."""
        if self.policy is None:
            return ()
        file, entries = self.policy.file, self.policy.entries
        moving = {item.place for item in entries if item.kind == "severity"}
        moved = sum(count for place, count in self._done.items() if place in moving)
        ignored = sum(self._done.values()) - moved
        told = [f"{file}: {counted(ignored, 'finding')} ignored, {moved:,} given another severity"]
        told += [
            f"{_named(item)}, {counted(self._done[item.place], 'finding')}: {item.reason}"
            for item in entries
            if item.place in self._done
        ][:MOST_REASONS]
        idle = [_named(item) for item in entries if item.place not in self._matched]
        return (*told, f"{file}: {', '.join(idle)} matched nothing") if idle else tuple(told)

    def _note(self, ruled: Ruled) -> None:
        for ruling in ruled.rulings:
            self._done[ruling.entry.place] = self._done.get(ruling.entry.place, 0) + 1
        self._matched.update(ruled.matched)


def _named(entry: Entry) -> str:
    """An entry of a policy, and what it is about."""
    return f"{entry.place} ({entry.rule or entry.path})"


def _strangers(inventory: Sequence[str], names: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """A sentence on the hosts that answered and are in no inventory, where there is one."""
    if not inventory:
        return ()
    known = {alias for host in inventory for alias in aliases(host)}
    found = [
        host[0]
        for host in names
        if known.isdisjoint(alias for name in host for alias in aliases(name))
    ]
    told = nodeset.fold(found)[:LONGEST_FOLDED]
    return (f"not in the inventory: {told} ({counted(len(found), 'host')})",) if found else ()


def _unsure(judged: list[KindVerdict], noise: Sequence[Noise]) -> list[KindVerdict]:
    """No kind is the same where a whole section was not compared."""
    untold = {
        item.path: f"not compared: {item.values:,} sorts on {item.hosts:,} hosts"
        for item in noise
        if len(item.path) == 1
    }
    if not untold:
        return judged
    return [
        structs.replace(
            kind,
            state="unknown" if kind.state == "same" else kind.state,
            unknown={**kind.unknown, **untold},
        )
        for kind in judged
    ]


def _order(kind: KindVerdict) -> tuple[int, int, str]:
    """The reference first, then what is worst, then what was not judged or could not tell."""
    worst = kind.worst()
    place = {"drifted": 1, "unknown": 2, "missing": 3, "same": 4}[kind.state]
    rank = 0 if worst is None else worst.rank
    if not kind.judged:
        rank = NOT_JUDGED
    return (0 if kind.is_reference else place * 10 + rank, -len(kind.hosts), kind.name)


def reference(kinds: Sequence[Kind], golden: Manifest | None) -> Reference:
    """What a cohort is compared with: the golden manifest, the majority, or its largest kind."""
    if golden is not None:
        return Reference(
            manifest=golden, kind=None, sentence="Compared with the golden manifest", is_one=True
        )
    total = cohorts.size(kinds)
    able = [kind for kind in kinds if not _timed_out(kind)] or list(kinds)
    largest = max(able, key=lambda kind: len(kind.hosts))
    share = len(largest.hosts) / total
    if len(kinds) == 1:
        told = (
            "All are of one kind"
            if total > 1
            else "One host alone: there is none to compare it with"
        )
        return Reference(manifest=largest.build(), kind=largest, sentence=told, is_one=total > 1)
    if _is_majority(len(largest.hosts), total):
        told = f"Compared with the majority, {len(largest.hosts):,} of {total:,} ({_percent(share)}), {largest.name}"
        return Reference(manifest=largest.build(), kind=largest, sentence=told, is_one=True)
    told = f"No majority: the largest kind has {len(largest.hosts):,} of {total:,}; all are shown side by side"
    return Reference(manifest=largest.build(), kind=largest, sentence=told, is_one=False)


def _percent(share: float) -> str:
    """A share of hosts; less than all of them never reads as 100 %."""
    return f"{share:.0%}" if share < 0.99 or share == 1 else f"{int(share * 1000) / 10:.1f}%"


def _timed_out(kind: Kind) -> bool:
    return any(why.startswith("timeout") for _, why in kind.untold)


def _judged(
    names: Sequence[tuple[str, ...]],
    cohort: str,
    kinds: Sequence[Kind],
    chosen: Reference,
    rules: _Rules,
) -> tuple[list[KindVerdict], str]:
    """Every kind of a cohort, and what it is compared with, in a sentence.

    What the reference could not tell and others could is unknown there. Kinds that a policy accepts
    beside the largest are of one majority with it.
    """
    found: list[KindVerdict] = []
    beyond: dict[Path, str] = {}
    own: KindVerdict | None = None
    most = MOST_JUDGED if len(kinds) <= MOST_JUDGED else MOST_JUDGED // 2
    for place, kind in enumerate(kinds):
        hosts = tuple(names[number][0] for number in kind.hosts)
        verdict = KindVerdict(name=kind.name, state="drifted", hosts=hosts, cohort=cohort)
        if kind is chosen.kind:
            own = structs.replace(verdict, unknown=_untold_by_all(kind))
        elif place >= most:
            found.append(structs.replace(verdict, judged=False))
        else:
            manifest = kind.build()
            result = rules.compared(chosen.manifest, manifest)
            beyond.update(_untold_by(chosen.manifest, result.unknown))
            found.append(_against(verdict, kind, chosen.manifest, manifest, result))
    if own is None:
        return found, chosen.sentence
    untold = {**beyond, **own.unknown}
    own, sentence = _of_reference(structs.replace(own, unknown=untold), found, chosen, rules)
    return [*found, own], sentence


def _of_reference(
    own: KindVerdict, found: Sequence[KindVerdict], chosen: Reference, rules: _Rules
) -> tuple[KindVerdict, str]:
    """The state of the kind that others were compared with, and the sentence that says so."""
    outside = rules.outside(chosen.manifest)
    total = len(own.hosts) + sum(len(item.hosts) for item in found)
    accepted = len(own.hosts) + sum(len(item.hosts) for item in found if item.state == "same")
    is_one, sentence = chosen.is_one, chosen.sentence
    if not is_one and not outside and _is_majority(accepted, total):
        is_one = True
        sentence = (
            f"Compared with {own.name}, and what the policy accepts beside it: {accepted:,} of"
            f" {total:,} ({_percent(accepted / total)})"
        )
    apart = not is_one and any(_is_apart(item) for item in found)
    state: State = "drifted" if apart or outside else "unknown" if own.unknown else "same"
    return structs.replace(own, state=state, is_reference=is_one, findings=outside), sentence


def _is_majority(hosts: int, total: int) -> bool:
    return total >= cohorts.SMALLEST_MAJORITY and hosts / total >= MAJORITY


def _is_apart(kind: KindVerdict) -> bool:
    """Whether a kind has drifted, and no policy says that it is this one, and not the largest, that did."""
    return kind.state == "drifted" and not any(item.rule == RULE for item in kind.findings)


def _against(
    verdict: KindVerdict, kind: Kind, reference: Manifest, manifest: Manifest, result: Result
) -> KindVerdict:
    """A kind's state: drifted before unknown, what is certain before what is not.

    What is wrong with a host alone is no drift where the reference could not tell whether it has
    the same.
    """
    mine = {path: why for path, why in result.unknown.items() if _is_untold(manifest, path, why)}
    mine.update(_untold_by_all(kind))
    mine.update(_sections_untold_by(reference, result.unknown))
    findings = tuple(item for item in result.findings if not _is_open(item, reference))
    drift = any(item.changes or item.severity is not Severity.INFO for item in findings)
    state: State = "drifted" if drift else "unknown" if mine else "same"
    return structs.replace(verdict, state=state, findings=findings, unknown=mine)


def _is_open(finding: Finding, reference: Manifest) -> bool:
    """Whether a finding of one host alone rests on what the reference could not tell."""
    if finding.changes or finding.rule == RULE:
        return False
    paths = (finding.path, *finding.cites)
    return any(reading.fact(reference, path).unknown is not None for path in paths)


def _sections_untold_by(reference: Manifest, unknown: Mapping[Path, str]) -> dict[Path, str]:
    """Sections of which the reference could tell nothing, and the other side something: not compared."""
    sections = present(reference.sections)
    return {
        path[:1]: f"the reference could not tell: {why}"
        for path, why in _untold_by(reference, unknown).items()
        if path[0] in sections and "entries" in sections[path[0]].gaps
    }


def compared(
    first: Manifest,
    other: Manifest,
    left_out: frozenset[Path],
    policy: Policy | None = None,
    error_text: str = "",
    symptom: str | None = None,
) -> Result:
    """What one host differs in from another as a peer, but for noise."""
    result = peers.compare(first, other, error_text, symptom)
    if policy is not None:
        from envsnap.rules.policy import apply

        result = apply(policy, result, other)
    findings = tuple(
        finding
        for finding in result.findings
        if not finding.changes or not all(_is_below(path, left_out) for path in finding.changes)
    )
    return structs.replace(result, findings=findings)


def _is_below(path: Path, left_out: frozenset[Path]) -> bool:
    return any(path[: len(noise)] == noise for noise in left_out)


def _is_untold(manifest: Manifest, path: Path, why: str) -> bool:
    """Whether it is this side that could not tell, and was asked."""
    if why in (reading.VALUE_NOT_READ, reading.OLDER) or why.startswith("redacted"):
        return False
    if path[0] in OPTIONAL and len(path) == 1:
        return False
    return reading.fact(manifest, path).unknown is not None


def _untold_by(reference: Manifest, unknown: Mapping[Path, str]) -> dict[Path, str]:
    """What the reference itself could not tell although it tried."""
    return {
        path: why
        for path, why in unknown.items()
        if is_untold(why) and reading.fact(reference, path).unknown is not None
    }


def _untold_by_all(kind: Kind) -> dict[Path, str]:
    """What timed out is unknown, and so are whole lists, also where all hosts have it in common."""
    return {
        tuple(path.split(".", 1)): why
        for path, why in kind.untold
        if why.startswith("timeout") or path.endswith(".entries")
    }


def _by_reason(silent: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for host, reason in silent.items():
        found.setdefault(reason, []).append(host)
    return sorted(found.items(), key=lambda item: -len(item[1]))


def _missing(
    inventory: Sequence[str], names: Sequence[tuple[str, ...]], silent: Mapping[str, str]
) -> tuple[str, ...]:
    """Who is in the inventory and neither answered nor is known to be unable to."""
    if not inventory:
        return ()
    seen = {alias for host in names for name in host for alias in aliases(name)}
    seen.update(alias for host in silent for alias in aliases(host))
    return tuple(host for host in inventory if seen.isdisjoint(aliases(host)))
