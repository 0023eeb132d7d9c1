"""`envsnap compare`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from envsnap import api
from envsnap.cli import declared, outputs
from envsnap.errors import InputError
from envsnap.model import storage
from envsnap.report import verdict_formats

if TYPE_CHECKING:
    from envsnap.replay.compare.verdict import Verdict


@declared.command()
@declared.option(
    "--format",
    "style",
    type=declared.Choice(verdict_formats.NAMES),
    default="terminal",
    show_default=True,
    help="Format of the verdict.",
)
@declared.option(
    "--strict", is_flag=True, help="Count rounding as a difference: require equal bits."
)
@declared.option(
    "--repeat", type=declared.Number(0, 1_000_000, whole=True), default=0, metavar="N",
    help="Call the model N more times and compare latency (threshold: 10 %). Record the golden "
    "run with --repeat N, too.",
)  # fmt: skip
@declared.option(
    "--zoom", is_flag=True,
    help="Name the kernels at the first difference. Record the golden run with --zoom, too.",
)  # fmt: skip
@declared.option(
    "--calls", type=declared.Number(1, 1000, whole=True), default=1, show_default=True, metavar="N",
    help="Compare N calls of each model layer by layer. Record the golden run with --calls N, too.",
)  # fmt: skip
@declared.option("--root", "roots", multiple=True, metavar="NAME", help="Compare this model only.")
@declared.option("--keep", metavar="FILE", help="Write the command's recording here.")
@declared.option(
    "--color", type=declared.Choice(["auto", "always", "never"]), default="auto",
    help="Colours in the terminal format.",
)  # fmt: skip
@declared.option(
    "-o", "--output", default="-", help="Write the verdict here; - is standard output."
)
@declared.argument("golden")
@declared.argument("others", nargs=-1, required=True, metavar="OTHER | -- COMMAND…")
def command(
    style: str,
    strict: bool,
    repeat: int,
    zoom: bool,
    calls: int,
    roots: tuple[str, ...],
    keep: str | None,
    color: str,
    output: str,
    golden: str,
    others: tuple[str, ...],
) -> int:
    """Say whether two runs of a model are the same, and where they first differ.

    OTHER is a second recording. With a command instead, its model is recorded here, and each layer
    also runs alone on the golden inputs. That tells rounding on another CPU from a fault.
    """
    if output != "-":
        storage.require_place(output)
    asked = Asked(strict, keep, repeat, zoom, calls, roots)
    verdict = _verdict(golden, others, asked)
    to_terminal = output == "-" and sys.stdout.isatty()
    width = os.get_terminal_size(sys.stdout.fileno()).columns if to_terminal else None
    encoding = (sys.stdout.encoding if output == "-" else None) or "utf-8"
    text = verdict_formats.render(
        verdict,
        style,
        color=outputs.wants_color(color, to_terminal),
        width=width,
        ascii_only=not outputs.can_show(encoding, "●▲✕·…"),
    )
    recordings = () if "--" in sys.argv else others
    mode = outputs.mode_of(golden, *recordings)
    outputs.write(text.encode(encoding, "backslashreplace"), output, mode)
    return verdict.exit_code


class Asked(NamedTuple):
    """What the command line asks of a comparison."""

    strict: bool
    keep: str | None
    repeat: int
    zoom: bool
    calls: int
    roots: tuple[str, ...]


def _verdict(golden: str, others: tuple[str, ...], asked: Asked) -> Verdict:
    """One other name is a recording, unless a command was set apart by `--`."""
    if "--" not in sys.argv and len(others) == 1:
        if asked.keep is not None or asked.repeat or asked.zoom:
            raise InputError(
                "--keep, --repeat and --zoom need a command after --, not a second recording"
            )
        left, right = api.load_recording(golden), api.load_recording(others[0])
        return api.compare(left, right, strict=asked.strict)
    if "--" not in sys.argv:
        raise InputError(f"{others[0]}: write -- before a command, or name one recording")
    return api.compare_command(api.load_recording(golden), others, **asked._asdict())
