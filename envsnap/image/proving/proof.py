"""The proof: what was captured inside an image, compared with the manifest it was made from.

Portable facts decide. Each fact that the manifest states is reproduced, or differs, or could not
be seen. Apart from these stand what no image can carry (driver, GPU, kernel, processor) and what
the plan said beforehand would be otherwise, each with its reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, to_builtins
from msgspec.structs import replace

from envsnap.changes import walk
from envsnap.changes.change import Change, ChangeKind, Difference
from envsnap.image.proving import edited
from envsnap.image.proving.announced import Announced
from envsnap.image.proving.fact import Fact
from envsnap.model import reading
from envsnap.model.fields import Kind, plan
from envsnap.model.manifest import Manifest, present
from envsnap.model.paths import text
from envsnap.wording import few

PROOF_VERSION = 1
MOST_NAMED = 6
# What is there in addition, and nobody answers for; found where files were compared with RECORD.
# The files of an image are its plan's; what else lies on a host is its owner's.
UNCLAIMED = ("packages", "unclaimed")
STRAYS = (
    ("python", "byte_code"),
    UNCLAIMED,
    ("system", "altered_files"),
    ("system", "unowned_libraries"),
)
UNVERIFIED = "packages: where it was captured, their files were not compared with RECORD (capture --verify-files does that)"
OF_THE_OWNER = "files that no package brought: no plan says whose they are (--plan FILE does)"
ZONE, UTC = ("system", "timezone"), ("UTC", "Etc/UTC", "Etc/UCT", "Universal", "Etc/Universal", "Zulu", None, UNSET)  # fmt: skip
LOOKED_AT = ("system", "altered_files")
ENVIRONMENT = ("python", "packages")
# What is wanted is not what is there; what identifies a place is not its environment.
NOT_CLAIMED = ("identity", "wanted")


class Proof(Struct, frozen=True, kw_only=True):
    """A comparison, and what it is true of."""

    proof_version: Annotated[int, Meta(ge=1)]
    subject: Annotated[str, Meta(description="What was looked into; for an image its ID.")]
    fingerprint: Annotated[str, Meta(description="Fingerprint of the manifest.")]
    plan: Annotated[str | None, Meta(description="Digest of the plan; null for none.")]
    proven: Annotated[bool, Meta(description="Whether nothing differs that was not announced.")]
    facts: Annotated[int, Meta(description="Portable facts that were to be reproduced.")]
    reproduced: Annotated[int, Meta(description="Those that are the same inside.")]
    differs: Annotated[tuple[Fact, ...], Meta(description="What is not as it was captured.")]
    announced: Annotated[
        tuple[Fact, ...],
        Meta(description="What differs as the plan, or a policy, said beforehand."),
    ]
    by_nature: Annotated[
        tuple[Fact, ...], Meta(description="What no image can carry, and is another here.")
    ]
    covered: Annotated[
        tuple[str, ...], Meta(description="Sections of the manifest that were compared.")
    ] = ()
    not_covered: Annotated[
        tuple[str, ...], Meta(description="What was not compared, and why.")
    ] = ()


class Seen(Struct, frozen=True, kw_only=True):
    """What was found from outside, by the engine: differences, and what does not count."""

    differs: tuple[Fact, ...] = ()
    announced: tuple[Fact, ...] = ()
    not_covered: tuple[str, ...] = ()


NOTHING_SEEN = Seen()


def judge(
    manifest: Manifest,
    inside: Manifest,
    subject: str,
    announced: Announced,
    plan_digest: str | None = None,
    seen: Seen = NOTHING_SEEN,
    *,
    by_plan: bool = False,
) -> Proof:
    """Compare what is inside with the manifest; `seen` is what the engine says besides.

    `by_plan` says that the place is an image of the plan, all of whose files are the plan's.
    """
    announced = announced.of_one_build(manifest, inside)
    portable = walk.compare(_portable(manifest), _portable(inside))
    told = [item for item in portable.changes if not _is_same_file(item, manifest, inside)]
    claims = list(_claims(told, manifest))
    differs, expected = _sorted(claims, announced)
    named = {item.path for item in differs}
    strays = list(_strays(manifest, inside, by_plan=by_plan))
    found, brought = _sorted(strays, announced)
    besides = [
        *edited.inside(manifest, inside),
        *edited.there(manifest, inside),
        *_not_imported(inside),
        *(_not_looked_at(inside) if by_plan else ()),
        *found,
        *(item for item in seen.differs if _is_new(item, named)),
    ]
    besides = [item for item in besides if item.path not in named]
    total = portable.compared + sum(change.kind is ChangeKind.UNKNOWN for change in claims)
    total += len(besides) + len(brought)
    covered = tuple(_covered(manifest, inside))
    return Proof(
        proof_version=PROOF_VERSION,
        subject=subject,
        fingerprint=manifest.fingerprint,
        plan=plan_digest,
        proven=not differs and not besides and not _lacking(covered),
        facts=total,
        reproduced=total - len(claims) - len(besides) - len(brought),
        covered=covered,
        not_covered=(
            *_not_covered(manifest, inside),
            *(() if by_plan else (OF_THE_OWNER,)),
            *seen.not_covered,
        ),
        differs=(*differs, *besides),
        announced=(*expected, *brought, *seen.announced),
        by_nature=tuple(_by_nature(manifest, inside, portable)),
    )


def _sorted(changes: Iterable[Change], announced: Announced) -> tuple[list[Fact], list[Fact]]:
    """Return what nobody said beforehand, and what the plan did."""
    differs: list[Fact] = []
    expected: list[Fact] = []
    for change in changes:
        reason = announced.reason(change.path, change.kind)
        if change.path == ZONE and change.other not in UTC:
            reason = None  # another zone is none that an image keeps
        (differs if reason is None else expected).append(_fact(change, reason))
    return differs, expected


def _by_nature(manifest: Manifest, inside: Manifest, portable: Difference) -> Iterator[Fact]:
    """Yield what differs and no image can carry."""
    compared = {change.path for change in portable.changes}
    for change in walk.compare(manifest, inside).changes:
        if change.path not in compared and len(change.path) > 1 and not _unclaimed(change):
            yield _fact(change, None)


def _strays(manifest: Manifest, inside: Manifest, *, by_plan: bool) -> Iterator[Change]:
    """Yield files for which nobody answers: inside and not captured just so, or captured and lost."""
    for section, field in STRAYS if by_plan else STRAYS[:1]:
        known = strays(manifest, section, field)
        for name, digest in strays(inside, section, field).items():
            if known.get(name) != digest:
                yield Change(
                    path=(section, field, name),
                    kind=ChangeKind.ADDED,
                    other=digest,
                    reason="nobody answers for it as it is",
                )
    if reading.stated(inside, *UNCLAIMED) is None:
        return
    known = strays(manifest, *UNCLAIMED)
    for name in sorted(known.keys() - strays(inside, *UNCLAIMED).keys()):
        yield Change(path=(*UNCLAIMED, name), kind=ChangeKind.REMOVED, reference=known[name])


def _not_looked_at(inside: Manifest) -> Iterator[Fact]:
    """Say so where an image of a plan does not own up to it: then the rest was not looked at."""
    verified = reading.stated(inside, "packages", "verified") is True
    if verified and reading.stated(inside, *LOOKED_AT) is None:
        why = reading.gap(inside, LOOKED_AT) or "the image's own plan is not where it was"
        yield Fact(
            path=text(LOOKED_AT), kind=ChangeKind.UNKNOWN, captured=[], inside=None, reason=why
        )


def strays(manifest: Manifest, section: str, field: str) -> dict[str, str]:
    """Return files for which nobody answers by name; `altered` where no digest was taken."""
    found = reading.stated(manifest, section, field) or {}
    return found if isinstance(found, dict) else dict.fromkeys(found, "altered")


def _is_same_file(change: Change, manifest: Manifest, inside: Manifest) -> bool:
    """Tell whether contents that did not travel are known by the digest of their file."""
    if change.kind is not ChangeKind.UNKNOWN or change.path[:1] != ("configs",):
        return False
    digests = [
        section.entries[change.path[1]].sha256
        for section in (manifest.sections.configs, inside.sections.configs)
        if section is not UNSET
        and section.entries is not UNSET
        and len(change.path) > 2
        and change.path[1] in section.entries
    ]
    return len(digests) == 2 and isinstance(digests[0], str) and digests[0] == digests[1]


def _is_new(item: Fact, named: set[str]) -> bool:
    """Tell whether a variable of the image's configuration is not told as a fact already."""
    return item.path.replace("image.env", "env_vars", 1) not in named


def _not_imported(inside: Manifest) -> Iterator[Fact]:
    """Yield the frameworks that are there and cannot be imported: such an image does nothing."""
    section = inside.sections.frameworks
    if section is UNSET or section.entries is UNSET:
        return
    for name, framework in section.entries.items():
        why = section.gaps.get(name)
        unanswered = why is not None and why.startswith("timeout")
        if framework.imported is not False and not unanswered:
            continue
        yield Fact(
            path=text(("frameworks", name, "imported")),
            kind=ChangeKind.CHANGED,
            captured=True,
            inside=False,
            reason=why or "importing it failed",
        )


def _lacking(covered: tuple[str, ...]) -> list[str]:
    """The sections without which nothing is proven: an environment is a Python and its packages."""
    return [name for name in ENVIRONMENT if name not in covered]


def _covered(manifest: Manifest, inside: Manifest) -> Iterator[str]:
    there = present(inside.sections)
    yield from (
        name for name in present(manifest.sections) if name in there and name not in NOT_CLAIMED
    )


def _not_covered(manifest: Manifest, inside: Manifest) -> Iterator[str]:
    there = present(inside.sections)
    for name, section in present(manifest.sections).items():
        if name in NOT_CLAIMED:
            continue
        if name not in there:
            yield f"{name}: not looked at inside"
        elif not section.complete:
            yield f"{name}: the manifest is partial: what it does not state was not compared"
    stated = present(manifest.sections)
    for name in ENVIRONMENT:
        if name not in stated:
            yield f"{name}: the manifest has no such section, so nothing is proven"
    captured = manifest.sections.packages
    if captured is not UNSET and captured.verified is not True:
        yield UNVERIFIED
    packages = inside.sections.packages
    if packages is not UNSET and packages.verified is not True:
        yield "packages: their files were not compared with RECORD (probe --verify-files does that)"


def only_at_least(proof: Proof, ranks: Mapping[str, int], limit: int) -> Proof:
    """Judge anew with a limit: what differs counts only if its rank is the limit or worse (0)."""
    counting = [item for item in proof.differs if ranks.get(item.path, 0) <= limit]
    return replace(proof, proven=not counting and not _lacking(proof.covered))


def outside(path: str, captured: Any, inside: Any, reason: str) -> Fact:
    """A fact that a policy does not allow, whatever the manifest states."""
    return Fact(path=path, kind=ChangeKind.CHANGED, captured=captured, inside=inside, reason=reason)


def ruled(proof: Proof, excuses: Mapping[str, str], not_allowed: Sequence[Fact]) -> Proof:
    """Judge anew by a policy: `excuses` are reasons by path, and count as announced."""
    named = {item.path for item in not_allowed}
    differs = [item for item in proof.differs if item.path not in {*excuses, *named}]
    excused = [
        replace(item, reason=excuses[item.path])
        for item in proof.differs
        if item.path in excuses and item.path not in named
    ]
    differs.extend(not_allowed)
    return replace(
        proof,
        proven=not differs and not _lacking(proof.covered),
        differs=tuple(differs),
        announced=(*proof.announced, *excused),
        by_nature=tuple(item for item in proof.by_nature if item.path not in named),
    )


def encode(proof: Proof) -> bytes:
    """Write a proof as indented ASCII JSON that ends with a newline."""
    return (json.dumps(to_builtins(proof), indent=2, ensure_ascii=True) + "\n").encode("ascii")


def _fact(change: Change, reason: str | None) -> Fact:
    return Fact(
        path=text(change.path),
        kind=change.kind,
        captured=change.reference,
        inside=change.other,
        reason=reason or change.reason,
    )


def _claims(changes: Iterable[Change], manifest: Manifest) -> Iterator[Change]:
    """Yield what the manifest states and was not found so; a section that is not there, by entry."""
    sections = present(manifest.sections)
    for change in changes:
        if change.path[0] in NOT_CLAIMED:
            continue
        if len(change.path) > 1:
            if not _unclaimed(change):
                yield change
            continue
        section = sections.get(change.path[0])
        if section is None:
            continue  # only inside
        entries = getattr(section, "entries", UNSET)
        for key, item in entries.items() if isinstance(entries, dict) else ():
            yield replace(change, path=(*change.path, key), reference=to_builtins(item))
        if not isinstance(entries, dict):
            yield change


def _unclaimed(change: Change) -> bool:
    """Tell whether the manifest states nothing here that could be reproduced."""
    return change.kind is ChangeKind.UNKNOWN and change.reference is None


def _portable(manifest: Manifest) -> Manifest:
    """Return the manifest without facts of the host."""
    kept = {name: _without_host(section) for name, section in present(manifest.sections).items()}
    return replace(manifest, sections=replace(manifest.sections, **kept))


def _without_host(record: Any) -> Any:
    changed: dict[str, Any] = {}
    for field in plan(type(record)):
        value = getattr(record, field.name)
        if value is UNSET:
            continue
        if field.kind is Kind.HOST:
            changed[field.name] = UNSET
        elif field.items is not None and isinstance(value, dict):
            changed[field.name] = {key: _without_host(item) for key, item in value.items()}
        elif isinstance(value, Struct):
            changed[field.name] = _without_host(value)
    return replace(record, **changed)


def lines(proof: Proof, most: int) -> Iterator[str]:
    """Yield the proof as lines of text: the verdict first, then at most so many of each kind."""
    yield (
        f"{_word(proof)}: {proof.reproduced} of {proof.facts}"
        f" portable facts reproduced, {len(proof.differs)} differ,"
        f" {len(proof.announced)} otherwise as announced, in {proof.subject}"
    )
    for item in proof.differs[:most]:
        yield f"differs: {item.path}: {_sides(item)}"
    if len(proof.differs) > most:
        yield f"differs: {len(proof.differs) - most} more"
    for note in proof.not_covered:
        yield f"not compared: {note}"
    reasons: dict[str, list[str]] = {}
    for item in proof.announced:
        reasons.setdefault(item.reason or "", []).append(item.path)
    for reason, paths in reasons.items():
        yield f"as announced: {few(paths, MOST_NAMED)}: {reason}"
    if proof.by_nature:
        paths = [item.path for item in proof.by_nature]
        yield f"differs here, but no image can carry it: {few(paths, MOST_NAMED)}"


def _word(proof: Proof) -> str:
    """What is said of a proof: differences below --fail-on let it pass, and prove nothing."""
    if not proof.proven:
        return "NOT proven"
    return "not proven, and let pass by --fail-on" if proof.differs else "proven"


def _sides(item: Fact) -> str:
    if item.kind is ChangeKind.UNKNOWN:
        return f"captured {_shown(item.captured)}, not known inside ({item.reason})"
    sides = {
        ChangeKind.ADDED: f"only inside: {_shown(item.inside)}",
        ChangeKind.REMOVED: f"captured {_shown(item.captured)}, not inside",
    }.get(item.kind, f"captured {_shown(item.captured)}, inside {_shown(item.inside)}")
    return f"{sides} ({item.reason})" if item.reason else sides


def _shown(value: Any) -> str:
    spelled = value if isinstance(value, str) else json.dumps(value, ensure_ascii=True)
    return spelled if len(spelled) <= 60 else spelled[:57] + "..."
