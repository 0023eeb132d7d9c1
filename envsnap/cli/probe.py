"""`envsnap probe`."""

from __future__ import annotations

import click

from envsnap import api
from envsnap.cli import inputs, outputs


@click.command()
@click.option("-o", "--output", default="-", help="Write the script here; - is standard output.")
@click.option(
    "--config", "configs", multiple=True, metavar="[NAME=]FILE", help="A config file on that host."
)
@click.option("--weights", multiple=True, metavar="[NAME=]PATH", help="Weights on that host.")
@click.option("--data", multiple=True, metavar="[NAME=]FOLDER", help="Data on that host.")
@click.option("--seed", "seeds", multiple=True, metavar="NAME=VALUE", help="Record a seed.")
@click.option("--env", multiple=True, metavar="NAME", help="Record this variable's value too.")
@click.option("--no-import", is_flag=True, help="Do not import frameworks.")
@click.option("--verify-files", is_flag=True, help="Compare installed files with their RECORDs.")
@click.option(
    "--deadline",
    type=click.FloatRange(1, 86400),
    default=api.DEFAULT_DEADLINE,
    show_default=True,
    metavar="SECONDS",
    help="Stop asking after this long.",
)
def command(
    output: str,
    configs: tuple[str, ...],
    weights: tuple[str, ...],
    data: tuple[str, ...],
    seeds: tuple[str, ...],
    env: tuple[str, ...],
    no_import: bool,
    verify_files: bool,
    deadline: float,
) -> int:
    """Write the probe as one script, for hosts that nothing can reach.

    Copy it there and run `python3 FILE > prod.facts`; Python 3.6 and its standard library are
    enough. `prod.facts` is accepted wherever a manifest is. Inside a program,
    `import probe; probe.capture("prod.facts")` records random states and switches too.
    """
    from envsnap.targets import script

    options = {
        "configs": [list(item) for item in inputs.named_files(configs, "--config").items()],
        "weights": [list(item) for item in inputs.named_files(weights, "--weights").items()],
        "data": [list(item) for item in inputs.named_files(data, "--data").items()],
        "seeds": inputs.named_values(seeds, "--seed"),
        "env": list(env),
        "travels": True,
        "import": not no_import,
        "verify_files": verify_files,
        "deadline": deadline,
    }
    text = script.build(options, script.new_marker())
    outputs.write(text.encode("ascii"), output, 0o644)
    if output != "-":
        click.echo(f"envsnap: wrote {output}; run there: python3 {output} > prod.facts", err=True)
    return 0
