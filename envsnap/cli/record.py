"""`envsnap record`."""

from __future__ import annotations

from envsnap import api
from envsnap.cli import declared
from envsnap.cli.echo import echo
from envsnap.errors import InputError
from envsnap.wording import counted


@declared.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@declared.option("-o", "--output", required=True, metavar="FILE", help="Write the recording here.")
@declared.option("--label", help="Your name for this environment, for example dev or prod.")
@declared.option(
    "--full/--no-full",
    default=None,
    help="Keep all inputs of layers, or none (default: up to 48 MiB; some rows of large layers).",
)
@declared.option(
    "--calls", type=declared.Number(1, 1000, whole=True), default=1, show_default=True, metavar="N",
    help="Record this many calls of each model layer by layer. Of further calls, inputs and "
    "results are digested.",
)  # fmt: skip
@declared.option(
    "--root", "roots", multiple=True, metavar="NAME",
    help="Record this model only, for example UNet2DConditionModel.",
)  # fmt: skip
@declared.option("--text", is_flag=True, help="Keep printed words, not only their digests.")
@declared.option(
    "--repeat", type=declared.Number(0, 1_000_000, whole=True), default=0, metavar="N",
    help="Call the model N more times with the same input, for latency and errors. Run the "
    "command once more, to learn what its output varies in.",
)  # fmt: skip
@declared.option(
    "--zoom", is_flag=True, help="Call the model once more and record the names of its kernels."
)
@declared.option(
    "--data", metavar="FILE",
    help="Describe the columns of a data file (npy, npz, csv, parquet) instead of a run.",
)  # fmt: skip
@declared.argument("command", nargs=-1, type=declared.Words())
def command(
    output: str,
    label: str | None,
    full: bool | None,
    calls: int,
    roots: tuple[str, ...],
    text: bool,
    repeat: int,
    zoom: bool,
    data: str | None,
    command: tuple[str, ...],
) -> int:
    """Run a command and record the inputs and results of its model's layers.

    The script is not changed and its results are the same bits; the exit code is the command's.
    """
    if (data is None) is not bool(command):
        raise InputError("name a command after --, or a data file with --data, not both")
    if data is not None:
        return _data(output, data, label)
    code, record = api.record_command(
        command, output, label=label, full=full, calls=calls, repeat=repeat, zoom=zoom,
        roots=roots, text=text,
    )  # fmt: skip
    layers = sum(len(call.leaves) for call in record.calls)
    count = len(record.calls)
    told = f"{counted(count, 'call')}, {layers} layers, {len(record.tensors)} tensors"
    if len(record.roots) > 1:
        told = f"{len(record.roots)} models, {told}"
    kept = "their inputs kept" if record.full else "digests and sketches only"
    _say(f"wrote {output}: {told}, {kept}")
    for note in record.notes:
        _say(note)
    called = [root.name for root in record.roots]
    for name in (item for item in roots if item not in called):
        _say(f"--root {name}: no model of this name is called (called are: {', '.join(called)})")
    if code:
        _say(f"the command ended with exit code {code}")
    return code


def _data(output: str, data: str, label: str | None) -> int:
    record = api.record_data(data, output, label=label)
    _say(f"wrote {output}: {len(record.features)} features of a data set")
    for note in record.notes:
        _say(note)
    return 0


def _say(text: str) -> None:
    from envsnap.report.sanitize import plain

    text = plain(text)
    echo(f"envsnap: {text}", err=True)
