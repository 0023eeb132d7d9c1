"""Says how much of each model was compared."""

from __future__ import annotations

import msgspec

from envsnap.replay.compare.progress import Walk
from envsnap.replay.compare.verdict import Compared, Verdict
from envsnap.replay.esr.archive import Recording


def told(verdict: Verdict, found: Walk, golden: Recording, other: Recording) -> Verdict:
    """Say how much of each model was compared."""
    there = {root.name: root.calls for root in other.record.roots}
    compared = []
    for root in golden.record.roots:
        states = found.brief.get(root.name, {})
        first = next((nth for nth, state in states.items() if state == "differs"), None)
        further = ""
        if first is not None:
            further = f"differ from call {first + 1} on"
        elif states:
            further = "equal" if set(states.values()) == {"equal"} else "equal within rounding"
        compared.append(
            Compared(
                root=root.name, detailed=found.detailed.get(root.name, 0),
                calls=(root.calls, there.get(root.name, 0)), further=further,
                apart=found.apart.get(root.name, "") if verdict.outcome == "same" else "",
            )
        )  # fmt: skip
    return msgspec.structs.replace(verdict, compared=tuple(compared))
