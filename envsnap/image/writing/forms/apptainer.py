"""An Apptainer definition: the same steps, in one %post; for clusters without a Docker Engine.

No Apptainer was at hand: what is written keeps to its documented grammar (header keywords,
sections that begin with a percent sign) and was not built.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from envsnap.errors import InputError
from envsnap.image.planning.requirements import STAGING
from envsnap.image.records import Plan
from envsnap.image.writing import dockerfile
from envsnap.image.writing import instructions as ins
from envsnap.image.writing import render as lines

FILE = "apptainer.def"
COMPILE = f"{dockerfile.VENV_PYTHON} -m compileall -qq --invalidation-mode checked-hash {dockerfile.FOLDER} || true"
APART = {*dockerfile.MARK, *dockerfile.LIST}.union(*dockerfile.APART.values())


def render(plan: Plan, image: str) -> str:
    """Write a definition file for an image of this name. Raises InputError for plans of several."""
    if plan.conda is not None or plan.python.how in ("copy", "standalone"):
        raise InputError(
            "--form apptainer: the plan copies from another image; name a base that has its Python:"
            " --base IMAGE"
        )
    parts = list(dockerfile.build(plan))
    stages = [part for part in parts if isinstance(part, ins.From)]
    base = stages[0].image
    return "\n".join((
        f"# Written by envsnap from dockerfile.json: {image}; apptainer build app.sif apptainer.def",
        "Bootstrap: docker",
        f"From: {base}",
        "",
        "%files",
        *(f"    {line}" for line in _files(parts)),
        "",
        "%post",
        "    set -eu",
        *(f"    {line}" for line in _post(parts)),
        "",
        "%environment",
        f'    export PATH="{dockerfile.VENV}/bin:$PATH"',
        *(
            f"    export {name}={shlex.quote(value)}"
            for name, value in dockerfile.variables(plan).items()
        ),
        "",
        "%runscript",
        f"    cd {dockerfile.APP}",
        f"    exec {shlex.join(plan.command or ('python',))} \"$@\"",
        "",
        "%labels",
        *(f"    {name} {value}" for name, value in dockerfile.label(plan).pairs),
        "",
    ))  # fmt: skip


def _files(parts: list[ins.Instruction]) -> Iterator[str]:
    """Files of the context, to where the steps look for them."""
    for part in parts:
        if isinstance(part, ins.Copy) and part.stage is None:
            for source in part.sources:
                target = part.target + source if part.target.endswith("/") else part.target
                yield f"{source} {target}"
        elif isinstance(part, ins.Unpack):
            yield f"{part.archive} {STAGING}{part.archive}"


def _post(parts: list[ins.Instruction]) -> Iterator[str]:
    """The steps of all stages; what only sets layers apart is left out."""
    for part in parts:
        if isinstance(part, ins.Run):
            for step in part.steps:
                if step not in APART and dockerfile.LISTED not in str(step):
                    yield lines.step(step)
        elif isinstance(part, ins.Unpack):
            yield f"tar -xf {STAGING}{part.archive} -C {part.target}"
    yield COMPILE
