"""`envsnap capture`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from envsnap import api
from envsnap.cli import captured, inputs, outputs, targets

if TYPE_CHECKING:
    from envsnap.model.manifest import Manifest

# Gaps that are choices, not failures.
EXPECTED = ("redacted", "not asked")
MOST_GAPS = 5


@click.command()
@click.option("-o", "--output", default="-", help="Write the manifest here; - is standard output.")
@click.option("--label", help="Your name for this environment, for example dev or prod.")
@targets.options
@click.option(
    "--config",
    "configs",
    multiple=True,
    metavar="[NAME=]FILE",
    help="Record a config file (YAML, TOML, JSON, INI, .env; others by digest).",
)
@click.option(
    "--weights",
    multiple=True,
    metavar="[NAME=]PATH",
    help="Record a weight file, or every file below a folder.",
)
@click.option(
    "--data",
    multiple=True,
    metavar="[NAME=]FOLDER",
    help="Record a folder of data: names, sizes and order of its files, not what they hold.",
)
@click.option("--seed", "seeds", multiple=True, metavar="NAME=VALUE", help="Record a seed.")
@click.option(
    "--env",
    multiple=True,
    metavar="NAME",
    help="Record this variable's value too; secrets are still left out.",
)
@click.option("--no-import", is_flag=True, help="Do not import frameworks; faster, fewer facts.")
@click.option(
    "--verify-files", is_flag=True, help="Compare every installed file with its RECORD; slow."
)
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
    label: str | None,
    python: str | None,
    pid: int | None,
    container: str | None,
    image: str | None,
    ssh: str | None,
    configs: tuple[str, ...],
    weights: tuple[str, ...],
    data: tuple[str, ...],
    seeds: tuple[str, ...],
    env: tuple[str, ...],
    no_import: bool,
    verify_files: bool,
    deadline: float,
) -> int:
    """Describe an environment in a manifest.

    Without a target: the active virtual or conda environment, else the Python that envsnap runs
    in. Nothing is installed or written on the target, and no secret enters the manifest.
    """
    manifest = api.capture(
        targets.place(python, pid, container, image, ssh),
        label=label,
        configs=inputs.named_files(configs, "--config"),
        weights=inputs.named_files(weights, "--weights"),
        data=inputs.named_files(data, "--data"),
        seeds=inputs.named_values(seeds, "--seed"),
        env=env,
        import_frameworks=not no_import,
        verify_files=verify_files,
        deadline=deadline,
        progress=captured.progress,
    )
    from envsnap.model import codec

    outputs.write(codec.encode(manifest), output, 0o600)
    captured.say(f"{'wrote ' + output + ': ' if output != '-' else ''}{_summary(manifest)}")
    for line in _gaps(manifest):
        captured.say(line)
    return 0


def _summary(manifest: Manifest) -> str:
    """What was captured, in one line."""
    from msgspec import UNSET

    from envsnap.report.sanitize import plain

    sections = manifest.sections
    parts = []
    if sections.python is not UNSET:
        parts.append(f"Python {sections.python.version}")
    if sections.packages is not UNSET and sections.packages.entries is not UNSET:
        count = len(sections.packages.entries)
        parts.append(f"{count} package{'' if count == 1 else 's'}")
    if sections.frameworks is not UNSET and sections.frameworks.entries is not UNSET:
        entries = sections.frameworks.entries
        named = [name for name in ("torch", "tensorflow", "jax", "onnxruntime") if name in entries]
        parts.extend(f"{name} {entries[name].version}" for name in named)
    if sections.gpus is not UNSET and sections.gpus.entries is not UNSET:
        parts.append(f"{len(sections.gpus.entries) or 'no'} GPU")
    return plain(", ".join(parts))


def _gaps(manifest: Manifest) -> list[str]:
    """What could not be learned, one line each; what was left out on purpose is not told."""
    from envsnap.model.manifest import present
    from envsnap.report.sanitize import plain

    found = [
        plain(f"not known: {name}{'' if path.startswith('[') else '.'}{path}: {reason}")
        for name, section in present(manifest.sections).items()
        for path, reason in section.gaps.items()
        if not reason.startswith(EXPECTED)
    ]
    more = [f"not known: {len(found) - MOST_GAPS} more"] if len(found) > MOST_GAPS else []
    return found[:MOST_GAPS] + more
