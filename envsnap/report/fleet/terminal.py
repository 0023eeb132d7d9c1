"""A fleet in a terminal: kinds, what makes the odd ones odd, and whom it is about; one screen."""

from __future__ import annotations

from envsnap.fleet.verdict import KindVerdict, Verdict
from envsnap.report.fleet import words
from envsnap.report.sanitize import plain

MOST_LINES = 56
MOST_FACTS = 3
MOST_NOISE = 4
MOST_SILENT = 8
MOST_NOTES, LONGEST_NOTE = 6, 240
CODES = {"error": "1;31", "warning": "33", "info": "2", "unknown": "35", "same": "32"}


def render(verdict: Verdict, *, color: bool, ascii_only: bool) -> str:
    """Write the report as lines; no line breaks in mid-word, names come last."""
    paint = _Paint(color)
    lines = [paint(words.title(verdict), "1"), *words.compared(verdict)[:6], ""]
    tail = _silent(verdict, paint) + _noise(verdict)
    kinds = [_kind(kind, paint) for kind in verdict.kinds]
    shown, used = 0, len(lines) + len(tail) + 1
    for block in kinds:
        if shown and used + len(block) > MOST_LINES:
            break
        lines += block
        used += len(block)
        shown += 1
    if shown < len(kinds):
        rest = verdict.kinds[shown:]
        total = sum(len(kind.hosts) for kind in rest)
        lines.append(f"{len(rest):,} more kinds, {total:,} hosts; --format json or html has all.")
    text = "\n".join([*lines, *tail]).rstrip("\n") + "\n"
    return text.replace("…", "...").replace("·", "-") if ascii_only else text


class _Paint:
    def __init__(self, color: bool) -> None:
        self._color = color

    def __call__(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._color and code else text


def _kind(kind: KindVerdict, paint: _Paint) -> list[str]:
    worst = kind.worst()
    code = CODES.get(worst.value if worst else kind.state, "")
    word = "same (reference)" if kind.is_reference and kind.state == "same" else kind.state
    lines = [f"{len(kind.hosts):>7,}  {paint(f'{word:<16}', code)}  {kind.name}"]
    facts = words.odd(kind)
    for severity, fact in facts[:MOST_FACTS]:
        lines.append(f"         {paint(f'{severity:<8}', CODES.get(severity, ''))} {fact}")
    if len(facts) > MOST_FACTS:
        lines.append(f"         {len(facts) - MOST_FACTS} more facts differ")
    lines.append(f"         {words.hosts(kind.hosts)}")
    return lines


def _silent(verdict: Verdict, paint: _Paint) -> list[str]:
    lines = [
        f"{len(group.hosts):>7,}  {paint(f'{group.state:<16}', CODES['unknown'])}"
        f"  {plain(group.reason)[:100]}: {words.hosts(group.hosts)}"
        for group in verdict.silent
    ]
    if len(lines) > MOST_SILENT:
        rest = verdict.silent[MOST_SILENT:]
        total = sum(len(group.hosts) for group in rest)
        lines[MOST_SILENT:] = [f"{total:>7,}  for {len(rest)} other reasons"]
    return [*lines, ""] if lines else []


def _noise(verdict: Verdict) -> list[str]:
    notes = [f"Note: {plain(note)[:LONGEST_NOTE]}." for note in verdict.notes[:MOST_NOTES]]
    found = [f"Note: {words.noise(item)}." for item in verdict.noise]
    if len(found) > MOST_NOISE:
        found[MOST_NOISE:] = [f"{len(verdict.noise) - MOST_NOISE} more such facts."]
    return [*notes, *found]
