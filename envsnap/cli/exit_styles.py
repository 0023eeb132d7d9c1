"""How a command ends: with envsnap's own exit codes, or as a plugin of Nagios.

A plugin prints one line with its state and performance data, and ends with 0 (OK), 1 (WARNING), 2
(CRITICAL) or 3 (UNKNOWN): what is not one of the first three is the last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from envsnap.cli import declared
from envsnap.cli.echo import echo
from envsnap.report.sanitize import plain
from envsnap.wording import counted

if TYPE_CHECKING:
    from envsnap.image.proving.proof import Proof
    from envsnap.report.document import Report

Command = TypeVar("Command", bound=Callable[..., object])
STATES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
OK, WARNING, CRITICAL, UNKNOWN = range(4)
CHOSEN = "envsnap.exit_style"
FOUND, NOT_PROVEN = 1, 5
MOST_NAMED = 10


class Status(int):
    """The exit code of a plugin, which `main` gives as it is."""


def option(command: Command) -> Command:
    """Add --exit-style."""
    added = declared.option(
        "--exit-style",
        type=declared.Choice(["envsnap", "nagios"]),
        default="envsnap",
        keeps=CHOSEN,
        help="nagios: one line for monitoring, and exit code 0 OK, 1 warning, 2 error, 3 "
        "anything else.",
    )
    return added(command)


def is_nagios() -> bool:
    """Whether the running command is a plugin."""
    return declared.kept.get(CHOSEN) == "nagios"


def of_report(report: Report, code: int) -> Status:
    """Print the line of a comparison or a check that ended with `code`; return the plugin's."""
    findings = [finding for item in report.judged for finding in item.result.findings]
    findings.sort(key=lambda finding: finding.severity.rank)
    counts = Counter(finding.severity.value for finding in findings)
    unknown = sum(
        len(item.result.unknown) + len(item.result.not_compared) for item in report.judged
    )
    state = {0: OK, FOUND: WARNING}.get(code, UNKNOWN)
    if code == FOUND and counts["error"]:
        state = CRITICAL
    told = [f"{finding.severity.value} {finding.message}" for finding in findings]
    words = ", ".join(_counted(counts[name], name) for name in ("error", "warning", "info"))
    if state == UNKNOWN:
        words = f"a fact could not be compared; {words}"
    data = f"errors={counts['error']} warnings={counts['warning']} infos={counts['info']}"
    return _print(state, words, f"{data} unknown={unknown}", told)


def of_proof(proof: Proof, code: int) -> Status:
    """Print the line of a proof: what differs is critical, what could not be seen is unknown."""
    from envsnap.image.proving import proof as proofs

    state = OK if code == 0 else UNKNOWN
    if code == NOT_PROVEN and any(item.kind != "unknown" for item in proof.differs):
        state = CRITICAL
    verdict, *told = proofs.lines(proof, MOST_NAMED)
    data = f"facts={proof.facts} reproduced={proof.reproduced} differ={len(proof.differs)}"
    return _print(state, verdict, data, told)


def _print(state: int, words: str, data: str, told: Iterable[str]) -> Status:
    """A bar begins performance data, wherever it stands: there is none but the one before them."""
    shown = [_flat(line) for line in told]
    first = f": {shown[0]}" if shown else ""
    echo(f"ENVSNAP {STATES[state]} - {_flat(words)}{first} |{data}")
    for line in shown[1:MOST_NAMED]:
        echo(line)
    if len(shown) > MOST_NAMED:
        echo(f"{len(shown) - MOST_NAMED} more")
    return Status(state)


def _counted(count: int, word: str) -> str:
    return counted(count, word, "" if word == "info" else "s")


def _flat(text: str) -> str:
    return plain(text).replace("|", "/")
