"""`envsnap probe`."""

from __future__ import annotations

from typing import cast

from envsnap import api
from envsnap.cli import declared, inputs, outputs
from envsnap.cli.echo import echo


@declared.command()
@declared.option("-o", "--output", default="-", help="Write the script here; - is standard output.")
@declared.option(
    "--config", "configs", multiple=True, metavar="[NAME=]FILE", help="A config file on that host."
)
@declared.option("--weights", multiple=True, metavar="[NAME=]PATH", help="Weights on that host.")
@declared.option("--data", multiple=True, metavar="[NAME=]FOLDER", help="Data on that host.")
@declared.option("--seed", "seeds", multiple=True, metavar="NAME=VALUE", help="Record a seed.")
@declared.option("--env", multiple=True, metavar="NAME", help="Record this variable's value too.")
@declared.option("--no-import", is_flag=True, help="Do not import frameworks.")
@declared.option("--verify-files", is_flag=True, help="Compare installed files with their RECORDs.")
@declared.option(
    "--verify",
    "manifest",
    metavar="MANIFEST",
    help="Write a script that compares the host with this manifest: exit code 0, or 5.",
)
@declared.option(
    "--plan",
    metavar="FILE",
    help="The plan (dockerfile.json), which announces what may differ on that host.",
)
@declared.option(
    "--deadline",
    type=declared.Number(1, 86400),
    default=api.DEFAULT_DEADLINE,
    show_default=True,
    metavar="SECONDS",
    help="Stop gathering facts after this many seconds.",
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
    manifest: str | None,
    plan: str | None,
    deadline: float,
) -> int:
    """Write the probe as one script, for hosts that nothing can reach.

    Copy it there and run `python3 FILE > prod.facts`; Python 3.6 and its standard library are
    enough. `prod.facts` is accepted wherever a manifest is. Inside a program, `import probe;
    probe.capture("prod.facts")` also records random states and switches.
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
    if manifest is not None:
        options.update(_comparison(manifest, plan, options))
    elif plan is not None:
        raise declared.UsageError("--plan needs --verify")
    text = script.build(options, script.written_marker(options))
    outputs.write(text.encode("ascii"), output, outputs.mode_of(manifest))
    if output != "-":
        after = (
            " > prod.facts" if manifest is None else "; it exits with 0 if everything is the same"
        )
        echo(f"envsnap: wrote {output}; run there: python3 {output}{after}", err=True)
    return 0


def _comparison(manifest: str, plan: str | None, options: dict[str, object]) -> dict[str, object]:
    """Return what the script needs to judge by itself. Raises InputError."""
    known = api.load_plan(plan) if plan is not None else None
    configs = dict(cast("list[tuple[str, str]]", options["configs"]))
    weights = dict(cast("list[tuple[str, str]]", options["weights"]))
    document = inputs.document(manifest)
    return api.comparison(document.manifest, configs, weights, known)
