"""A fleet in Markdown, for an issue or a job's summary."""

from __future__ import annotations

from envsnap.fleet.verdict import Verdict
from envsnap.report.fleet import words
from envsnap.report.sanitize import markdown, prose

MOST_KINDS = 50
MOST_FACTS = 5


def render(verdict: Verdict) -> str:
    """Write a table of kinds and one of hosts that gave no answer."""
    lines = [f"**{prose(words.title(verdict))}**", ""]
    lines += [prose(sentence) for sentence in words.compared(verdict)] + [""]
    if verdict.kinds:
        lines += ["| hosts | state | what differs | which |", "|---:|---|---|---|"]
    for kind in verdict.kinds[:MOST_KINDS]:
        facts = words.odd(kind)
        told = [f"{word} {markdown(fact)}".strip() for word, fact in facts[:MOST_FACTS]]
        if len(facts) > MOST_FACTS:
            told.append(f"{len(facts) - MOST_FACTS} more")
        state = f"{kind.state} (reference)" if kind.is_reference else kind.state
        which = markdown(words.hosts(kind.hosts))
        lines.append(f"| {len(kind.hosts):,} | {state} | {'<br>'.join(told)} | {which} |")
    if len(verdict.kinds) > MOST_KINDS:
        lines += ["", f"{len(verdict.kinds) - MOST_KINDS:,} more kinds."]
    if verdict.silent:
        lines += ["", "| hosts | state | why | which |", "|---:|---|---|---|"]
    for group in verdict.silent:
        which = markdown(words.hosts(group.hosts))
        reason = markdown(group.reason[:200])
        lines.append(f"| {len(group.hosts):,} | {group.state} | {reason} | {which} |")
    if verdict.notes:
        lines += ["", *(f"- {prose(note)}" for note in verdict.notes)]
    if verdict.noise:
        lines += ["", *(f"- {prose(words.noise(item))}" for item in verdict.noise)]
    return "\n".join(lines) + "\n"
