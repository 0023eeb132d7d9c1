"""What the probe printed, as a manifest."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from envsnap._version import __version__
from envsnap.errors import InputError
from envsnap.intake import claims, names
from envsnap.intake import messages as texts
from envsnap.model import codec, ranks, scan, typed
from envsnap.model.manifest import (
    SCHEMA_REVISION,
    SCHEMA_VERSION,
    Manifest,
    Sections,
    Target,
)
from envsnap.model.paths import text as path_text

BEGIN = re.compile(rb"envsnap-([0-9a-f]{8,64})-begin[ \t\r]{0,4}$")
# What programs that gather lines of many hosts put before each: a task, a host, a pod, a service.
LABEL = re.compile(
    rb"[^\n\"{]{1,160}?[ \t:|>\]](?=envsnap:[0-9a-f]{8}[+-]|envsnap-[0-9a-f]{8,64}-(?:begin|end)"
    rb"|(?:facts|weights|files) \{|progress )"
)
PIECE = re.compile(rb"(envsnap:[0-9a-f]{8})([+-])")
FACTS = b"facts"
MOST_MIXED = 2000
FURTHER = (b"weights", b"files")
PROBE_PROTOCOL = 1
LONGEST_LABEL = 1000
SEED_KEY = re.compile(r"(?:^|[_-])(?:seed|seeds|random_state)$|^(?:seed|seeds)[_-]|Seed$")


class MalformedError(InputError):
    """Facts that no probe of ours would state: whoever sent them is not to be believed."""


class Messages(msgspec.Struct, frozen=True):
    """What one run of the probe said."""

    facts: dict[str, Any]
    weights: dict[str, Any] | None = None
    files: dict[str, Any] | None = None


def parse(data: bytes, name: str) -> Messages:
    """Read the messages of one host; raises InputError that starts with `name`."""
    found, refused = parse_several(data, name)
    if refused:
        raise refused[0]
    if len(found) > 1:
        scan.refuse(
            name,
            f"holds the answers of {len(found)} hosts; `envsnap fleet diff` compares them",
        )
    return found[0]


def parse_several(data: bytes, name: str) -> tuple[list[Messages], list[InputError]]:
    """Read the messages between the markers, host by host: `srun` joins the answers of many.

    Their lines may be mixed, and carry the task's number (`srun --label`), a host or a pod; pieces
    of lines are put together again by the process that wrote them. What some hosts said may be cut
    off: why it was refused is returned beside the others. Raises InputError that starts with `name`
    where no host's answer can be read.
    """
    if len(data) > scan.LARGEST_FILE:
        scan.refuse(name, f"larger than {scan.LARGEST_FILE >> 20} MiB")
    streams: dict[bytes, list[bytes]] = {}
    begun: dict[bytes, list[bytes]] = {}
    for line in data.split(b"\n"):
        label = LABEL.match(line)
        number = label.group() if label else b""
        piece = PIECE.match(line, len(number))
        if piece is None:
            streams.setdefault(number, []).append(line[len(number) :])
            continue
        process, mark = piece.groups()
        begun.setdefault(process, []).append(line[piece.end() :].rstrip(b"\r"))
        if mark == b"-":
            streams.setdefault(process, []).append(b"".join(begun.pop(process)))
    blocks = [block for lines in streams.values() for block in _blocks(lines, name)]
    if not blocks:
        scan.refuse(name, "no facts of an envsnap probe in it")
    found, refused = [], []
    for block in blocks:
        try:
            found.append(_messages(block, name))
        except InputError as error:
            refused.append(error)
    if not found:
        raise refused[0]
    return found, refused


def _blocks(lines: list[bytes], name: str) -> Iterator[dict[bytes, bytes]]:
    """Each host's messages by their words. A host's end has the empty word."""
    opened: list[dict[bytes, bytes]] = []
    marker: bytes | None = None
    for line in lines:
        if match := BEGIN.match(line):
            marker = match.group(1)
            opened.append({})
            if len(opened) > MOST_MIXED:
                scan.refuse(name, f"the answers of more than {MOST_MIXED:,} hosts are mixed")
        elif opened and line.strip() == b"envsnap-" + (marker or b"") + b"-end":
            ended = next((block for block in opened if FACTS in block), opened[0])
            opened.remove(ended)
            yield {**ended, b"": b""}
        elif opened:
            word, _, message = line.partition(b" ")
            if word not in (FACTS, *FURTHER):
                continue
            if word in FURTHER and len(opened) > 1:
                scan.refuse(
                    name,
                    "the lines of several hosts are mixed; give each a file of its own"
                    " (srun --output=%N-%t.facts)",
                )
            block = next((block for block in opened if word not in block), opened[-1])
            block[word] = message
    yield from opened


def _messages(block: dict[bytes, bytes], name: str) -> Messages:
    """What one host said, whole and of this protocol."""
    found = {word.decode(): scan.parse(message, name) for word, message in block.items() if word}
    if b"" not in block or not isinstance(found.get("facts"), dict):
        scan.refuse(name, "the probe's output is cut off; run it again")
    if not isinstance(found["facts"].get("probe"), int):
        scan.refuse(
            name,
            "it is not as the probe writes it: something that this Python runs at its start (a"
            " sitecustomize, a .pth file) changes how JSON is written",
        )
    if found["facts"].get("probe") != PROBE_PROTOCOL:
        scan.refuse(
            name, "written by another version of the probe; write a new one with this envsnap"
        )
    found["facts"].setdefault("revision", 0)  # a probe of before there were revisions
    further = (found.get(word.decode()) for word in FURTHER)
    return Messages(found["facts"], *(part if isinstance(part, dict) else None for part in further))


def to_manifest(
    messages: Messages,
    target: Target,
    label: str | None,
    seeds: dict[str, str],
    name: str,
    *,
    redaction_key: bytes = b"",
) -> Manifest:
    """Build a sealed manifest; raises InputError where facts are not of the model's types.

    With a redaction key, the gaps of what is left out of config files carry digests.
    """
    sections = messages.facts.get("sections")
    if not isinstance(sections, dict):
        raise MalformedError(f"{name}: the probe's output has no sections")
    tree = _sections(sections, name)
    if messages.weights is not None:
        tree["weights"] = _weights(messages.weights)
    if messages.files is not None and "packages" in tree:
        _add_verification(tree["packages"], messages.files)
        _add_found(tree, messages.files.get("sections"))
    if not _is_ours(target):
        claims.clean(tree, redaction_key)
    if "configs" in tree:
        _parse_configs(tree["configs"], redaction_key)
    if "seeds" in tree or seeds or "configs" in tree:
        _add_seeds(tree, seeds)
        if target.kind != "run":
            tree["seeds"]["complete"] = False  # what nobody stated may have been set all the same
    for section in tree.values():
        names.clean(section)
    ranks.move(tree, run=target.kind == "run")
    typed = Sections(**{key: _typed(key, value) for key, value in tree.items() if key in _KNOWN})
    return codec.sealed(_manifest(messages, typed, target, label))


def _is_ours(target: Target) -> bool:
    """Whether the probe ran in this very Python: it judged its facts, and has none to deceive."""
    return target.kind == "program" or (
        target.kind == "interpreter" and target.name == sys.executable
    )


def _sections(sections: dict[str, Any], name: str) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for section, message in sections.items():
        if not isinstance(message, dict) or not isinstance(message.get("facts"), dict):
            raise MalformedError(
                f"{name}: section {section} of the probe's output is not an object"
            )
        gaps = message.get("gaps")
        tree[section] = {
            **message["facts"],
            "complete": message.get("complete") is True,
            "gaps": gaps if isinstance(gaps, dict) else {},
        }
    return tree


def _weights(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "entries": message.get("entries", {}),
        "gaps": message.get("gaps", {}),
        "complete": message.get("complete", True) is True,
    }


def _add_verification(packages: dict[str, Any], files: dict[str, Any]) -> None:
    """Add to each distribution which of its files are not as RECORD states."""
    found, gaps, entries = files.get("entries"), files.get("gaps"), packages.get("entries")
    if isinstance(gaps, dict):
        packages["gaps"] = {**packages["gaps"], **gaps}
    if isinstance(found, dict) and isinstance(entries, dict):
        packages["verified"] = True
        for name, facts in found.items():
            if isinstance(facts, dict) and isinstance(entries.get(name), dict):
                entries[name].update(facts)


def _add_found(tree: dict[str, Any], sections: object) -> None:
    """Add what was found when files were compared to the sections that it is about."""
    for name, facts in sections.items() if isinstance(sections, dict) else ():
        if name in tree and isinstance(facts, dict):
            tree[name].update(facts)


_KNOWN = frozenset(Sections.__struct_fields__)


def _typed(name: str, section: dict[str, Any]) -> Any:
    """Convert one section; what is not of the model's types becomes a gap, and costs no more."""
    found = _converted(name, section)
    if not isinstance(found, str):
        return found
    entries = section.get("entries")
    kept: dict[str, Any] = {}
    gaps = {str(key): str(why) for key, why in dict(section.get("gaps") or {}).items()}
    if isinstance(entries, dict):
        for key, entry in entries.items():
            alone = _converted(name, {"complete": False, "entries": {key: entry}})
            if isinstance(alone, str):
                gaps[path_text((key,))] = f"error: {alone}"
            else:
                kept[key] = entry
        found = _converted(name, {**section, "entries": kept, "gaps": gaps})
    if isinstance(found, str):
        found = _converted(name, {"complete": False, "gaps": {"collector": f"error: {found}"}})
    return found


def _converted(name: str, section: dict[str, Any]) -> Any:
    """The typed section, or the reason why it is none."""
    try:
        return getattr(typed.convert({name: section}, Sections), name)
    except msgspec.ValidationError as error:
        return " ".join(str(error).split())[:200]


def _manifest(
    messages: Messages, sections: Sections, target: Target, label: str | None
) -> Manifest:
    return Manifest(
        schema_version=SCHEMA_VERSION,
        schema_revision=_revision(messages.facts.get("revision", SCHEMA_REVISION)),
        envsnap_version=__version__,
        created_at=_moment(messages.facts.get("created_at")),
        label=None if label is None else _label(label),
        target=target,
        fingerprint="",
        sections=sections,
    )


def _revision(stated: object) -> int:
    """The revision whose facts a probe looked for: what a later one added, it does not know of."""
    return min(stated, SCHEMA_REVISION) if type(stated) is int and stated >= 0 else 0


def _text(text: str) -> str:
    """Text of the command line, which may hold bytes that are none."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _label(text: str) -> str:
    """A label without secrets, and short enough to be printed."""
    if len(text) > LONGEST_LABEL:
        raise InputError(
            f"the label has {len(text):,} characters; give it {LONGEST_LABEL:,} at most"
        )
    return texts.clean_message(_text(text))


def _moment(seconds: object) -> str | None:
    """Spell the target's clock in UTC; the probe states it in seconds since 1970."""
    if seconds is None:
        return None
    try:
        moment = datetime.fromtimestamp(float(str(seconds)), UTC)
    except (ValueError, OverflowError, OSError):
        shown = " ".join(str(seconds).split())[:40]
        raise MalformedError(f"the probe's time of capture is no time: {shown}") from None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _parse_configs(section: dict[str, Any], key: bytes) -> None:
    """Replace each config's text by its tree."""
    entries = section.get("entries")
    if not isinstance(entries, dict):
        return  # not gathered in time, or of another type: a gap, once it is converted
    from envsnap.intake import config_trees

    for name, entry in entries.items():
        text = entry.pop("text", None) if isinstance(entry, dict) else None
        if not isinstance(text, str):
            continue
        try:
            tree = config_trees.parse(text, str(entry.get("format")), quotes=True)
        except config_trees.UnparsedError as error:
            section["gaps"][path_text((name, "tree"))] = f"error: {error}"
            continue
        entry["tree"] = config_trees.redact(tree, (name,), section["gaps"], key)
        if entry.get("format") in config_trees.TYPED:
            typed = config_trees.texts_in(tree, entry["tree"])
            entry.update({} if typed is None else {"texts": typed})


def _add_seeds(tree: dict[str, Any], given: dict[str, str]) -> None:
    """Add the user's seeds, and the seeds that stand in config files."""
    section = tree.setdefault("seeds", {"gaps": {}, "complete": False})
    entries = section.setdefault("entries", {})
    if not isinstance(entries, dict):
        return  # another type is a gap, once it is converted
    for key, value in given.items():
        if entries.get(key, value) != value:
            raise InputError(
                f"--seed {key}={value}: the environment says {entries[key]}; leave one of them out"
            )
        entries[_text(key)] = texts.clean_message(_text(value))
    configs = tree.get("configs", {}).get("entries")
    for config, entry in configs.items() if isinstance(configs, dict) else ():
        if isinstance(entry, dict) and "tree" in entry:
            entries.update(_seeds_in(entry["tree"], (config,)))


def _seeds_in(tree: Any, place: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    items = tree.items() if isinstance(tree, dict) else ()
    for key, value in items:
        if isinstance(value, dict):
            found.update(_seeds_in(value, (*place, key)))
        elif SEED_KEY.search(key) and isinstance(value, str | int | float):
            found[path_text((*place, key))] = str(value)
    return found
