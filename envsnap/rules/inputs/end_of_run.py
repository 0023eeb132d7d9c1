"""A run did not end as it should, or as the other one did."""

from __future__ import annotations

import signal
from collections.abc import Iterator

from envsnap.model.manifest import Manifest
from envsnap.model.reading import stated
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

PATH = ("process", "exit_code")


class EndOfRun(Rule):
    """A command that was observed ended with an exit code other than 0.

    An exit code above 128 is a signal, as shells tell it. The code 139 is a segmentation fault. A
    common cause is native code of two wheels that do not fit. The code 137 is a SIGKILL, which the
    kernel sends where memory is used up.

    Fix: read the command's last output; `--error-text` explains a message.
    """

    id = "end-of-run"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield a finding where the command failed."""
        code = stated(manifest, *PATH)
        if isinstance(code, int) and code:
            yield self._finding(f"the command ended with {_told(code)}", Severity.WARNING)

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield a finding where the two ended differently."""
        change = comparison.at(*PATH)
        if (
            change is None
            or not isinstance(change.reference, int)
            or not isinstance(change.other, int)
        ):
            return
        yield self._finding(
            f"the runs ended with {_told(change.reference)} and with {_told(change.other)}",
            Severity.WARNING if change.reference else Severity.ERROR,
            change.reference,
            change.other,
        )

    def _finding(
        self,
        message: str,
        severity: Severity,
        reference: int | None = None,
        other: int | None = None,
    ) -> Finding:
        return Finding(
            rule=self.id,
            severity=severity,
            effect=Effect.CRASH,
            confidence=Confidence.CERTAIN,
            path=PATH,
            message=message,
            why="The command failed, so the list of what it opened, seeded and loaded may end "
            "early.",
            fix="Read its last output, or give it to `envsnap diff --error-text FILE`.",
            changes=() if other is None else (PATH,),
        )


def _told(code: int) -> str:
    """An exit code in words; a shell adds 128 to the number of a signal."""
    if code > 128 and code - 128 in signal.valid_signals():
        number = code - 128
        known = number in signal.Signals.__members__.values()
        return f"{signal.Signals(number).name if known else f'signal {number}'} (exit code {code})"
    return f"exit code {code}"
