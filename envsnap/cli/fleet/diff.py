"""`envsnap fleet diff`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from envsnap import api
from envsnap.cli import declared, inputs, outputs
from envsnap.cli.fleet import beside
from envsnap.report import fleet as formats

if TYPE_CHECKING:
    from envsnap.fleet.verdict import Verdict

UNKNOWN = 6


@declared.command()
@declared.argument("paths", nargs=-1, required=True, metavar="DIR|STORE|FILE...")
@declared.option(
    "--golden-manifest",
    metavar="FILE",
    help="Compare with this manifest instead of with the majority.",
)
@declared.option(
    "--inventory",
    metavar="FILE|SET",
    help="Hosts that should be there: n[1-16,18], or a file with one set per line. A host "
    "without an answer is missing.",
)
@declared.option(
    "--cohort",
    type=declared.Choice(["hw"]),
    help="Compare only hosts with the same models of GPU and processor.",
)
@declared.option(
    "--policy", metavar="FILE", help="Policy: what to ignore, allow, or give another severity."
)
@declared.option(
    "--fail-on",
    type=declared.Choice(outputs.LEVELS),
    default="warning",
    show_default=True,
    help="Exit with 1 if a finding is at least this severe.",
)
@declared.option(
    "--format",
    "style",
    type=declared.Choice(formats.NAMES),
    default="terminal",
    show_default=True,
    help="Format of the report.",
)
@declared.option(
    "--color", type=declared.Choice(["auto", "always", "never"]), default="auto", help="Colours."
)
@declared.option("-o", "--output", default="-", help="Write the report here; - is standard output.")
def command(
    paths: tuple[str, ...],
    golden_manifest: str | None,
    inventory: str | None,
    cohort: str | None,
    policy: str | None,
    fail_on: str,
    style: str,
    color: str,
    output: str,
) -> int:
    """Print the state of every host, and what differs on the odd ones.

    DIR is a folder of captured hosts (one .json or .facts file each), STORE is what `fleet add`
    writes. Equal hosts are grouped into kinds. The rules compare one host of each kind with the
    majority. Exit codes: 1 drifted, 6 unknown or missing.
    """
    from envsnap.fleet.inventory import listed

    inputs.once_from_stdin((*paths, golden_manifest or ""))
    verdict = api.judge_fleet(
        paths,
        golden=inputs.document(golden_manifest).manifest if golden_manifest else None,
        inventory=listed(inventory) if inventory is not None else (),
        by_hardware=cohort == "hw",
        policy=api.load_policy(policy),
    )
    beside.tell(paths)
    to_terminal = output == "-" and sys.stdout.isatty()
    encoding = (sys.stdout.encoding if output == "-" and style == "terminal" else None) or "utf-8"
    text = formats.render(
        verdict,
        style,
        color=outputs.wants_color(color, to_terminal),
        ascii_only=not outputs.can_show(encoding),
    )
    mode = outputs.mode_of(*paths, golden_manifest)
    outputs.write(text.encode(encoding, "backslashreplace"), output, mode)
    return _code(verdict, fail_on)


def _code(verdict: Verdict, fail_on: str) -> int:
    """What is certain goes before what is unknown."""
    worst = verdict.worst()
    if fail_on != "never":
        grave = worst is not None and outputs.LEVELS.index(worst.value) <= outputs.LEVELS.index(
            fail_on
        )
        if grave or any(not kind.judged for kind in verdict.kinds):
            return 1
    return UNKNOWN if verdict.is_unsure() else 0
