"""What the commands about images share: options, and what they say of a plan."""

from __future__ import annotations

import functools
import shutil
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Self, TypeVar

from msgspec import Struct

from envsnap.cli import declared, inputs
from envsnap.cli.echo import echo
from envsnap.report.sanitize import plain
from envsnap.wording import few

if TYPE_CHECKING:
    from envsnap.image.planning.asked import Asked
    from envsnap.image.records import Decision, Lock, Plan
    from envsnap.model.manifest import Manifest

Command = TypeVar("Command", bound=Callable[..., object])
# What needs a look comes first.
ORDER = ("unknown", "nearest", "exact")
MOST_NAMED = 6
FEW = 3


PLAN_OPTIONS = (
    declared.option(
        "--app",
        metavar="FOLDER",
        help="Copy this application into the image, without secrets and weights.",
    ),
    declared.option(
        "--apt",
        default="captured",
        show_default=True,
        metavar="captured|latest|DATE|ADDRESS",
        help="Versions of system packages: captured, latest, or those of an archive (date or "
        "address).",
    ),
    declared.option(
        "--cmd", metavar="COMMAND", help="Command that a container runs. [default: python]"
    ),
    declared.option(
        "--healthcheck",
        metavar="COMMAND",
        help="Command that checks whether a container is healthy.",
    ),
    declared.option(
        "--config",
        "configs",
        multiple=True,
        metavar="[NAME=]FILE",
        help="Copy this config file into the image; it must be the one that was captured.",
    ),
    declared.option(
        "--weights",
        multiple=True,
        metavar="[NAME=]FILE",
        help="Copy these weights into the image, in their own layer; they must be those that "
        "were captured. A folder that was captured is copied with its files.",
    ),
    declared.option(
        "--env", multiple=True, metavar="NAME=VALUE", help="Also set this environment variable."
    ),
    declared.option(
        "--port",
        "ports",
        multiple=True,
        type=declared.Number(1, 65535, whole=True),
        help="A port it listens on.",
    ),
    declared.option(
        "--apt-package",
        "apt_packages",
        multiple=True,
        metavar="NAME[=VERSION]",
        help="Also install this package of the Linux distribution.",
    ),
    declared.option(
        "--compiler/--no-compiler",
        default=None,
        help="Install a C compiler, for torch.compile. [default: if triton was captured with one]",
    ),
    declared.option(
        "--any-user", is_flag=True, help="Let any user of group 0 run the image (OpenShift)."
    ),
    declared.option(
        "--extra-ca",
        metavar="FILE",
        help="Certificates (PEM) to trust during the build; they do not enter the image.",
    ),
    declared.option(
        "--base-image",
        "base_images",
        multiple=True,
        metavar="NAME=LOCAL",
        help="Use this local image where the plan names NAME.",
    ),
    declared.option(
        "--base",
        default="auto",
        show_default=True,
        metavar="auto|slim|cuda|IMAGE",
        help="The base image; auto decides from what the manifest shows.",
    ),
)


class Sources(Struct, frozen=True, kw_only=True):
    """Where distributions come from, and what the manifest does not say."""

    find_links: str | None
    allow_unhashed: bool
    indexes: dict[str, str]
    asked: Asked

    def lock(self, manifest: Manifest, base: str = "auto") -> Lock:
        """Find the files of all distributions."""
        from envsnap import api

        return api.lock(
            manifest,
            find_links=self.find_links,
            allow_unhashed=self.allow_unhashed,
            base=base,
            asked=self.asked,
            indexes=self.indexes,
        )


def lock_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options of every command that resolves hashes, which takes `sources`."""

    @functools.wraps(command)
    def bundled(
        *,
        find_links: str | None,
        allow_unhashed: bool,
        indexes: tuple[str, ...],
        python: str | None,
        cuda: str | None,
        **rest: object,
    ) -> int:
        from envsnap.image.planning.asked import Asked

        sources = Sources(
            find_links=find_links,
            allow_unhashed=allow_unhashed,
            indexes=_indexes(indexes),
            asked=Asked(python=python, cuda=cuda),
        )
        return command(sources=sources, **rest)

    added: Callable[..., int] = bundled
    for option in LOCK_OPTIONS:
        added = option(added)
    return added


def _indexes(values: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in values:
        name, equals, url = value.partition("=")
        if not equals or not name or not url:
            raise declared.UsageError("--index: write --index NAME=URL")
        found[name] = url
    return found


LOCK_OPTIONS = (
    declared.option("--cuda", metavar="X.Y", help="CUDA version of the base image."),
    declared.option(
        "--python", metavar="X.Y.Z", help="Python release to use if the manifest states none."
    ),
    declared.option(
        "--index",
        "indexes",
        multiple=True,
        metavar="NAME=URL",
        help="A private index. It is asked first, with your credentials; wheels are downloaded "
        "on this machine.",
    ),
    declared.option(
        "--allow-unhashed",
        is_flag=True,
        help="Pin by version alone if no known file is the installed one.",
    ),
    declared.option(
        "--find-links",
        metavar="FOLDER",
        help="Folder of wheels that no index has. They are used first, and copied into the "
        "build context.",
    ),
)


def plan_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options of every command that writes a build context, which takes `extras`."""

    @functools.wraps(command)
    def bundled(
        *,
        base_images: tuple[str, ...],
        extra_ca: str | None,
        configs: tuple[str, ...],
        app: str | None,
        cmd: str | None,
        healthcheck: str | None,
        apt: str,
        weights: tuple[str, ...],
        env: tuple[str, ...],
        ports: tuple[int, ...],
        apt_packages: tuple[str, ...],
        compiler: bool | None,
        any_user: bool,
        **rest: object,
    ) -> int:
        from envsnap.image.planning.extras import Extras

        extras = Extras(
            stand_ins=_stand_ins(base_images),
            extra_ca=extra_ca,
            configs=inputs.named_files(configs, "--config"),
            app=app,
            command=cmd,
            healthcheck=healthcheck,
            apt=apt,
            weights=inputs.named_files(weights, "--weights"),
            env=inputs.named_values(env, "--env"),
            ports=ports,
            apt_packages=apt_packages,
            compiler=compiler,
            any_user=any_user,
        )
        return command(extras=extras, **rest)

    added: Callable[..., int] = bundled
    for option in PLAN_OPTIONS:
        added = option(added)
    return added


def _stand_ins(base_images: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in base_images:
        name, equals, local = value.partition("=")
        if not equals or not name or not local:
            raise declared.UsageError(f"--base-image {value}: write --base-image NAME=LOCAL")
        found[name] = local
    return found


def check_name(tag: str) -> None:
    """Refuse a name that no image can have, before anything is built."""
    from envsnap.image import validate

    validate.matched(tag, validate.IMAGE, "--tag", "name of an image")


class Progress:
    """The steps of a build: on a terminal the running one, its clock and its last words.

    Elsewhere a line each.
    """

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._open = False
        self._step, self._since = "building", time.monotonic()

    def __enter__(self) -> Self:
        """Nothing is shown yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the line that changes."""
        if self._open:
            echo("", err=True)

    def hear(self, step: int, steps: int, text: str) -> None:
        """Show a step that began or ended, or a line of the log, which has step 0."""
        shown = plain(" ".join(text.split()))
        if not self._terminal:
            if step:
                say(f"step {step} of {steps}: {shown[:100]}")
            return
        if step:
            self._step, self._since = f"{step}/{steps} {shown}", time.monotonic()
        width = shutil.get_terminal_size().columns
        clock = f"{time.monotonic() - self._since:.0f} s"
        line = f"{self._step[: width // 2]} ({clock})"
        if not step:
            line += f" | {shown}"
        echo(f"\r\x1b[K{line[: width - 1]}", err=True, nl=False)
        self._open = True


def tell(plan: Plan) -> None:
    """Say on stderr what was decided, why, how sure, and what is left out."""
    exact = sum(item.certainty == "exact" for item in plan.decisions)
    inexact = len(plan.decisions) - exact
    say(f"{exact} decisions are exact, {inexact} are not" + ", and come first" * bool(inexact))
    grouped: dict[tuple[str, str], list[Decision]] = {}
    for decision in sorted(plan.decisions, key=lambda item: ORDER.index(item.certainty)):
        grouped.setdefault((decision.certainty, decision.why), []).append(decision)
    for (certainty, why), some in grouped.items():
        if len(some) < FEW:
            for item in some:
                say(f"{item.subject}: {item.choice} ({certainty}): {why}")
            continue
        named = few([item.subject for item in some], MOST_NAMED)
        say(f"{named} ({certainty}): {why}")
    reasons: dict[str, list[str]] = {}
    for left in (*plan.not_carried, *plan.dropped):
        reasons.setdefault(left.reason, []).append(left.path)
    for reason, paths in reasons.items():
        say(f"left out: {few(paths, MOST_NAMED)}: {reason}")


def say(text: str) -> None:
    """Say one line on stderr."""
    echo(f"envsnap: {plain(text)}", err=True)


def tell_opened(manifest: str, folder: str) -> None:
    """Say that others can read a build context whose manifest they cannot."""
    from envsnap.cli import outputs

    if outputs.opened(folder, manifest):
        say(
            f"others of this machine can read {folder}, as builders need it, and not {manifest}:"
            " what it says is in there"
        )
