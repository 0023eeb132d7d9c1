"""`envsnap capture`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envsnap import api
from envsnap.cli import captured, declared, inputs, outputs, targets
from envsnap.wording import counted

if TYPE_CHECKING:
    from envsnap.model.manifest import Manifest

# Gaps that are choices, not failures.
EXPECTED = ("redacted", "not asked")
MOST_GAPS = 5


@declared.command()
@declared.option(
    "-o", "--output", default="-", help="Write the manifest here; - is standard output."
)
@declared.option("--label", help="Your name for this environment, for example dev or prod.")
@targets.options
@declared.option(
    "--config",
    "configs",
    multiple=True,
    metavar="[NAME=]FILE",
    help="Record a config file (YAML, TOML, JSON, INI, .env; other files by digest).",
)
@declared.option(
    "--weights",
    multiple=True,
    metavar="[NAME=]PATH",
    help="Record a weight file, or every file below a folder.",
)
@declared.option(
    "--data",
    multiple=True,
    metavar="[NAME=]FOLDER",
    help="Record a data folder: names, sizes and order of its files, not their contents.",
)
@declared.option("--seed", "seeds", multiple=True, metavar="NAME=VALUE", help="Record a seed.")
@declared.option(
    "--env",
    multiple=True,
    metavar="NAME",
    help="Record the value of this environment variable too; secrets are still left out.",
)
@declared.option(
    "--no-import", is_flag=True, help="Do not import frameworks: faster, but fewer facts."
)
@declared.option(
    "--verify-files", is_flag=True, help="Compare every installed file with its RECORD; slow."
)
@declared.option(
    "--redaction-key",
    metavar="FILE",
    envvar="ENVSNAP_REDACTION_KEY",
    help="Add keyed digests, so that values left out as secrets can still be compared.",
)
@declared.option(
    "--new-redaction-key",
    metavar="FILE",
    help="Write a new key for --redaction-key, readable by you only, and exit.",
)
@declared.option(
    "--deadline",
    type=declared.Number(1, 86400),
    default=api.DEFAULT_DEADLINE,
    show_default=True,
    metavar="SECONDS",
    help="Stop gathering facts after this many seconds.",
)
@declared.option(
    "--seal",
    metavar="FILE",
    help="Capture nothing. Write new digests into this manifest, which you edited by hand.",
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
    redaction_key: str | None,
    new_redaction_key: str | None,
    deadline: float,
    seal: str | None,
) -> int:
    """Describe an environment in a manifest.

    Without a target, envsnap captures the active virtual or conda environment, or else its own
    Python. Nothing is installed or written on the target. Secrets are left out.
    """
    if seal is not None:
        asked = (label, python, pid, container, image, ssh, configs, weights, data, seeds, env)
        if any(asked):
            raise declared.UsageError(
                f"--seal {seal} captures nothing: leave the other options out"
            )
        return _seal(seal, output)
    if new_redaction_key is not None:
        api.new_redaction_key(new_redaction_key)
        captured.say(f"wrote {new_redaction_key}; name it with --redaction-key in each capture")
        return 0
    key = api.load_redaction_key(redaction_key) if redaction_key else b""
    manifest = api.capture(
        targets.place(python, pid, container, image, ssh),
        label=label,
        configs=inputs.named_files(configs, "--config"),
        weights=inputs.named_files(weights, "--weights"),
        data=inputs.named_files(data, "--data"),
        seeds=inputs.named_values(seeds, "--seed"),
        env=inputs.variable_names(env, "--env"),
        import_frameworks=not no_import,
        verify_files=verify_files,
        deadline=deadline,
        redaction_key=key,
        progress=captured.progress,
    )
    from envsnap.model import codec

    outputs.write(codec.encode(manifest), output, 0o600)
    captured.say(f"{'wrote ' + output + ': ' if output != '-' else ''}{_summary(manifest)}")
    captured.tell_label(label, manifest.label)
    for line in _gaps(manifest):
        captured.say(line)
    return 0


def _seal(path: str, output: str) -> int:
    from envsnap.model import codec, storage

    storage.keep(())  # it is sealed where it lies
    found = api.seal(path)
    outputs.write(codec.encode(found.manifest, found.unknown), output, 0o600)
    where = (
        "" if output != "-" else f" (on standard output; {path} is as it was: -o FILE writes it)"
    )
    written = path if output in (path, "-") else f"{path}, written to {output}"
    captured.say(f"sealed {written}: the manifest now says that it was sealed, and when{where}")
    return 0


def _summary(manifest: Manifest) -> str:
    """What was captured, in one line."""
    from envsnap.model.reading import frameworks, gpus, is_known, packages, stated
    from envsnap.report.sanitize import plain

    python, parts = stated(manifest, "python", "version"), []
    if python is not None:
        parts.append(f"Python {python}")
    if is_known(manifest, "packages"):
        count = len(packages(manifest))
        parts.append(counted(count, "package"))
    found = frameworks(manifest)
    named = [name for name in ("torch", "tensorflow", "jax", "onnxruntime") if name in found]
    parts.extend(f"{name} {found[name].version}" for name in named)
    if is_known(manifest, "gpus"):
        parts.append(f"{len(gpus(manifest)) or 'no'} GPU")
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
